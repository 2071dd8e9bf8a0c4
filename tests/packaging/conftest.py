"""A package of every case that can do without a server, on a web server that knows only files."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from phbkit.casebank import CaseBank
from phbkit.packaging.package import package
from phbkit.packaging.runtime import packed, read_runtime
from phbkit.serving.catalogue import cases_in

ROOT = Path(__file__).parents[2]


class Files(SimpleHTTPRequestHandler):
    """Sends files, as any web space does, and says nothing; of newer kinds it knows none."""

    extensions_map: ClassVar = {
        ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "text/json",
        "": "application/octet-stream",
    }  # fmt: skip

    def end_headers(self) -> None:
        """Let the browser guess nothing."""
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def runtime() -> dict[str, bytes]:
    return read_runtime(ROOT / "runtime")


@pytest.fixture(scope="session")
def files(runtime: dict[str, bytes], bank: CaseBank) -> dict[str, bytes]:
    """What is in a package of all cases."""
    found = cases_in(ROOT / "workbooks", bank)
    cases = {name: case for name, case in found.items() if case.area is None}
    return package(cases, ROOT / "workbooks", runtime)


@pytest.fixture(scope="session")
def site(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the package once it was unzipped."""
    folder = tmp_path_factory.mktemp("package")
    zipfile.ZipFile(io.BytesIO(packed(files))).extractall(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
