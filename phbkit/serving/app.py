"""Voilà, standalone, with only what a learner needs: start page, modules, kernels, our scripts."""

from __future__ import annotations

import ipaddress
import os
import socket
from functools import partial
from typing import Any

from jupyter_server.services.kernels.handlers import KernelHandler
from traitlets import Instance
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from phbkit.casebank import CaseBank
from phbkit.errors import SettingsError
from phbkit.records import open_sessions, open_store
from phbkit.serving import assets, warm
from phbkit.serving.pages import (
    AccessibilityHandler,
    AgainHandler,
    ModuleHandler,
    ProblemHandler,
    StartHandler,
)
from phbkit.serving.reviews import Doors, ToDoorHandler, review_handlers
from phbkit.serving.shelf import Shelf
from phbkit.serving.sockets import LONGEST_FRAME, ChannelsHandler, Connection
from phbkit.settings import Settings

_KEPT_HANDLERS = {KernelHandler, VoilaKernelWebsocketHandler, VoilaShutdownKernelHandler}
_IDLE_SECONDS = 3600
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
    doors = Instance(Doors)
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
            "allow_remote_access": not _is_loopback(self.ip),
            "local_hostnames": ["localhost", self.ip],
            "headers": {
                "Content-Security-Policy": _SECURITY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
            "default_handler_class": ProblemHandler,
            "shelf": self.shelf,
            "doors": self.doors,
            "workbooks": self.using.workbooks,
            "contact": self.using.contact,
        }

    def listen(self) -> None:
        """Listen; no page has a body to send that is longer than a short form."""
        self.app.listen = partial(self.app.listen, max_body_size=_LONGEST_BODY)
        super().listen()

    def init_handlers(self) -> list[Any]:
        """Keep Voilà's handlers of kernels; serve pages ourselves and files not at all."""
        ours = {VoilaKernelWebsocketHandler: ChannelsHandler}
        kept = [
            (rule[0], ours.get(rule[1], rule[1]), *rule[2:])
            for rule in super().init_handlers()
            if rule[1] in _KEPT_HANDLERS
        ]
        modules = [
            (r"/", StartHandler),
            (r"/module/([a-z0-9_]+)", ModuleHandler),
            (r"/module/([a-z0-9_]+)/again", AgainHandler),
        ]
        return [
            *kept,
            (assets.PATTERN, assets.AssetHandler),
            (r"/accessibility", AccessibilityHandler),
            *(modules if self.shelf else [(r"/", ToDoorHandler)]),
            *review_handlers(),
            (r"/.*", ProblemHandler),
        ]


def make_server(using: Settings, *, host: str, port: int, only_reviews: bool = False) -> Server:
    """Make a server of the workbooks, ready to start.

    With `only_reviews` it serves case reviews and no modules, and may be reached from other
    machines: in a review everybody has a seat of their own, while learners of modules cannot be
    told apart yet.

    Raises
    ------
    SettingsError
        The host is not a loopback address though modules are served, or the port is taken.
    RecordsError
        The database cannot be opened.
    """
    if not only_reviews and not _is_loopback(host):
        raise SettingsError(
            f"--host: {host} is reachable from other machines, and this server cannot tell "
            "learners apart. Use 127.0.0.1, or serve case reviews alone: phb review serve."
        )
    _need_free(host, port)
    bank = CaseBank(using.need_folder("casebank"), drafts=using.drafts)
    workbooks = using.need_folder("workbooks")
    os.environ.update(
        PHB_CASEBANK=str(using.casebank.resolve()),
        PHB_DATABASE=using.database_url,
        PHB_LEARNER=using.learner,
        PHB_DRAFTS=str(using.drafts),
        PHB_PUBLIC_URL=using.public_url or f"http://{host}:{port}/",
    )
    config = Config()
    config.Voila.ip, config.Voila.port, config.Voila.port_retries = host, port, 0
    config.Voila.open_browser = False
    config.Voila.log_level = "WARN"
    config.KernelProvisionerFactory.default_provisioner_name = warm.NAME
    config.MappingKernelManager.cull_idle_timeout = _IDLE_SECONDS
    config.MappingKernelManager.cull_interval = 120
    shelf = None
    if not only_reviews:
        shelf = Shelf(workbooks, bank, open_store(using.database_url), using.learner)
    doors = Doors(
        open_sessions(using.database_url),
        bank,
        live=using.live_reviews,
        public_url=using.public_url or f"http://{host}:{port}/",
    )
    warm.warm_up()
    server = Server(config=config, shelf=shelf, doors=doors, using=using)
    server.initialize([str(workbooks)])
    return server


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
