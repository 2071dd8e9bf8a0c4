"""Voilà, standalone, with only what a learner needs: start page, modules, kernels, our scripts."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import os
import resource
import socket
import tempfile
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from jupyter_core.utils import run_sync
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import RequestHandler
from traitlets import Instance
from traitlets.config import Config
from voila.app import Voila

from phbkit import wings
from phbkit.casebank import CaseBank
from phbkit.errors import PhbError, SettingsError
from phbkit.kernels import provisioner, template
from phbkit.records.attempts import Store
from phbkit.records.database import Database, keep_ready, now, open_database
from phbkit.records.learners import Learners
from phbkit.serving import assets, pages
from phbkit.serving.catalogue import Catalogue
from phbkit.serving.health import REQUESTS, HealthHandler, MetricsHandler, Records
from phbkit.serving.identity import identity_class
from phbkit.serving.log import OncePerMinute, handlers
from phbkit.serving.notebook_page import FILTERS, ModuleHandler
from phbkit.serving.owners import MOST_OPENINGS, Client, Kernels, Owner, Owners, kernel_environment
from phbkit.serving.sockets import LONGEST_FRAME, Connection, KernelSocket, ShutdownHandler
from phbkit.serving.threads import OutOfReachError, in_thread
from phbkit.settings import Settings

_log = logging.getLogger(__name__)
_DAY = dt.timedelta(days=1)
_IDLE_SECONDS = 1200  # without a page
_LOOK_AGAIN_SECONDS = 1  # whether sign-ins still hold
_LONGEST_FOLDER = 40  # systems allow the path of a socket about a hundred characters
_LONGEST_BODY = 64 * 1024
_KERNEL = r"(?P<kernel_id>[\w-]+)"
_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)


class Server(Voila):  # type: ignore[misc]
    """Voilà with our pages, and without its own, its scripts, files and directories."""

    using = Instance(Settings)
    database = Instance(Database)
    catalogue = Instance(Catalogue, allow_none=True)
    learners = Instance(Learners, allow_none=True)
    wing_settings = Instance(dict)

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read no configuration of other Voilà installations on the machine."""

    def setup_template_dirs(self) -> None:
        """Have Voilà write pages with our template, which no installation need find."""
        self.template_paths = [str(assets.TEMPLATES)]

    def init_settings(self) -> dict[str, Any]:
        """Add compression, cross-site protection and a content security policy."""
        return {
            **super().init_settings(),
            "compress_response": True,
            "xsrf_cookies": True,
            "xsrf_cookie_kwargs": {"samesite": "Strict"},
            "websocket_max_message_size": LONGEST_FRAME,
            "allow_remote_access": self.using.sign_in == "hub" or not _is_loopback(self.ip),
            "local_hostnames": ["localhost", self.ip, urlsplit(self.using.public_url).hostname],
            "headers": {
                "Content-Security-Policy": _SECURITY,
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
            "default_handler_class": pages.ProblemHandler,
            "log_function": _log_request,
            "records_health": Records(self.database),
            **self.wing_settings,
        }

    async def owners_of(self, handler: JupyterHandler) -> set[Owner]:
        """Say who may be behind a browser: a learner, and whoever holds its seat in a meeting."""
        hooks = wings.hooks("owner_of")
        owners = {owner for hook in hooks if (owner := await in_thread(hook, handler))}
        if handler.current_user and handler.current_user.learner:
            owners.add(Owner("learner", handler.current_user.learner.id))
        return owners

    async def end_signed_out(self) -> None:
        """End the kernels opened by sign-ins that have ended, whichever process ended them."""
        sign_ins = self.kernel_manager.sign_ins()
        if sign_ins and self.learners:
            holding = await in_thread(self.learners.holding, sign_ins)
            await self.kernel_manager.end_signed_out(sign_ins - holding)

    async def look_again(self) -> None:
        """End what has been signed out elsewhere, as soon as the database can say so."""
        with suppress(OutOfReachError):
            await self.end_signed_out()

    def listen(self) -> None:
        """Listen; no page has a body to send that is longer than a short form."""
        if self.using.keep_days:  # what is older is erased now, and every day from now
            loop, kept = IOLoop.current(), _DAY * self.using.keep_days
            erase = partial(loop.run_in_executor, None, _erase_old, self.using, kept)
            loop.add_callback(erase)
            PeriodicCallback(erase, _DAY).start()
        self._http = HTTPServer(self.app, max_body_size=_LONGEST_BODY)
        self.app.listen = self._http.listen
        super().listen()

    def stop(self) -> None:
        """Let nobody in, end the kernels at once, and leave the records in one file."""
        self._http.stop()
        run_sync(self.kernel_manager.shutdown_all)(now=True)
        super().stop()
        self.database.checkpoint()

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """List the handlers: Voilà's of kernels, and those of our pages; files are not served."""
        alone = self.catalogue is None
        modules = [
            (r"/", pages.StartHandler),
            (r"/module/([a-z0-9_]+)", ModuleHandler),
            (r"/entries/([0-9a-f-]+)/(word|pdf|mail)", pages.EntryHandler),
        ]
        found: list[tuple[Any, ...]] = [
            (rf"/api/kernels/{_KERNEL}", KernelHandler),
            (rf"/api/kernels/{_KERNEL}/channels", KernelSocket),
            (rf"/voila/api/shutdown/{_KERNEL}", ShutdownHandler),
            (assets.PATTERN, assets.AssetHandler),
            (r"/accessibility", pages.AccessibilityHandler),
            (r"/health", HealthHandler),
            (r"/metrics", MetricsHandler),
            *([] if alone else modules),
            *(rule for hook in wings.hooks("handlers") for rule in hook(alone=alone)),
            *self.identity_provider.get_handlers(),
        ]
        base = self.server_url.rstrip("/")
        return [(base + pattern, *rest) for pattern, *rest in found]


def _erase_old(using: Settings, kept: dt.timedelta) -> None:
    for hook in wings.hooks("erase_old"):
        try:
            hook(using, now() - kept)
        except PhbError as error:
            _log.warning("What is older than PHB_KEEP_DAYS stays until tomorrow. %s", error)


def _log_request(handler: RequestHandler) -> None:
    """Count every request; note what was refused or failed, without query and cookies."""
    REQUESTS.labels(handler.get_status()).inc()
    if handler.get_status() >= 400:
        _log.warning("%d %s %s", handler.get_status(), handler.request.method, handler.request.path)


def make_server(
    using: Settings, *, host: str, port: int, base: str = "/", only_reviews: bool = False
) -> Server:
    """Make a server of the workbooks, ready to start.

    `base` is the path that all addresses begin with, behind a hub. With `only_reviews` it serves
    case reviews and no modules: in a review everybody has a seat of their own, and nobody signs in.

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
    if only_reviews:
        using = using.model_copy(update={"sign_in": "local"})
    else:
        _need_private(using, host)
    _need_free(host, port)
    _open_all_that_may_be()
    bank = CaseBank(using.need_folder("casebank"), drafts=using.drafts)
    workbooks = using.need_folder("workbooks")
    using.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    needed = {
        "PHB_CASEBANK": str(using.casebank.resolve()),
        "PHB_DATABASE": using.database_url,
        "PHB_DRAFTS": str(using.drafts),
        "PHB_LIVE_REVIEWS": str(using.live_reviews),
        "PHB_PUBLIC_URL": using.public_url or f"http://{host}:{port}/",
        "IPYTHONDIR": str(using.data_dir / "ipython"),
    }
    told = {name: value for name, value in os.environ.items() if name.startswith("JUPYTERHUB_")}
    kept = kernel_environment(os.environ, needed)
    os.environ.clear()  # the template of the kernels is born with what is left
    os.environ.update(kept)
    keep_ready(using.database_url)
    database = open_database(using.database_url)
    catalogue = None if only_reviews else Catalogue(workbooks, bank, Store(database))
    wing_settings: dict[str, Any] = {}
    for hook in wings.hooks("server_settings"):
        wing_settings |= hook(using, bank)
    if not template.why_not():  # or the first kernel would have to wait for all of it
        more = (name for hook in wings.hooks("preload") for name in hook())
        template.begin("pandas", "phbkit.kernels.records_preloaded", *more)
    os.environ.update(told)  # what a hub tells its servers is for this process alone
    server: Server = Server.instance(  # whose log the renderer of pages writes to
        config=_configuration(using, host, port, base, only_reviews=only_reviews),
        using=using,
        database=database,
        catalogue=catalogue,
        learners=None if using.sign_in == "local" else Learners(database),
        wing_settings=wing_settings,
    )
    server.initialize([str(workbooks)])
    PeriodicCallback(server.look_again, _LOOK_AGAIN_SECONDS * 1000).start()
    for handler in handlers(server.log):
        handler.addFilter(OncePerMinute())
    return server


def _configuration(
    using: Settings, host: str, port: int, base: str, *, only_reviews: bool
) -> Config:
    config = Config()
    config.Voila.base_url = config.Voila.server_url = base
    config.Voila.ip, config.Voila.port, config.Voila.port_retries = host, port, 0
    config.Voila.open_browser = False
    config.Voila.log_level = "WARN"
    config.Voila.identity_provider_class = identity_class(using)
    config.Voila.authorizer_class = Owners
    config.Voila.kernel_websocket_connection_class = Connection
    config.VoilaConfiguration.multi_kernel_manager_class = Kernels
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaExecutor.startup_timeout, config.VoilaExecutor.timeout = 45, 45
    config.VoilaExporter.filters = FILTERS
    config.VoilaExporter.default_preprocessors = []  # each would have the notebook checked
    config.AsyncKernelManager.client_factory = Client
    roomy = len(tempfile.gettempdir()) <= _LONGEST_FOLDER
    config.KernelManager.transport = "ipc" if roomy else "tcp"  # in Voilà's own, private folder
    config.KernelProvisionerFactory.default_provisioner_name = provisioner.NAME
    config.MappingKernelManager.cull_idle_timeout = _IDLE_SECONDS
    config.MappingKernelManager.cull_interval = 120
    config.Kernels.most = using.most_kernels
    if not only_reviews:
        config.Kernels.most_seats = max(using.most_kernels // 2, 1)  # the others are learners'
        if using.sign_in == "local":
            config.Kernels.most_openings = using.most_kernels * MOST_OPENINGS  # nobody else waits
    return config


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
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise SettingsError(
            f"--port: {port} is taken, perhaps by one you started before. Stop that one, or "
            f"choose another port: --port {port + 1}."
        ) from error


def _open_all_that_may_be() -> None:
    """Have as many descriptors as this process may: each page needs about a dozen."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # where the system says one number and means another
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
