"""What is in a package, and what is refused when one is made."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from phbkit.casebank import CaseBank
from phbkit.errors import SettingsError
from phbkit.packaging.package import package
from phbkit.packaging.runtime import CORE, PYODIDE, packed, read_runtime
from phbkit.serving.catalogue import cases_in
from tests.commands import phb
from tests.packaging.conftest import ROOT

MOST_BYTES = 10_000_000


def test_the_same_cases_make_the_same_bytes_and_no_more_than_may_be(
    files: dict[str, bytes], runtime: dict[str, bytes], bank: CaseBank
) -> None:
    found = cases_in(ROOT / "workbooks", bank)
    cases = {name: case for name, case in found.items() if case.area is None}
    again = package(cases, ROOT / "workbooks", dict(reversed(runtime.items())))
    made = packed(files)
    assert made == packed(again)
    assert len(made) <= MOST_BYTES
    assert zipfile.ZipFile(io.BytesIO(made)).testzip() is None


def test_pages_ask_for_nothing_but_files_of_the_package(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        if not name.endswith(".html"):
            continue
        page = content.decode().split('<script type="application/json"')[0]
        for address in re.findall(r'(?:src|href)="([^"#]*)"', page):
            if address.startswith(("data:", "https://www.w3.org")) or not address:
                continue
            there = (Path("/") / Path(name).parent / address).resolve().relative_to("/")
            assert str(there) in files, f"{name}: {address}"


def test_licences_of_everything_inside_are_named(files: dict[str, bytes]) -> None:
    told = files["LICENCES.txt"].decode().splitlines()
    assert f"{PYODIDE.name}: MPL-2.0" in told
    assert all(len(line.split(": ")) == 2 and line.split(": ")[1] for line in told)


def test_downloads_that_are_missing_or_changed_are_told_together(tmp_path: Path) -> None:
    shutil.copy(ROOT / "runtime" / PYODIDE.name, tmp_path)
    with (tmp_path / PYODIDE.name).open("ab") as file:
        file.write(b"!")
    with pytest.raises(SettingsError) as refused:
        read_runtime(tmp_path)
    told = str(refused.value)
    assert f"{PYODIDE.name} is not the file that is known" in told
    assert f"{CORE.name} is missing. In {tmp_path}: pip download" in told


def test_what_cannot_be_packaged_is_refused_in_a_sentence_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    for case, told in (
        ("getting-the-sums-right", "works out an area’s money, which needs the server."),
        ("chronic-pain-message", "chronic-pain-massage"),
    ):
        out = tmp_path / "out.zip"
        done = phb("package", "--out", out, case, "--runtime", ROOT / "runtime", cwd=ROOT)
        assert told in done.stderr
        assert "Traceback" not in done.stderr
        assert not out.exists()
