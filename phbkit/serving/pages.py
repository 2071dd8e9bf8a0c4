"""Request handlers of the pages without a kernel: start, accessibility, what is not there."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from markupsafe import Markup
from tornado.web import HTTPError

from phbkit.casebank.case import FICTION
from phbkit.records.learners import Learner
from phbkit.serving.assets import environment
from phbkit.serving.catalogue import Card, Catalogue
from phbkit.serving.identity import cookie_name
from phbkit.serving.threads import OutOfReachError, in_thread, make_document
from phbkit.settings import Settings
from phbkit.workbook.appraisal import by_year, day_of, entry_file, year_file


class Page(JupyterHandler):  # type: ignore[misc]
    """One of our own pages."""

    using: Settings
    catalogue: Catalogue  # none where the server is for case reviews alone

    def initialize(self, **kwargs: Any) -> None:
        """Take what the server has for its pages."""
        super().initialize(**kwargs)
        server = self.settings["voila"]
        self.using, self.catalogue = server.using, server.catalogue

    @property
    def learner(self) -> Learner:
        """Whoever asks for the page.

        Raises
        ------
        HTTPError
            401: the browser is nobody's that is known here.
        """
        learner: Learner | None = self.current_user.learner
        if learner is None:
            raise HTTPError(401)
        return learner

    async def card(self, name: str) -> Card:
        """Return a module with how far whoever asks has come in it.

        Raises
        ------
        HTTPError
            401, or 404: there is no such module.
        """
        learner = self.learner
        if name not in self.catalogue.cases:
            raise HTTPError(404)
        return await in_thread(self.catalogue.card, learner.id, name)

    def show(self, template: str, **context: Any) -> None:
        """Write one of our own pages; `xsrf` is the field that shows a form of it to be ours."""
        self._write_page(template, xsrf=Markup(self.xsrf_form_html()), **context)

    def _write_page(self, template: str, **context: Any) -> None:
        self.set_header("Cache-Control", "no-store")
        has_links = self.using.sign_in == "links"
        page = environment().get_template(template)
        self.finish(page.render(base=self.base_url, has_links=has_links, **context))

    def write_error(self, status_code: int, **context: Any) -> None:
        """Say what happened without a traceback."""
        error = context.get("exc_info", (None, None))[1]
        told = error.told if isinstance(error, OutOfReachError) else ""
        if status_code == 503:
            self.set_header("Retry-After", "60")
        template = "unknown.html.j2" if status_code == 401 else "problem.html.j2"
        self._write_page(template, status=status_code, told=told)

    @property
    def encrypted(self) -> bool:
        """Whether browsers reach this server over HTTPS."""
        return self.using.encrypted or self.request.protocol == "https"

    def set_secret(self, name: str, secret: str, days: int) -> None:
        """Give the browser a secret that no script can read, for so many days; 0 takes it back."""
        self.set_cookie(
            cookie_name(self, name),
            secret,
            expires_days=days,
            path=self.base_url,
            httponly=True,
            samesite="Lax",
            secure=self.encrypted,
        )


class StartHandler(Page):
    """The start page."""

    async def get(self) -> None:
        """Show the modules, and how far the learner has come in each."""
        cards = await in_thread(self.catalogue.cards, self.learner.id)
        entries = await in_thread(self.catalogue.entries, self.learner.id)
        shown = {"learner": self.learner, "modules": cards, "next": self.catalogue.next_of(cards)}
        shown |= {"years": by_year(entries), "day_of": day_of}
        self.show("start.html.j2", **shown, fiction=FICTION)


class EntryHandler(Page):
    """A learner's own entries for appraisal as files: one, by its attempt, or a year's table."""

    async def get(self, what: str, kind: str) -> None:
        """Send the file."""
        whose = self.learner.id
        entries = await in_thread(self.catalogue.entries, whose)
        year = by_year(entries).get(what)
        if what in entries:
            file = await make_document(whose, entry_file, entries[what], kind)
        elif year:
            file = await make_document(whose, year_file, what, list(year.values()), kind)
        else:
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Type", file.type)
        self.set_header("Content-Disposition", f'attachment; filename="{file.name}"')
        self.finish(file.content)


class AccessibilityHandler(Page):
    """What is known of who can use this site."""

    def get(self) -> None:
        """Show the statement, and whom to tell of trouble."""
        self.show("accessibility.html.j2", contact=as_contact(self.using.contact))


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
