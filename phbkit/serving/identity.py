"""Who a browser is: the one learner of a machine, the holder of a link, or whom a proxy names."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from itsdangerous import BadSignature, URLSafeSerializer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from phbkit.errors import SettingsError
from phbkit.records.learners import Learner, Learners
from phbkit.settings import Settings

COOKIE = "phb-learner"
LONGEST_ID = 120  # of a learner
_KEY_BYTES = 32


def recognise(
    request: HTTPServerRequest, using: Settings, learners: Learners | None
) -> Learner | None:
    """Name the learner whose request one is; None for whoever cannot be told.

    That is the one learner of a machine, whoever reaches its own address; the learner whose secret
    the browser sends, which a personal link gave it; or whom a proxy that signs people in names in
    a header, once. Nobody else is believed.
    """
    if learners is None:
        return Learner(using.learner, "")
    if using.sign_in == "links":
        cookie = request.cookies.get(COOKIE)
        return learners.who(cookie.value) if cookie else None
    sent = request.headers.get_list(using.user_header)
    if request.remote_ip not in using.proxies or len(sent) != 1:
        return None
    name = sent[0].strip()
    if not name or len(name) > LONGEST_ID or not name.isprintable():
        return None
    return learners.welcome(Learner(name, name))


@dataclass
class Visitor(User):  # type: ignore[misc]
    """Somebody with a browser; `learner` is None for a guest, who can only join a meeting."""

    learner: Learner | None = None

    @classmethod
    def of(cls, learner: Learner | None) -> Visitor:
        """Make a visitor of a learner, or a guest."""
        return cls(f"learner {learner.id}" if learner else "guest", learner=learner)


class Identity(IdentityProvider):  # type: ignore[misc]
    """Tells jupyter_server who a browser is.

    Everybody is a visitor: what they may touch is for `Owners` to say. There is no page to log in.
    """

    login_available = logout_available = False

    def get_user(self, handler: RequestHandler) -> Visitor:
        """Return the visitor: a guest where the server is for case reviews alone."""
        server = self.parent
        if server.catalogue is None:
            return Visitor.of(None)
        return Visitor.of(recognise(handler.request, server.using, server.learners))


class Links:
    """Personal links: the id of an invitation, signed with a key that only the server has."""

    def __init__(self, key: str) -> None:
        digest = {"digest_method": hashlib.sha256}
        self._signer = URLSafeSerializer(key, salt="phb-link", signer_kwargs=digest)

    def token(self, invitation_id: str) -> str:
        """Return what stands in the link after `/enter/`."""
        return str(self._signer.dumps(invitation_id))

    def invitation(self, token: str) -> str | None:
        """Return the invitation's id; None for a token that was forged, altered or cut."""
        try:
            found = self._signer.loads(token)
        except BadSignature:
            return None
        return found if isinstance(found, str) else None


def link_key(folder: Path, given: str = "") -> str:
    """Return the key that signs links: the setting, or one kept in `folder` for its owner alone.

    Raises
    ------
    SettingsError
        The key is too short, or others can read its file.
    """
    if 0 < len(given) < _KEY_BYTES:
        raise SettingsError(
            f"PHB_LINK_KEY: must have at least {_KEY_BYTES} characters. Leave it out to have a "
            "key made and kept in PHB_DATA_DIR."
        )
    if given:
        return given
    file = folder / "link.key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile("w", dir=folder, prefix=".key-") as part:  # its owner's alone
            part.write(secrets.token_urlsafe(_KEY_BYTES))
            part.flush()
            os.fsync(part.fileno())
            with suppress(FileExistsError):  # the first of two that start at once wins
                os.link(part.name, file)
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"{file}: others can read it. Take that away: chmod 600 {file}")
    return file.read_text(encoding="ascii").strip()
