"""Request handlers of personal links: coming in by one, and signing out."""

from __future__ import annotations

from tornado.web import HTTPError, authenticated

from phbkit.records.learners import Learner, Learners
from phbkit.serving.identity import COOKIE, Links
from phbkit.serving.pages import Page

_DAYS = 30


class _Entrance(Page):
    @property
    def learners(self) -> Learners:
        learners: Learners = self.settings["learners"]
        return learners

    @property
    def encrypted(self) -> bool:
        """Whether browsers reach this server over HTTPS."""
        return bool(self.settings["encrypted"] or self.request.protocol == "https")


class EnterHandler(_Entrance):
    """Coming in by a personal link.

    Opening the link only shows whose it is: programs that look at links in mail take no place,
    and nobody is signed in as somebody else without seeing the name.
    """

    def _invited(self, token: str) -> tuple[str, Learner]:
        links: Links = self.settings["links"]
        invitation = links.invitation(token)
        learner = self.learners.invited(invitation) if invitation else None
        if invitation is None or learner is None:
            raise HTTPError(410)
        return invitation, learner

    @authenticated
    def get(self, token: str) -> None:
        """Show whose link it is."""
        _, learner = self._invited(token)
        now = self.current_user.learner
        other = now if now and now.id != learner.id else None
        self.show("enter.html.j2", learner=learner, other=other, xsrf=self.xsrf_field())

    @authenticated
    def post(self, token: str) -> None:
        """Sign this browser in, and go to the modules."""
        invitation, _ = self._invited(token)
        before = self.get_cookie(COOKIE)
        if before:
            self.learners.sign_out(before)
        secret = self.learners.sign_in(invitation)
        if secret is None:
            raise HTTPError(410)
        self.set_cookie(
            COOKIE,
            secret,
            expires_days=_DAYS,
            path=self.base_url,
            httponly=True,
            samesite="Lax",
            secure=self.encrypted,
        )
        self.redirect(self.base_url, status=303)


class SignOutHandler(_Entrance):
    """Signing out on this device; the link works again."""

    @authenticated
    async def post(self) -> None:
        """End what this browser was given, and its open modules."""
        secret = self.get_cookie(COOKIE)
        if secret:
            self.learners.sign_out(secret)
        self.clear_cookie(COOKIE, path=self.base_url)
        self.set_header("Clear-Site-Data", '"storage"')  # what was typed and not sent
        self.show("out.html.j2")
