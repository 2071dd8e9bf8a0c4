"""Our scripts and styles: addresses that name their content, so that browsers keep them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment
from tornado.web import HTTPError, RequestHandler

from phbkit import forms, wings
from phbkit.text import templates

TEMPLATES = Path(__file__).parent / "templates"
PATTERN = r"/phb/static/(?:([0-9a-f]{12})/)?([a-z]+\.(?:css|js))"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_FOLDERS = (forms.STYLE.parent, Path(__file__).parent / "static")
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def environment() -> Environment:
    """Return the templates of our pages; `asset` filters names of scripts and styles."""
    made = templates(TEMPLATES, *(hook() for hook in wings.hooks("page_templates")))
    made.filters["asset"] = address
    return made


@cache
def files() -> dict[str, bytes]:
    """Read every script and style, by name."""
    found = (file for folder in _FOLDERS for file in folder.iterdir() if file.suffix in _TYPES)
    return {file.name: file.read_bytes() for file in sorted(found)}


@cache
def version() -> str:
    """Name the content of all files: scripts import each other by name, so they share it."""
    return sha256(b"\0".join(files().values())).hexdigest()[:12]


def address(name: str) -> str:
    """Return a file's address below the site's root.

    Raises
    ------
    KeyError
        There is no such file.
    """
    if name not in files():
        raise KeyError(name)
    return f"phb/static/{version()}/{name}"


class AssetHandler(RequestHandler):
    """Sends a script or a style."""

    def get(self, asked: str | None, name: str) -> None:
        """Send it; a browser need never ask again for what it got under its own version."""
        if name not in files():
            raise HTTPError(404)
        self.set_header("Content-Type", _TYPES[Path(name).suffix])
        self.set_header("Cache-Control", _FOR_EVER if asked == version() else "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.finish(files()[name])

    head = get
