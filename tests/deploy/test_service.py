"""`deploy/phbkit.service` and `deploy/phbkit.env`, run as they are but for places and port."""

from __future__ import annotations

import datetime as dt
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil
import pytest

from phbkit.cohort.history import log
from phbkit.cohort.register import Register
from phbkit.records.database import now, open_database
from phbkit.records.learners import Learner
from tests import programs
from tests.browser.served import kernel_of
from tests.commands import phb
from tests.deploy import unit
from tests.ports import free_port

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
HOST = "phb.trust.nhs.uk"
DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT_FILE = DEPLOY / "phbkit.service"
UNIT = unit.Unit(UNIT_FILE)
PROGRAM = [sys.executable, "-m", "phbkit"]
PEOPLE = "learner,name,cohort,role\nann,Ann Example,spring,\ntess,Tess Trainer,spring,trainer\n"


@dataclass
class Service:
    """The service of the unit, in a folder, with the settings of the file."""

    folder: Path
    sign_in: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.data / 'records.sqlite'}"

    @property
    def environment(self) -> dict[str, str]:
        """What systemd would give it: what the unit says, and little else."""
        told = UNIT.environment()
        assert told == {"PHB_SETTINGS": "/etc/phbkit.env", "TMPDIR": "/run/phbkit"}
        return {
            "PHB_SETTINGS": str(self.folder / "phbkit.env"),
            "TMPDIR": self.run,
            "PYTHONPATH": str(self.folder / "left-out"),
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
        }

    @cached_property
    def run(self) -> str:
        """Its folder in /run: for sockets, whose paths must be short."""
        return tempfile.mkdtemp(prefix="phb-run-")

    def write_settings(self) -> None:
        text = (DEPLOY / "phbkit.env").read_text()
        for before, after in {
            "PHB_DATA_DIR=/var/lib/phbkit": f"PHB_DATA_DIR={self.data}",
            "PHB_SIGN_IN=links": f"PHB_SIGN_IN={self.sign_in}",
            "PHB_PUBLIC_URL=https://phb.example.nhs.uk/": f"PHB_PUBLIC_URL=https://{HOST}/",
        }.items():
            assert before in text
            text = text.replace(before, after)
        text += "PHB_CONTACT=the team's mailbox, Ann Smith\nPHB_KEEP_DAYS=400\n"
        (self.folder / "phbkit.env").write_text(text)

    def leave_out(self) -> None:
        """Have Python find none of what production leaves out, in the server and in kernels."""
        lines = (DEPLOY / "left-out.txt").read_text().splitlines()
        names = [line.split(";")[0].replace("-", "_") for line in lines if line[0] != "#"]
        (self.folder / "left-out").mkdir()
        script = f"import sys\nsys.modules.update(dict.fromkeys({names}))\n"
        (self.folder / "left-out" / "sitecustomize.py").write_text(script)

    def phb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as docs/deploying.md does."""
        return subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def serve(self) -> subprocess.Popen[bytes]:
        """Start it under as many of the unit's limits as can be had without systemd."""
        program, *rest = UNIT.one("ExecStart").split()
        assert program == "/opt/phbkit/bin/phb"
        self.data.mkdir(mode=0o700, exist_ok=True)
        limited = [sys.executable, unit.__file__, UNIT_FILE, f"{self.data}:{self.run}"]
        with (self.folder / "journal").open("wb") as journal:
            return programs.start(
                [*limited, *PROGRAM, *rest, "--port", self.port],
                cwd=self.folder,
                env=self.environment,
                stdout=journal,
                stderr=journal,
            )

    def kernels(self) -> list[psutil.Process]:
        assert self.process
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in below if kernel_of(each)]

    def ask(self, path: str, user: str = "") -> tuple[int, str]:
        """Ask for a page as the proxy would, for somebody it has signed in, or for nobody."""
        given = {"X-Forwarded-User": user, "Host": HOST}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=given)
        try:
            with urllib.request.urlopen(asked, timeout=90) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def started(folder: Path, sign_in: str) -> Iterator[Service]:
    service = Service(folder, sign_in, free_port())
    (folder / "home").mkdir()
    service.write_settings()
    register = Register(open_database(service.database, clock=lambda: LONG_AGO))
    register.invite([Learner("zoe", "Zoe Long Gone")], LONG_AGO)
    service.leave_out()
    process = service.process = service.serve()
    try:
        while True:
            assert process.poll() is None, (folder / "journal").read_text()
            try:
                service.ask("/")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield service
    finally:
        programs.end(process)
        shutil.rmtree(service.run)


@pytest.fixture
def by_links(tmp_path: Path) -> Iterator[Service]:
    yield from started(tmp_path, "links")


