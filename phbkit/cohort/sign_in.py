"""Learners with personal links: coming in by one, being known by what it gave, going out again."""

from __future__ import annotations

import logging
import re
from typing import Any

from tornado.ioloop import PeriodicCallback
from tornado.web import HTTPError, RequestHandler

from phbkit.cohort.links import Links, link_key
from phbkit.cohort.register import Register
from phbkit.serving.identity import Identity, Visitor
from phbkit.serving.pages import Page

COOKIE = "phb-learner"
_DAYS = 30  # that a browser stays signed in
_LOOK_AGAIN_SECONDS = 30


class EnterHandler(Page):
    """Coming in by a personal link.

    Opening the link only shows whose it is: programs that look at links in mail take no place,
    and nobody is signed in as somebody else without seeing the name.
    """

    def get(self, token: str) -> None:
        """Show whose link it is."""
        invitation = self.identity_provider.links.invitation(token)
        learner = self.identity_provider.register.invited(invitation) if invitation else None
        if learner is None:
            raise HTTPError(410)
        now = self.current_user.learner
        other = now if now and now.id != learner.id else None
        self.show("enter.html.j2", learner=learner, other=other)

    def post(self, token: str) -> None:
        """Sign this browser in, and go to the modules."""
        invitation = self.identity_provider.links.invitation(token)
        secret = self.identity_provider.register.sign_in(invitation) if invitation else None
        if secret is None:
            raise HTTPError(410)
        self.identity_provider.register.sign_out(self.get_cookie(COOKIE, ""))
        self.set_secret(COOKIE, secret, _DAYS)
        self.redirect(self.base_url, status=303)


class SignOutHandler(Page):
    """Signing out on this device; the link works again."""

    def post(self) -> None:
        """End what this browser was given, and its open modules."""
        self.identity_provider.register.sign_out(self.get_cookie(COOKIE, ""))
        self.clear_cookie(COOKIE, path=self.base_url)
        self.set_header("Clear-Site-Data", '"storage"')  # what was typed and not sent
        self.show("out.html.j2")


class LinkIdentity(Identity):
    """Knows a learner by the secret that a personal link gave the browser, and nobody else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.links = Links(link_key(self.parent.using))
        self.register = Register(self.parent.learners.database)
        for handler in (*logging.root.handlers, *self.log.handlers, logging.lastResort):
            if handler:
                handler.addFilter(_shorten_links)
        PeriodicCallback(self._end_unwelcome, _LOOK_AGAIN_SECONDS * 1000).start()

    def get_user(self, handler: RequestHandler) -> Visitor:
        """Return the visitor: a guest where the browser has no secret that holds."""
        secret = handler.get_cookie(COOKIE)
        return Visitor.of(self.register.who(secret) if secret else None)

    def get_handlers(self) -> list[tuple[str, type[Page]]]:
        """List the pages to come in and to go out."""
        return [(r"/enter/([A-Za-z0-9._-]{1,400})", EnterHandler), (r"/sign-out", SignOutHandler)]

    async def _end_unwelcome(self) -> None:
        """End the kernels of learners whose place has ended."""
        await self.parent.kernel_manager.end_unwelcome(self.register.welcome_now())


def _shorten_links(record: logging.LogRecord) -> bool:
    """Take personal links out of what is logged: each is a key."""
    record.msg, record.args = re.sub(r"(/enter/)[^\s?]+", r"\1…", record.getMessage()), ()
    return True
