"""Request handlers of the pages: start, module, start again, and what is not there."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from markupsafe import Markup
from tornado.web import HTTPError, authenticated

from phbkit.casebank.case import FICTION
from phbkit.errors import UnreachableError
from phbkit.records.learners import Learner
from phbkit.serving.assets import environment
from phbkit.serving.catalogue import Shelf
from phbkit.serving.notebook_handler import PlayHandler
from phbkit.serving.owners import Owner

_USUAL = "Something went wrong on our side. What you saved is kept."
_TEXTS = {
    503: "Too many pages are open on this server. What you saved is kept. Try again in a minute.",
    403: "This page may not be opened from here.",
    404: "There is no page at this address. It may have been mistyped.",
    405: "This address does not take what was sent to it.",
    410: "This link does not work: it has ended, was withdrawn, or part of it is missing. Copy the "
    "whole link from your mail, or ask whoever sent it for a new one. What you saved is kept.",
}
_TITLES = {
    403: "Not from here",
    404: "Page not found",
    405: "Not from here",
    410: "This link does not work",
    503: "Too busy just now",
}


class Page(JupyterHandler):  # type: ignore[misc]
    """One of our own pages."""

    @property
    def shelf(self) -> Shelf:
        """The workbooks that are served."""
        shelf: Shelf = self.settings["shelf"]
        return shelf

    @property
    def learner(self) -> Learner:
        """Whoever asks for the page.

        Raises
        ------
        HTTPError
            The browser is nobody's that is known here.
        """
        return _learner(self)

    def show(self, template: str, **context: Any) -> None:
        """Write one of our own pages."""
        page = environment().get_template(template)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(page.render(base=self.base_url, **context))

    def xsrf_field(self) -> Markup:
        """Make the hidden field that shows a form to be ours."""
        field = Markup('<input type="hidden" name="_xsrf" value="{}">')
        return field.format(self.xsrf_token.decode())

    def write_error(self, status_code: int, **context: Any) -> None:
        """Say what happened without a traceback."""
        error = context.get("exc_info", (None, None))[1]
        if isinstance(error, UnreachableError):
            self.set_status(503)
            show_problem(self, 503, f"{error.told} What you saved is kept. Try again in a minute.")
        else:
            show_problem(self, status_code)


def _learner(handler: JupyterHandler) -> Learner:
    learner: Learner | None = handler.current_user.learner if handler.current_user else None
    if learner is None:
        raise HTTPError(401)
    return learner


def show_problem(handler: JupyterHandler, status_code: int, text: str = "") -> None:
    """Write the page for something that went wrong."""
    name = "unknown.html.j2" if status_code == 401 else "problem.html.j2"
    page = environment().get_template(name)
    links = handler.settings["links"]
    text = text or _TEXTS.get(status_code, _USUAL)
    title = _TITLES.get(status_code, "Something went wrong")
    if status_code == 503:
        handler.set_header("Retry-After", "60")
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.finish(page.render(base=handler.base_url, title=title, text=text, links=links))


class StartHandler(Page):
    """The start page."""

    @authenticated
    def get(self) -> None:
        """Show the modules, and how far the learner has come in each."""
        learner = self.learner
        self.show(
            "start.html.j2",
            learner=learner,
            modules=self.shelf.cards(learner.id),
            links=self.settings["links"],
            xsrf=self.xsrf_field(),
            fiction=FICTION,
        )


class AgainHandler(Page):
    """A new attempt at a module."""

    @authenticated
    def post(self, name: str) -> None:
        """Begin again, and open the module."""
        learner = self.learner
        if not self.shelf.has(name):
            raise HTTPError(404)
        self.shelf.start_again(learner.id, name)
        self.redirect(f"{self.base_url}module/{name}", status=303)


class ModuleHandler(PlayHandler, Page):
    """One module, played in a kernel of its own."""

    @authenticated
    async def get(self, name: str) -> None:
        """Run the module's notebook and show it."""
        learner, shelf = _learner(self), self.settings["shelf"]
        if not shelf.has(name):
            raise HTTPError(404)
        self.refuse_unasked()
        owner = Owner("learner", learner.id)
        if not await self.kernel_manager.room_for(owner):
            raise HTTPError(503)
        at = shelf.open_step(learner.id, name)
        await self.play(name, owner, {"PHB_LEARNER": learner.id}, shown_first=at)


class AccessibilityHandler(Page):
    """What is known of who can use this site."""

    @authenticated
    def get(self) -> None:
        """Show the statement, and whom to tell of trouble."""
        self.show("accessibility.html.j2", contact=as_contact(self.settings["contact"]))


def as_contact(contact: str) -> Markup:
    """Write whom to ask: a link where the operator gave an email or a web address."""
    if re.fullmatch(r"[^\s@<>\"?&]+@[^\s@<>\"?&]+", contact):
        return Markup('<a href="mailto:{0}">{0}</a>').format(contact)
    if re.fullmatch(r"https?://[^\s<>\"]+", contact):
        return Markup('<a href="{0}">{0}</a>').format(contact)
    return Markup("{}").format(contact or "whoever gave you the link to this site")


class ProblemHandler(Page):
    """Everything that is not there."""

    def prepare(self) -> None:
        """Answer any method with the page for what is not found."""
        raise HTTPError(404)
