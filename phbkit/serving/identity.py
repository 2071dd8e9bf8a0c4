"""Who a browser is: the one learner of a machine, the holder of a link, or whom a proxy names."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from phbkit.errors import SettingsError
from phbkit.records import Learner, Learners

COOKIE = "phb-learner"
GUEST = "guest"
_LONGEST = 120  # of a learner's id
_KEY_BYTES = 32


Recognise = Callable[[HTTPServerRequest], Learner | None]
"""Names the learner whose request one is; None for whoever cannot be told."""


def nobody(_: HTTPServerRequest) -> None:
    """Name nobody: the server is for case reviews alone, or a hub says who a browser is."""


def local(learner_id: str) -> Recognise:
    """Name the one learner of this machine, whoever reaches its own address."""
    return lambda _: Learner(learner_id, "")


def by_link(learners: Learners) -> Recognise:
    """Name the learner whose secret, which a personal link gave it, the browser sends."""

    def recognise(request: HTTPServerRequest) -> Learner | None:
        cookie = request.cookies.get(COOKIE)
        return learners.who(cookie.value) if cookie and cookie.value else None

    return recognise


def by_header(learners: Learners, header: str, proxies: Collection[str]) -> Recognise:
    """Name the learner whom a proxy that signs people in names in a header, once.

    Nobody else is believed.
    """

    def recognise(request: HTTPServerRequest) -> Learner | None:
        sent = request.headers.get_list(header)
        if request.remote_ip not in proxies or len(sent) != 1:
            return None
        name = sent[0].strip()
        if not name or len(name) > _LONGEST or not name.isprintable():
            return None
        return learners.welcome(Learner(name, name))

    return recognise


@dataclass
class Visitor(User):  # type: ignore[misc]
    """Somebody with a browser; `learner` is None for a guest, who can only join a meeting."""

    learner: Learner | None = None


class Identity(IdentityProvider):  # type: ignore[misc]
    """Tells jupyter_server who a browser is; the server's `recognise` knows."""

    auth_enabled = True
    login_available = logout_available = False

    def get_user(self, handler: RequestHandler) -> Visitor:
        """Return the visitor. Everybody is one: what they may touch is for `Owners` to say."""
        learner = self.parent.recognise(handler.request)
        name = f"learner {learner.id}" if learner else GUEST
        return Visitor(name, learner=learner)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Say that no token lets anybody past the checks for cross-site requests."""
        return False

    def get_handlers(self) -> list[tuple[str, object]]:
        """Add no pages of jupyter_server's own."""
        return []


class Links:
    """Personal links: the id of an invitation, signed with a key that only the server has."""

    def __init__(self, key: str) -> None:
        digest = {"digest_method": hashlib.sha256}
        self._signer = URLSafeSerializer(key, salt="phb-link", signer_kwargs=digest)

    def token(self, invitation_id: str) -> str:
        """Return what stands in the link after `/enter/`."""
        made = self._signer.dumps(invitation_id)
        return made if isinstance(made, str) else made.decode()

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
    if given:
        if len(given) < _KEY_BYTES:
            raise SettingsError(
                f"PHB_LINK_KEY: must have at least {_KEY_BYTES} characters. Leave it out to have a "
                "key made and kept in PHB_DATA_DIR."
            )
        return given
    file = folder / "link.key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, part = tempfile.mkstemp(dir=folder, prefix=".key-")  # readable by its owner alone
        with os.fdopen(handle, "w") as written:
            written.write(secrets.token_urlsafe(_KEY_BYTES))
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(part, file)  # the first of two that start at once wins
        except FileExistsError:
            pass
        finally:
            Path(part).unlink()
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"{file}: others can read it. Take that away: chmod 600 {file}")
    return file.read_text(encoding="ascii").strip()
