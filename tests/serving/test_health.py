"""`/health` and `/metrics`, asked by a real client of a server with nothing else on it."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock, call

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.testing import bind_unused_port
from tornado.web import Application

from phbkit.errors import UnreachableError
from phbkit.records.database import Database, open_database
from phbkit.serving.app import Server
from phbkit.serving.health import HealthHandler, MetricsHandler, Records
from tests.databases import Outage

Ask = Callable[..., Awaitable[HTTPResponse]]


class Kernels(dict[str, None]):
    most = 72


def asked(database: Database, visit: Callable[[Ask], Awaitable[None]]) -> None:
    """Serve the two pages beside one open page of a module, and let a client visit them."""

    async def run() -> None:
        socket, port = bind_unused_port()
        server = HTTPServer(
            Application(
                [(r"/health", HealthHandler), (r"/metrics", MetricsHandler)],
                voila=SimpleNamespace(kernel_manager=Kernels(one=None)),
                records_health=Records(database),
            ),
            xheaders=True,  # so that a client can come from elsewhere
        )
        server.add_socket(socket)
        client = SimpleAsyncHTTPClient(force_instance=True)

        async def ask(path: str, **headers: str) -> HTTPResponse:
            url = f"http://127.0.0.1:{port}{path}"
            return await client.fetch(url, headers=headers, raise_error=False)

        await visit(ask)
        client.close()
        server.stop()

    asyncio.run(run())


def test_health_says_whether_the_records_answer_and_nothing_else(outage: Outage) -> None:
    async def visit(ask: Ask) -> None:
        well = await ask("/health")
        assert (well.code, well.body) == (200, b'{"records": "ok"}')
        outage.begin()
        ill = await ask("/health")
        assert (ill.code, ill.body) == (503, b'{"records": "no answer"}')
        assert ill.request_time < 3  # and not after as long as an answer would wait
        outage.end()
        while (await ask("/health")).code != 200:
            pass

    asked(open_database(outage.address), visit)


def test_records_that_do_not_answer_are_asked_once_and_keep_nobody_else_waiting() -> None:
    database, go_on = Mock(), threading.Event()
    database.writing.side_effect = go_on.wait

    async def visit(ask: Ask) -> None:
        try:
            looking = [asyncio.create_task(as_task(ask("/health"))) for _ in range(50)]
            assert (await ask("/metrics")).code == 200
            assert {(await each).code for each in looking} == {503}
            assert database.writing.call_count == 1
        finally:
            go_on.set()

    asked(database, visit)


def test_records_that_fail_when_nobody_waits_any_more_leave_no_stack_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database, go_on = Mock(), threading.Event()

    def fail() -> None:
        go_on.wait()
        raise UnreachableError("too late")

    database.writing.side_effect = fail

    async def visit(ask: Ask) -> None:
        assert (await ask("/health")).code == 503
        go_on.set()
        while database.writing.call_count == 1:  # until the one that was too late is done with
            await ask("/health")

    asked(database, visit)
    gc.collect()
    assert "never retrieved" not in caplog.text


async def as_task(answer: Awaitable[HTTPResponse]) -> HTTPResponse:
    return await answer


def test_metrics_are_figures_for_this_machine_alone(file: Path) -> None:
    async def visit(ask: Ask) -> None:
        told = await ask("/metrics")
        families = text_string_to_metric_families(told.body.decode())
        figures = {each.name: [sample.value for sample in each.samples] for each in families}
        assert (figures["phb_open_pages"], figures["phb_most_pages"]) == ([1], [72])
        assert figures["process_open_fds"][0] > 0
        assert (await ask("/metrics", **{"X-Forwarded-For": "127.0.0.1"})).code == 404
        assert (await ask("/metrics", **{"X-Real-Ip": "203.0.113.7"})).code == 404
        assert (await ask("/metrics", **{"X-Real-Ip": "::1"})).code == 200

    asked(open_database(f"sqlite:///{file}"), visit)


def test_a_server_that_stops_lets_nobody_in_and_waits_for_no_kernel(tmp_path: Path) -> None:
    server, did = Server(database=open_database("sqlite://")), Mock()
    server.connection_dir = str(tmp_path / "connections")
    Path(server.connection_dir).mkdir()
    server._http, server.kernel_manager = did.http, did.kernels
    did.kernels.shutdown_all = AsyncMock()
    did.attach_mock(did.kernels.shutdown_all, "end_kernels")
    server.stop()
    assert did.mock_calls[:2] == [call.http.stop(), call.end_kernels(now=True)]
