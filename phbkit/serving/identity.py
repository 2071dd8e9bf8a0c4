"""Who a browser is: the one learner of a machine, or whom a proxy, a hub or a wing knows."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from phbkit import wings
from phbkit.records.learners import Learner, Learners
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
