"""Voilà, standalone, with only what a learner needs: start page, modules, kernels, our scripts."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import socket
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.identity import IdentityProvider
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import PeriodicCallback
from tornado.web import RequestHandler
from traitlets import Any as AnyTrait
from traitlets import Instance
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from phbkit import wings
from phbkit.casebank import CaseBank
from phbkit.errors import SettingsError
from phbkit.kernels import provisioner
from phbkit.records import open_learners, open_store
from phbkit.records.learners import Learners
from phbkit.serving import assets
from phbkit.serving.catalogue import Shelf
from phbkit.serving.cohort_progress import CohortHandler
from phbkit.serving.identity import (
    Identity,
    Links,
    Recognise,
    by_header,
    by_link,
    link_key,
    local,
    nobody,
)
from phbkit.serving.owners import Kernels, Owner, Owners, kernel_environment
from phbkit.serving.pages import (
    AccessibilityHandler,
    AgainHandler,
    ModuleHandler,
    ProblemHandler,
    StartHandler,
)
from phbkit.serving.sign_in import EnterHandler, SignOutHandler
from phbkit.serving.sockets import LONGEST_FRAME, ChannelsHandler, Connection, ShutdownHandler
from phbkit.settings import Settings

_log = logging.getLogger(__name__)
_KEPT_HANDLERS = {KernelHandler, VoilaKernelWebsocketHandler, VoilaShutdownKernelHandler}
_IDLE_SECONDS = 1200  # without a page
_LOOK_AGAIN_SECONDS = 30
_LONGEST_BODY = 64 * 1024
_SECURITY = "; ".join(  # noqa: FLY002
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


class Server(Voila):  # type: ignore[misc]
    """Voilà with our pages, and without its own, its scripts, files, directories and templates."""

    shelf = Instance(Shelf, allow_none=True)
    wing_settings = Instance(dict)
    recognise = AnyTrait()
    learners = Instance(Learners, allow_none=True)
    using = Instance(Settings)

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no configuration of other Voilà installations on the machine."""

    def init_settings(self) -> dict[str, Any]:
        """Add compression, cross-site protection and a content security policy."""
        return {
            **super().init_settings(),
            "compress_response": True,
            "xsrf_cookies": True,
            "xsrf_cookie_kwargs": {"samesite": "Strict"},
            "kernel_websocket_connection_class": Connection,
            "websocket_max_message_size": LONGEST_FRAME,
            "allow_remote_access": self.using.sign_in == "hub" or not _is_loopback(self.ip),
            "local_hostnames": ["localhost", self.ip, urlsplit(self.using.public_url).hostname],
            "headers": {
                "Content-Security-Policy": _SECURITY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
            "default_handler_class": ProblemHandler,
            "log_function": _log_request,
            "shelf": self.shelf,
            **self.wing_settings,
            "workbooks": self.using.workbooks,
            "contact": self.using.contact,
            "encrypted": self.using.encrypted,
            "learners": self.learners,
            "links": self._links(),
        }

    @property
    def has_links(self) -> bool:
        """Whether learners come by personal links, and can sign out."""
        return self.learners is not None and self.using.sign_in == "links"

    def _links(self) -> Links | None:
        key = self.using.link_key
        return Links(link_key(self.using.data_dir, key)) if self.has_links else None

    def owners_of(self, handler: JupyterHandler) -> set[Owner]:
        """Say who may be behind a browser: a learner, and whoever holds its seat in a meeting."""
        owners = {owner for hook in wings.hooks("owner_of") if (owner := hook(handler))}
        if handler.current_user and handler.current_user.learner:
            owners.add(Owner("learner", handler.current_user.learner.id))
        return owners

    def start(self) -> None:
        """Serve; now and then end the kernels of learners whose place has ended."""
        if self.has_links:
            for handler in (*logging.root.handlers, *self.log.handlers, logging.lastResort):
                if handler:
                    handler.addFilter(_WithoutLinks())
            PeriodicCallback(self._end_unwanted, _LOOK_AGAIN_SECONDS * 1000).start()
        super().start()

    async def _end_unwanted(self) -> None:
        welcome = self.learners.welcome_now()
        await self.kernel_manager.end_those(
            lambda owner: owner.kind == "learner" and owner.id not in welcome
        )

    def listen(self) -> None:
        """Listen; no page has a body to send that is longer than a short form."""
        self.app.listen = partial(self.app.listen, max_body_size=_LONGEST_BODY)
        super().listen()

    def init_handlers(self) -> list[Any]:
        """Keep Voilà's handlers of kernels; serve pages ourselves and files not at all."""
        instead = {
            VoilaKernelWebsocketHandler: ChannelsHandler,
            VoilaShutdownKernelHandler: ShutdownHandler,
        }
        kept = [
            (rule[0], instead.get(rule[1], rule[1]), *rule[2:])
            for rule in super().init_handlers()
            if rule[1] in _KEPT_HANDLERS
        ]
        modules = [
            (r"/", StartHandler),
            (r"/module/([a-z0-9_]+)", ModuleHandler),
            (r"/module/([a-z0-9_]+)/again", AgainHandler),
        ]
        if self.has_links:
            modules += [
                (r"/enter/([A-Za-z0-9._-]{1,400})", EnterHandler),
                (r"/sign-out", SignOutHandler),
            ]
        if self.learners:
            modules += [(r"/cohort", CohortHandler)]
        ours: list[tuple[Any, ...]] = [
            (assets.PATTERN, assets.AssetHandler),
            (r"/accessibility", AccessibilityHandler),
            *(modules if self.shelf else []),
            *(rule for hook in wings.hooks("handlers") for rule in hook(alone=self.shelf is None)),
            *self._sign_in_handlers(),
        ]
        base = self.server_url.rstrip("/")
        placed = [(base + pattern, *rest) for pattern, *rest in ours]
        return [*kept, *placed, (r"/.*", ProblemHandler)]

    def _sign_in_handlers(self) -> list[tuple[Any, ...]]:
        """List the pages by which learners come in, where a hub knows them."""
        return list(self.identity_provider.get_handlers()) if self.using.sign_in == "hub" else []


class _WithoutLinks(logging.Filter):
    """Takes personal links out of whatever is logged: each is a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the address of a link."""
        record.msg, record.args = re.sub(r"(/enter/)[^\s?]+", r"\1…", record.getMessage()), ()
        return True


def _log_request(handler: RequestHandler) -> None:
    """Note what was refused or failed, without query and cookies."""
    if handler.get_status() >= 400:
        _log.warning("%d %s %s", handler.get_status(), handler.request.method, handler.request.path)


def make_server(
    using: Settings, *, host: str, port: int, base: str = "/", only_reviews: bool = False
) -> Server:
    """Make a server of the workbooks, ready to start.

    `base` is the path that all addresses begin with, behind a hub. With `only_reviews` it serves
    case reviews and no modules: in a review everybody has a seat of their own, and nobody needs to
    be known.

    Raises
    ------
    SettingsError
        Learners could not be told apart on this host, or would not be private; or the port is
        taken.
    RecordsError
        The database cannot be opened.
    OSError
        The data folder cannot be made.
    """
    if not only_reviews:
        _need_private(using, host)
    _need_free(host, port)
    bank = CaseBank(using.need_folder("casebank"), drafts=using.drafts)
    workbooks = using.need_folder("workbooks")
    public = using.public_url or f"http://{host}:{port}/"
    using.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {name: value for name, value in os.environ.items() if name.startswith("JUPYTERHUB_")}
    _forget_the_rest(
        PHB_CASEBANK=str(using.casebank.resolve()),
        PHB_DATABASE=using.database_url,
        PHB_DRAFTS=str(using.drafts),
        PHB_LIVE_REVIEWS=str(using.live_reviews),
        PHB_PUBLIC_URL=public,
        IPYTHONDIR=str(using.data_dir / "ipython"),
    )
    shelf = None if only_reviews else Shelf(workbooks, bank, open_store(using.database_url))
    alone = only_reviews or using.sign_in == "local"
    learners = None if alone else open_learners(using.database_url)
    wing_settings = {
        name: value
        for hook in wings.hooks("server_settings")
        for name, value in hook(using, bank, public).items()
    }
    provisioner.warm_up(*(name for hook in wings.hooks("preload") for name in hook()))
    os.environ.update(told)  # what a hub tells its servers is for this process alone
    server = Server(
        config=_configuration(using, host, port, base),
        shelf=shelf,
        wing_settings=wing_settings,
        recognise=nobody if only_reviews else _recognise(using, learners),
        learners=learners,
        using=using,
    )
    server.initialize([str(workbooks)])
    return server


def _forget_the_rest(**needed: str) -> None:
    """Take out of the environment what no kernel needs: the template is born with what is left."""
    kept = kernel_environment(os.environ, needed)
    os.environ.clear()
    os.environ.update(kept)


def _configuration(using: Settings, host: str, port: int, base: str) -> Config:
    config = Config()
    config.Voila.base_url = config.Voila.server_url = base
    config.Voila.ip, config.Voila.port, config.Voila.port_retries = host, port, 0
    config.Voila.open_browser = False
    config.Voila.log_level = "WARN"
    config.Voila.identity_provider_class = _identity(using)
    config.Voila.authorizer_class = Owners
    config.VoilaConfiguration.multi_kernel_manager_class = Kernels
    config.KernelProvisionerFactory.default_provisioner_name = provisioner.NAME
    config.MappingKernelManager.cull_idle_timeout = _IDLE_SECONDS
    config.MappingKernelManager.cull_interval = 120
    config.Kernels.most = using.most_kernels
    return config


def _identity(using: Settings) -> type[IdentityProvider]:
    if using.sign_in != "hub":
        return Identity
    from phbkit.serving.hub import HubIdentity

    return HubIdentity


def _recognise(using: Settings, learners: Learners | None) -> Recognise:
    """Return what tells learners apart, as the settings want it."""
    if learners is None:
        return local(using.learner)
    if using.sign_in == "links":
        return by_link(learners)
    if using.sign_in == "header":
        return by_header(learners, using.user_header, using.proxies)
    return nobody  # a hub says it: see `hub.HubIdentity`


def _need_private(using: Settings, host: str) -> None:
    """Refuse to show one learner's answers to others, or to the network in clear."""
    if _is_loopback(host):
        return
    if using.sign_in == "local":
        raise SettingsError(
            f"--host: {host} is reachable from other machines, and this server does not tell "
            "learners apart. Use 127.0.0.1; or invite learners and set PHB_SIGN_IN=links; or serve "
            "case reviews alone: phb review serve."
        )
    if not using.encrypted:
        raise SettingsError(
            f"--host: {host} is reachable from other machines, and answers would cross the network "
            "in clear. Put a proxy with HTTPS before it and set PHB_PUBLIC_URL=https://…, or use "
            "127.0.0.1. docs/deploying.md has a proxy's configuration."
        )


def _need_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"--port: {port} is taken, perhaps by one you started before. Stop that one, or "
                f"choose another port: --port {port + 1}."
            ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
