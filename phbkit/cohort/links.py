"""Personal links, and the key that signs them."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile

from itsdangerous import BadSignature, URLSafeSerializer

from phbkit.errors import SettingsError
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


def link_key(using: Settings) -> str:
    """Return the key that signs links: as it is set, or kept with the data for its owner alone.

    Raises
    ------
    SettingsError
        The key is too short, or others can read its file.
    """
    given, folder = using.link_key, using.data_dir
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
