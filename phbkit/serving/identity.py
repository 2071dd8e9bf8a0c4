"""Who a browser is: the one learner of a machine, or whom a proxy, a hub or a wing knows."""

from __future__ import annotations

import ipaddress
from collections.abc import Container
from dataclasses import dataclass

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from phbkit import wings
from phbkit.records.learners import Learner, Learners
from phbkit.serving.threads import in_thread
from phbkit.settings import Settings

LONGEST_ID = 120  # of a learner


def recognise(
    request: HTTPServerRequest, using: Settings, learners: Learners | None
) -> Learner | None:
    """Name the learner whose request one is; None for whoever cannot be told.

    That is the one learner of a machine, whoever reaches its own address; or whom a proxy that
    signs people in names in a header, once. Nobody else is believed.
    """
    if learners is None:
        return Learner(using.learner, "")
    sent = request.headers.get_list(using.user_header)
    if request.remote_ip not in using.proxies or len(sent) != 1:
        return None
    name = sent[0].strip()
    if not name or len(name) > LONGEST_ID or not name.isprintable():
        return None
    return learners.welcome(Learner(name, name))


def client_address(request: HTTPServerRequest, proxies: Container[str]) -> str:
    """Return the address that a request came from, as far as it can be believed.

    That is the peer's; where the peer is one of our proxies, whoever that names last in
    X-Forwarded-For, and so on. Of IPv6 it is the network of 48 bits, all of which one may hold.
    """
    named = ",".join(request.headers.get_list("X-Forwarded-For")).split(",")
    addresses = [request.remote_ip or "", *filter(None, map(str.strip, reversed(named)))]
    found = next((each for each in addresses if each not in proxies), addresses[-1])
    try:
        address = ipaddress.IPv6Address(found)
    except ValueError:
        return found
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 48), strict=False))


def cookie_name(handler: JupyterHandler, name: str) -> str:
    """Return what a cookie is called: where it can be, by a name that no other host can plant."""
    encrypted = handler.settings["voila"].using.encrypted
    return f"__Host-{name}" if encrypted and handler.base_url == "/" else name


@dataclass
class Visitor(User):  # type: ignore[misc]
    """Somebody with a browser; `learner` is None for a guest, who can only join a meeting.

    `sign_in` names what makes the learner known: once it ends, so do the kernels opened by it.
    """

    learner: Learner | None = None
    sign_in: str = ""

    @classmethod
    def of(cls, learner: Learner | None, sign_in: str = "") -> Visitor:
        """Make a visitor of a learner, or a guest."""
        name = f"learner {learner.id}" if learner else "guest"
        return cls(name, learner=learner, sign_in=sign_in)


class Identity(IdentityProvider):  # type: ignore[misc]
    """Tells jupyter_server who a browser is.

    Everybody is a visitor: what they may touch is for `Owners` to say. There is no page to log in.
    """

    login_available = logout_available = False

    async def get_user(self, handler: RequestHandler) -> Visitor:
        """Return the visitor: a guest where the server is for case reviews alone."""
        server = self.parent
        if server.catalogue is None:
            return Visitor.of(None)
        found = await in_thread(recognise, handler.request, server.using, server.learners)
        return Visitor.of(found, found.id if found and server.learners else "")


def identity_class(using: Settings) -> type[Identity] | str:
    """Choose what says who a browser is: a class, or the name of one.

    Raises
    ------
    SettingsError
        Learners cannot sign in as the settings say.
    """
    if using.sign_in == "links":
        of_wing: type[Identity] = next(hook(using) for hook in wings.hooks("identity_class"))
        return of_wing
    is_hub = using.sign_in == "hub"  # JupyterHub need not be installed elsewhere
    return "phbkit.serving.hub.HubIdentity" if is_hub else Identity
