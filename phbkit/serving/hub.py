"""Learners who sign in at a JupyterHub: one server each, started by the hub's spawner."""

from __future__ import annotations

import os
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from traitlets import Unicode

from phbkit.errors import SettingsError
from phbkit.records.learners import Learner
from phbkit.serving.identity import LONGEST_ID, Visitor
from phbkit.serving.threads import in_thread

try:
    from jupyterhub.singleuser.extension import JupyterHubIdentityProvider
except ImportError as error:
    raise SettingsError("PHB_SIGN_IN=hub needs JupyterHub: pip install 'phbkit[hub]'.") from error


class Place(NamedTuple):
    """Where the hub expects this server: address, port, and the path that its pages begin with."""

    host: str
    port: int
    base: str


def place() -> Place:
    """Read from the environment where the hub that started this server expects it.

    Raises
    ------
    SettingsError
        No hub started it.
    """
    url = urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", ""))
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    if not url.hostname or not url.port or not prefix:
        raise SettingsError(
            "PHB_SIGN_IN=hub: this server was not started by a JupyterHub. Let the hub do it: "
            'c.Spawner.cmd = ["phb", "serve", "--sign-in", "hub"]. docs/deploying.md shows how.'
        )
    return Place(url.hostname, url.port, prefix)


class HubIdentity(JupyterHubIdentityProvider):  # type: ignore[misc]
    """Asks the hub who a browser is, and lets in whom the hub lets reach this server."""

    token = Unicode("")
    auth_enabled = True

    async def get_user(self, handler: Any) -> Visitor | None:
        """Return the learner, or None for whoever has to go to the hub first."""
        user = await super().get_user(handler)
        if user is None:
            return None
        known = Learner(user.username[:LONGEST_ID], (user.name or user.username)[:LONGEST_ID])
        return Visitor.of(await in_thread(self.parent.learners.welcome, known), known.id)
