"""For monitoring: whether the server works, at `/health`, and its figures, at `/metrics`."""

from __future__ import annotations

import asyncio
import ipaddress

import prometheus_client as prometheus
import sqlalchemy as sa
from tornado.web import HTTPError, RequestHandler

from phbkit.records.database import Database

_SECONDS = 1  # that the records may take to answer
_VERSION = sa.text("SELECT version_num FROM alembic_version")

FIGURES = prometheus.CollectorRegistry()  # jupyter_server has others, of what is not served here
prometheus.ProcessCollector(registry=FIGURES)
REQUESTS = prometheus.Counter("phb_requests", "Requests answered.", ["status"], registry=FIGURES)
OPEN_PAGES = prometheus.Gauge("phb_open_pages", "Pages with a kernel.", registry=FIGURES)
MOST_PAGES = prometheus.Gauge("phb_most_pages", "How many there may be.", registry=FIGURES)


class Records:
    """Asks in a thread of its own whether answers can be kept, once at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: asyncio.Task[None] | None = None

    async def answer(self) -> bool:
        """Say whether they answer in time."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self._ask))
            self._asking.add_done_callback(asyncio.Task.exception)  # though nobody waits any more
        done, _ = await asyncio.wait([self._asking], timeout=_SECONDS)
        return bool(done) and self._asking.exception() is None

    def _ask(self) -> None:
        with self._database.writing() as connection:  # as an answer would, and writes nothing
            connection.execute(_VERSION)


class HealthHandler(RequestHandler):
    """Tells anybody whether answers can be kept, and no more than that."""

    async def get(self) -> None:
        """Answer 200, or 503 where the records do not answer."""
        works = await self.settings["records_health"].answer()
        self.set_status(200 if works else 503)
        self.set_header("Cache-Control", "no-store")
        self.finish({"records": "ok" if works else "no answer"})


class MetricsHandler(RequestHandler):
    """Gives the figures of this server to programs of this machine, which come by no proxy."""

    def get(self) -> None:
        """Write them as Prometheus reads them."""
        peer = self.request.remote_ip or "0.0.0.0"  # noqa: S104  nobody's
        if "X-Forwarded-For" in self.request.headers or not ipaddress.ip_address(peer).is_loopback:
            raise HTTPError(404)
        kernels = self.settings["voila"].kernel_manager
        OPEN_PAGES.set(len(kernels))
        MOST_PAGES.set(kernels.most)
        self.set_header("Content-Type", prometheus.CONTENT_TYPE_LATEST)
        self.finish(prometheus.generate_latest(FIGURES))
