"""Learners with personal links: coming in by one, being known by what it gave, going out again."""

from __future__ import annotations

import logging
import re
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from phbkit.cohort.links import Links, link_key
from phbkit.cohort.register import Register, sign_in_id
from phbkit.serving.identity import Identity, Visitor, cookie_name
from phbkit.serving.log import handlers
from phbkit.serving.pages import Page
from phbkit.serving.threads import in_thread

COOKIE = "phb-learner"
_DAYS = 30  # that a browser stays signed in


class EnterHandler(Page):
    """Coming in by a personal link.

    Opening the link only shows whose it is: programs that look at links in mail take no place,
    and nobody is signed in as somebody else without seeing the name.
    """

    async def get(self, token: str) -> None:
        """Show whose link it is."""
        learner = await in_thread(self.identity_provider.register.invited, self.invited(token))
        if learner is None:
            raise HTTPError(410)
        self.show("enter.html.j2", learner=learner, now=self.current_user.learner)

    async def post(self, token: str) -> None:
        """Sign this browser in, and go to the modules."""
        secret = await in_thread(self.identity_provider.register.sign_in, self.invited(token))
        if secret is None:
            raise HTTPError(410)
        await self.identity_provider.sign_out(self)
        self.set_secret(COOKIE, secret, _DAYS)
        self.redirect(self.base_url, status=303)

    def invited(self, token: str) -> str:
        """Return the invitation of a link, or raise HTTPError: 410."""
        invitation: str | None = self.identity_provider.links.invitation(token)
        if invitation is None:
            raise HTTPError(410)
        return invitation


class SignOutHandler(Page):
    """Signing out on this device; the link works again."""

    async def post(self) -> None:
        """End what this browser was given, and its open modules."""
        await self.identity_provider.sign_out(self)
        self.set_secret(COOKIE, "", days=0)
        self.set_header("Clear-Site-Data", '"storage"')  # what was typed and not sent
        self.show("out.html.j2")


class LinkIdentity(Identity):
    """Knows a learner by the secret that a personal link gave the browser, and nobody else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.links = Links(link_key(self.parent.using))
        self.register = self.parent.learners = Register(self.parent.learners.database)
        for handler in handlers(self.log):
            handler.filters.insert(0, _shorten_links)  # so that links do not tell troubles apart

    async def get_user(self, handler: JupyterHandler) -> Visitor:
        """Return the visitor: a guest where the browser has no secret that holds."""
        secret = handler.get_cookie(cookie_name(handler, COOKIE))
        learner = await in_thread(self.register.who, secret) if secret else None
        return Visitor.of(learner, sign_in_id(secret) if learner else "")

    async def sign_out(self, handler: JupyterHandler) -> None:
        """End what a browser was given, and the modules that it has open."""
        secret = handler.get_cookie(cookie_name(handler, COOKIE), "")
        await in_thread(self.register.sign_out, secret)
        await self.parent.end_signed_out()

    def get_handlers(self) -> list[tuple[str, type[Page]]]:
        """List the pages to come in and to go out."""
        return [(r"/enter/([A-Za-z0-9._-]{1,400})", EnterHandler), (r"/sign-out", SignOutHandler)]


def _shorten_links(record: logging.LogRecord) -> bool:
    """Take personal links out of what is logged: each is a key."""
    record.msg, record.args = re.sub(r"(/enter/)[^\s?]+", r"\1…", record.getMessage()), ()
    return True