@pytest.fixture(scope="module")
def by_header(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from started(tmp_path_factory.mktemp("by_header"), "header")


def test_the_unit_serves_by_its_settings_and_so_do_commands(by_links: Service) -> None:
    status, page = by_links.ask("/")
    assert (status, "Open your personal link" in page) == (401, True), page
    assert "the team&#39;s mailbox, Ann Smith" in by_links.ask("/accessibility")[1]
    records = open_database(by_links.database)
    until = time.monotonic() + 60
    while not [act for _, act, _ in log(records, LONG_AGO, now()) if act == "erased"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    records.engine.dispose()
    looked = by_links.phb("doctor")
    assert (looked.returncode, "Nothing is wrong" in looked.stdout) == (0, True), looked.stdout
    assert not list((by_links.folder / "home").iterdir())
    (by_links.folder / "spring.csv").write_text(PEOPLE)
    invited = by_links.phb("invite", "spring.csv", "--out", "links.csv")
    assert invited.stdout.startswith("2 invited")
    assert "https://phb.trust.nhs.uk/enter/" in (by_links.folder / "links.csv").read_text()
    again = ("invite", "spring.csv", "--out", "spring.csv/links.csv")
    refused = phb(*again, cwd=by_links.folder, env=by_links.environment)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "spring.csv" in refused.stderr
    assert by_links.process
    programs.end(by_links.process)
    beside = by_links.data / "records.sqlite-wal"
    assert not beside.exists() or not beside.read_bytes()


def test_with_names_from_a_proxy_a_trainer_sees_the_cohort(by_header: Service) -> None:
    status, page = by_header.ask("/")
    assert (status, "You are not signed in" in page) == (401, True), page
    assert "personal link" not in page
    (by_header.folder / "spring.csv").write_text(PEOPLE)
    words = ("invite", "spring.csv", "--out", "links.csv")
    invited = phb(*words, cwd=by_header.folder, env=by_header.environment)
    assert "nobody needs a link" in invited.stdout
    status, page = by_header.ask("/", "tess")
    assert (status, "Tess Trainer" in page, "How far your cohort has come" in page) == (
        200, True, True
    )  # fmt: skip
    assert "Ann Example" in by_header.ask("/cohort", "tess")[1]
    assert "cohort has come" not in by_header.ask("/", "ann")[1]
    assert by_header.ask("/cohort", "ann")[0] == 404
    assert by_header.ask("/cohort")[0] == 401


def test_nothing_is_written_but_in_the_data_folder_and_it_is_private(by_header: Service) -> None:
    status, page = by_header.ask("/module/know_the_deal", "ann")
    assert (status, "phb-cell" in page) == (200, True)
    assert list((by_header.folder / "home").iterdir()) == []
    folders = (each for each in by_header.data.rglob("*") if each.is_dir())
    for place in (by_header.data, by_header.data / "records.sqlite", *folders):
        assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0


def test_systemd_finds_little_that_the_unit_leaves_open() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT_FILE)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [figure] = re.findall(r"Overall exposure level for phbkit.service: ([\d.]+)", told)
    assert float(figure) <= 1.5


def test_server_and_kernels_run_under_the_limits_of_the_unit(by_header: Service) -> None:
    status, page = by_header.ask("/module/know_the_deal", "cy")
    assert (status, 'data-place="phb-not-started"' in page) == (200, False), page
    assert by_header.process
    kernels = by_header.kernels()
    assert kernels
    most = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    for pid in (by_header.process.pid, *(kernel.pid for kernel in kernels)):
        told = Path(f"/proc/{pid}/status").read_text()
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (most, most)
        assert ("Seccomp:\t2" in told, "NoNewPrivs:\t1" in told) == (True, True)
    sockets = [each.laddr for kernel in kernels for each in kernel.net_connections("unix")]
    assert any(str(place).startswith(by_header.run) for place in sockets)


def test_where_a_kernel_takes_all_memory_the_server_goes_on() -> None:
    assert (UNIT.one("OOMPolicy"), UNIT.one("MemoryMax")) == ("continue", "4G")
    assert (UNIT.one("KillMode"), UNIT.one("RuntimeDirectory")) == ("mixed", "phbkit")


def test_what_the_unit_makes_is_for_its_own_user_alone() -> None:
    modes = ("UMask", "RuntimeDirectoryMode", "StateDirectoryMode")
    assert [UNIT.one(mode) for mode in modes] == ["0077", "0700", "0700"]


def test_asked_to_stop_the_server_ends_also_a_kernel_that_does_not_answer(
    by_header: Service,
) -> None:
    assert by_header.ask("/module/know_the_deal", "dee")[0] == 200
    kernels = by_header.kernels()
    kernels[0].suspend()
    assert by_header.process
    by_header.process.terminate()
    assert by_header.process.wait(programs.ENDS_WITHIN) == 0
    assert psutil.wait_procs(kernels, programs.ENDS_WITHIN)[1] == []
    assert "Traceback" not in (by_header.folder / "journal").read_text()
