"""A database that answers nothing, and closes nothing: the server says so and goes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from phbkit.serving.assets import address
from tests.browser.training import PEOPLE, Training
from tests.databases import postgresql
from tests.ports import free_port


@dataclass
class OnPostgreSQL(Training):
    """A server of learners whose records are on PostgreSQL."""

    @property
    def database(self) -> str:
        return self.env["PHB_DATABASE"]


def test_pages_say_that_the_database_is_frozen_and_all_else_goes_on(tmp_path: Path) -> None:
    with postgresql() as running, ThreadPoolExecutor() as threads:
        server = OnPostgreSQL(tmp_path, free_port(), env={"PHB_DATABASE": running.address})
        server.start()
        try:
            ann = server.visitor(PEOPLE[0])
            assert ann.ask("/").status == 200
            with running.frozen():
                pages = [threads.submit(ann.ask, path) for path in ("/", "/module/know_the_deal")]
                assert ann.ask(f"/{address('page.css')}").status == 200
                assert not any(page.done() for page in pages)
                for page in (each.result() for each in pages):
                    assert (page.status, "cannot be reached" in page.text) == (503, True)
                    assert page.headers["Retry-After"]
            assert ann.ask("/").status == 200
            assert "Traceback" not in server.log()
        finally:
            server.stop()
