"""Personal links, and the key that signs them."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile

from itsdangerous import BadSignature, URLSafeSerializer

from phbkit.cohort.register import Register
from phbkit.errors import RecordsError, SettingsError
from phbkit.records.database import as_it_is, now
from phbkit.settings import Settings

_KEY_BYTES = 32


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


def kept_key(using: Settings) -> str:
    """Return the key that signs links, as it is set or kept; empty where there is none yet.

    Raises
    ------
    SettingsError
        The key is too short, or others can read its file.
    """
    given, file = using.link_key, using.key_file
    if 0 < len(given) < _KEY_BYTES:
        raise SettingsError(
            f"PHB_LINK_KEY: must have at least {_KEY_BYTES} characters. Leave it out to have a "
            "key made and kept in PHB_DATA_DIR."
        )
    if given or not file.exists():
        return given
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"{file}: others can read it. Take that away: chmod 600 {file}")
    return file.read_text(encoding="ascii").strip()


def need_key(using: Settings) -> None:
    """Refuse to go on without the key that signed the links which were given out.

    Raises
    ------
    SettingsError
        It is missing; or as `kept_key` says.
    """
    if kept_key(using):
        return
    with suppress(RecordsError), as_it_is(using.database_url) as records:
        links = Register(records).invitations().values()
        invited = sum(not link.revoked and link.until > now() for link in links)
        if invited:
            raise SettingsError(
                f"{using.key_file} is missing, without which links that were given out lead "
                f"nowhere (learners: {invited}). Restore it from a backup, or give new links: phb "
                "invite --again."
            )


def link_key(using: Settings) -> str:
    """Return the key that signs links, made now where there is none, for its owner alone.

    Raises
    ------
    SettingsError
        As `kept_key` does.
    """
    folder = using.data_dir
    if not kept_key(using):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile("w", dir=folder, prefix=".key-") as part:  # its owner's alone
            part.write(secrets.token_urlsafe(_KEY_BYTES))
            part.flush()
            os.fsync(part.fileno())
            with suppress(FileExistsError):  # the first of two that start at once wins
                os.link(part.name, using.key_file)
    return kept_key(using)
