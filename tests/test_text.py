"""Markdown as a page shows it: whatever was written, a sanitiser finds nothing to take out."""

from __future__ import annotations

import nh3
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from phbkit.text import markdown

TAGS = {"p", "em", "strong", "ul", "ol", "li", "a", "br", "blockquote", "code", "h3", "h4", "hr"}
PIECES = [
    "<script>", "</p>", "<img src=x onerror=y>", "[a](javascript:b)", "[a](data:text/html,b)",
    "[a](https://b.c 'd')", "[a](vbscript:b)", "![a](b)", "![a](https://b.c)", "<https://b.c>",
    "<javascript:a>", "[a]: javascript:b", "[a]", "](", "# a", "##### a", "===", "---", "```",
    "~~~", "`", "**", "_", "> ", "- ", "3. ", "    ", "  \n", "\n\n", "&lt;", "&#106;", "&colon;",
    '"', "'", "\\", "(c)", "\xa0", "\t", "JaVaScRiPt:", "a", " ", "<!--", "-->", "<![CDATA[", "]]>",
    "<?", "<!A",
]  # fmt: skip


def tree(source: str) -> str:
    """Parse HTML as a browser would, and write it out in one form."""
    return html.tostring(html.fragment_fromstring(source, create_parent="main"), encoding="unicode")


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=12).map("".join))
@example("[a](file:///etc/passwd) [b](bitcoin:c) [c](page.html) [d](#e)")
def test_a_sanitiser_finds_nothing_to_take_out(source: str) -> None:
    shown = str(markdown(source))
    cleaned = nh3.clean(shown, tags=TAGS, link_rel="noopener noreferrer")
    assert tree(shown) == tree(cleaned)


def test_links_name_no_referrer_and_headings_stay_below_the_pages_own() -> None:
    assert markdown("# One\n\n[Two](https://example.org/)") == (
        '<h3>One</h3>\n<p><a href="https://example.org/" rel="noopener noreferrer">Two</a></p>\n'
    )
