"""`phb doctor` says what is wrong, and nothing is wrong in a checkout."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from phbkit.serving.doctor import look
from phbkit.settings import Settings
from tests.commands import phb


def wrong(using: Settings, about: str) -> str:
    """What is wrong with one thing; nothing is looked at after it."""
    found = next(each for each in look(using) if each.about == about)
    assert found.verdict == "wrong"
    return found.said


def doctor(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return phb("doctor", cwd=folder, env={**os.environ, **settings})


def test_nothing_is_wrong_with_a_new_installation(tmp_path: Path) -> None:
    done = doctor(tmp_path, PHB_DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing is wrong.\n")
    assert "ok     warm kernels: kernels are forked from a template" in done.stdout


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
    using = Settings(data_dir=tmp_path, sign_in="links", public_url="https://phb.example/")
    assert "chmod 600" in wrong(using, "sign-in")


def test_a_setting_that_is_none_says_which(tmp_path: Path) -> None:
    done = doctor(tmp_path, PHB_SIGN_IN="magic")
    assert done.returncode == 2
    assert done.stderr.startswith("phb: PHB_SIGN_IN: ")
    assert "'links'" in done.stderr
