"""A document's blocks as HTML: real headings, tables with captions, pictures with their words."""

from __future__ import annotations

import base64
from pathlib import Path

from markupsafe import Markup

from phbkit.documents.document import (
    Block,
    Bullets,
    Document,
    Fields,
    Heading,
    Paragraph,
    Picture,
    Table,
)

_CSS = Path(__file__).with_name("page.css")
_PAGE = Markup("""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{css}</style>
</head>
<body class="phb-report">
<header>
<h1>{title}</h1>
{stamp}
<p class="lead">{subtitle}</p>
</header>
<nav aria-label="Parts of this report"><ul>{links}</ul></nav>
<main>
{body}
</main>
</body>
</html>
""")


def style() -> Markup:
    """Return how a report looks: our own file, so nothing in it is anybody's text."""
    return Markup(_CSS.read_text(encoding="utf-8"))


def as_html(document: Document) -> bytes:
    """Write a document as one page that needs no network and no script."""
    stamp = Markup('<p class="stamp">{}</p>').format(document.stamp) if document.stamp else ""
    headings = (block for block in document.blocks if isinstance(block, Heading))
    parts = [heading.text for heading in headings if heading.level == 2]
    links = Markup("").join(
        Markup('<li><a href="#part-{}">{}</a></li>').format(number, text)
        for number, text in enumerate(parts, start=1)
    )
    page = _PAGE.format(
        title=document.title,
        css=style(),
        stamp=stamp,
        subtitle=document.subtitle,
        links=links,
        body=blocks_html(document.blocks),
    )
    return page.encode()


def blocks_html(blocks: tuple[Block, ...]) -> Markup:
    """Write blocks, each level 2 heading with an address of its own."""
    number, made = 0, []
    for block in blocks:
        number += _starts(block)
        address = Markup(' id="part-{}"').format(number) if _starts(block) else Markup("")
        made.append(_block(block, address))
    return Markup("\n").join(made)


def _starts(block: Block) -> bool:
    return isinstance(block, Heading) and block.level == 2


def _block(block: Block, address: Markup) -> Markup:
    match block:
        case Heading(text, level):
            return Markup("<h{0}{1}>{2}</h{0}>").format(level, address, text)
        case Paragraph(text):
            lines = (Markup("<p>{}</p>").format(line) for line in text.split("\n") if line.strip())
            return Markup("\n").join(lines)
        case Bullets(items, numbered):
            listed = Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
            return Markup("<{0}>{1}</{0}>").format(Markup("ol" if numbered else "ul"), listed)
        case Fields(pairs):
            told = Markup("").join(
                Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*pair) for pair in pairs
            )
            return Markup("<dl>{}</dl>").format(told)
        case Picture(svg, words):
            data = base64.b64encode(svg.encode()).decode()
            return Markup('<p class="picture"><img alt="{}" src="data:image/svg+xml;base64,{}"></p>'
                          ).format(words, data)  # fmt: skip
        case Table():
            return _table(block)


def _table(table: Table) -> Markup:
    """Write a table in a frame that scrolls by keyboard too, where a screen is narrow."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(h) for h in table.header)
    body = Markup("\n").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in table.rows
    )
    return Markup(
        '<div class="wide" role="region" aria-label="Table: {0}" tabindex="0">'
        "<table><caption>{0}</caption><thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(table.caption, head, body)
