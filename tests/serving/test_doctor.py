"""`phb doctor` says what is wrong, and nothing is wrong in a checkout."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import insert, make_url

from phbkit.cohort.links import link_key
from phbkit.cohort.register import open_register
from phbkit.records.database import now, open_database
from phbkit.records.learners import Learner
from phbkit.records.schema import audit
from phbkit.serving.doctor import look
from phbkit.settings import Settings
from tests.commands import phb

OLD = Path(__file__).parents[1] / "records" / "released" / "0003.sqlite.sql"
LINKS = {"sign_in": "links", "public_url": "https://phb.trust.nhs.uk/"}


def wrong(using: Settings, about: str, verdict: str = "wrong") -> str:
    """What is wrong with one thing; nothing is looked at after it."""
    found = next(each for each in look(using) if each.about == about)
    assert found.verdict == verdict
    return found.said


def doctor(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return phb("doctor", cwd=folder, env={**os.environ, **settings})


def test_nothing_is_wrong_with_a_new_installation(tmp_path: Path) -> None:
    done = doctor(tmp_path, PHB_DATA_DIR=str(tmp_path / "data"), HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing is wrong.\n")
    assert "ok     warm kernels: kernels are forked from a template" in done.stdout
    assert not list(tmp_path.iterdir())


def test_each_thing_that_is_wrong_is_told_with_its_cure(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    (data / "link.key").write_text("k" * 40)
    env = {"PHB_SIGN_IN": "links", "PHB_WORKBOOKS": str(tmp_path / "no")}
    done = doctor(tmp_path, PHB_DATA_DIR=str(data), **env)
    assert done.returncode == 1
    assert f"wrong  data folder: {data}: everybody on this machine" in done.stdout
    assert "wrong  workbooks: PHB_WORKBOOKS: there is no folder" in done.stdout
    assert "wrong  sign-in: links, but PHB_PUBLIC_URL is not set." in done.stdout
    assert "3 things to put right." in done.stderr


@pytest.mark.parametrize(
    ("settings", "about", "said"),
    [
        ({"database": "nonsense"}, "database", "is not a database address"),
        ({"database": "postgresql+psycopg://x:secret@127.0.0.1:1/x"}, "database", "x:\\*\\*\\*@"),
        (LINKS | {"public_url": "https://phb.example.nhs.uk/"}, "sign-in", "is an example"),
        ({"most_kernels": 1_000_000}, "descriptors", "Set LimitNOFILE"),
        ({"sign_in": "hub"}, "sign-in", "was not started by a JupyterHub"),
        ({"sign_in": "header", "public_url": "http://x"}, "sign-in", "need an https:// address"),
        ({"casebank": Path("/nowhere")}, "case bank", "there is no folder /nowhere"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    tmp_path: Path, settings: dict[str, str], about: str, said: str
) -> None:
    found = wrong(Settings(data_dir=tmp_path, **settings), about)
    assert said.replace("\\", "") in found


def test_a_key_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "link.key").write_text("k" * 40)
    (tmp_path / "link.key").chmod(0o644)
    assert "chmod 600" in wrong(Settings(data_dir=tmp_path, **LINKS), "sign-in")


def test_a_key_that_is_missing_while_links_are_out_is_wrong(tmp_path: Path) -> None:
    using = Settings(data_dir=tmp_path, **LINKS)
    register = open_register(using.database_url)
    register.invite([Learner("ann", "Ann")], now() + dt.timedelta(days=1))
    assert "lead nowhere (learners: 1)" in wrong(using, "sign-in")
    link_key(using)
    assert wrong(using, "sign-in", "ok") == "links to https://phb.trust.nhs.uk/"


def test_faults_drafts_and_a_folder_without_workbooks_are_told(
    bank_copy: Path, tmp_path: Path
) -> None:
    using = Settings(data_dir=tmp_path / "data", casebank=bank_copy, workbooks=tmp_path)
    assert "drafts among them: phb check --publishable" in wrong(using, "case bank", "note")
    assert f"no workbook in {tmp_path} plays a case" in wrong(using, "workbooks")
    (bank_copy / "cases" / "know-the-deal" / "questions.yaml").write_text("[")
    assert "phb check lists them" in wrong(using, "case bank")


def test_what_is_worth_a_thought_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = {"sign_in": "header", "public_url": "https://phb.trust.nhs.uk/"}
    using = Settings(data_dir=tmp_path, most_kernels=1_000_000, **header)
    named = "header X-Forwarded-User, believed from 127.0.0.1, ::1. Let nobody else near."
    assert wrong(using, "sign-in", "note") == named
    assert re.search(r"Set PHB_MOST_KERNELS=\d+\.$", wrong(using, "memory", "note"))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "modules open more slowly" in wrong(using, "warm kernels", "note")


def test_looking_changes_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection:
        connection.executescript(OLD.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    said = {each.about: each for each in look(Settings(data_dir=tmp_path, sign_in="links"))}
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before
    assert said["database"].verdict == "note"
    assert "is of version 0003; phb serve brings it to" in said["database"].said


def test_a_newer_database_an_old_backup_and_a_full_disk_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    using = Settings(data_dir=tmp_path, keep_days=400)
    (tmp_path / "records.sqlite").touch()
    assert wrong(using, "database", "ok").endswith("which phb serve will fill")
    records = open_database(using.database_url)
    assert "no phb backup was made yet" in wrong(using, "database", "ok")
    with records.writing() as connection:
        at = now() - dt.timedelta(days=9)
        connection.execute(insert(audit).values(at=at, act="backed up", learner=""))
    assert "the last phb backup was 9 days ago" in wrong(using, "database")
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    assert "is of a newer phbkit" in wrong(using, "database")
    assert "400 days" in wrong(using, "what is kept", "ok")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * 1024**2))
    assert "5 MiB are free. A full disk saves nothing" in wrong(using, "data folder")


def test_a_database_that_is_frozen_or_takes_no_writes_is_wrong(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    using = Settings(data_dir=tmp_path, database=server)
    open_database(server).engine.dispose()
    told = Settings(data_dir=tmp_path, database=server.replace("phb@", "phb:secret@"))
    assert "phb:***@" in wrong(told, "database", "ok")
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        read_only = f"ALTER DATABASE {make_url(server).database} SET default_transaction_read_only"
        connection.execute(f"{read_only} = on".encode())
    assert "takes no writes" in wrong(using, "database")
    monkeypatch.setattr("phbkit.records.database._OPENING_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # lets in, and says nothing
        at = f"postgresql+psycopg://phb@127.0.0.1:{frozen.getsockname()[1]}/phb"
        begun = time.monotonic()
        assert "timeout" in wrong(Settings(data_dir=tmp_path, database=at), "database")
        assert time.monotonic() - begun < 60


def test_a_setting_that_is_none_says_which(tmp_path: Path) -> None:
    done = doctor(tmp_path, PHB_SIGN_IN="magic")
    assert done.returncode == 2
    assert done.stderr.startswith("phb: PHB_SIGN_IN: ")
    assert "'links'" in done.stderr
