"""The run-time that a package carries: Python for browsers, and the libraries that play a case."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from phbkit.errors import SettingsError

PURE = (
    "annotated-types", "jinja2", "markdown-it-py", "markupsafe", "mdurl", "pydantic", "pyyaml",
    "typing-extensions", "typing-inspection",
)  # fmt: skip
"""Distributions whose Python files run in a browser as they are installed here."""
OURS = (
    "casebank", "decision", "documents", "forms", "packaging/__init__.py", "packaging/device.py",
    "records/__init__.py", "records/journal.py", "scoring", "workbook", "__init__.py", "errors.py",
    "files.py", "table.html.j2", "tables.py", "text.py", "wings.py",
)  # fmt: skip
"""What of this library plays a case."""
_KINDS = {".py", ".j2", ".yaml", ".css"}
_UNUSED = {"v1", "mypy.py", "cli", "__pycache__", "skeleton", "_pydantic_mypy_plugin.py"}
_PYODIDE = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)


class Download(NamedTuple):
    """A file that is put beside a package to be made, and is none of this library's own."""

    name: str
    sha256: str
    licence: str
    how: str


PYODIDE = Download(
    "pyodide-314.0.8.tgz",
    "9a52704e0ae5b07aaacb8e4fed9f1658e8024694a078695ea45ac79dee4cefcb",
    "MPL-2.0",
    "npm pack pyodide@314.0.8",
)
CORE = Download(
    "pydantic_core-2.50.4-cp314-cp314-pyemscripten_2026_0_wasm32.whl",
    "e6da138a1ecc1341c8b788a5ee822670b03788e1f5decf7af9d461de6e508b8e",
    "MIT",
    "pip download --no-deps --only-binary=:all: --python-version 314 --implementation cp --abi "
    "cp314 --platform pyemscripten_2026_0_wasm32 pydantic-core==2.50.4",
)


def read_runtime(folder: Path) -> dict[str, bytes]:
    """Read the files of Pyodide, and `program.zip` with what plays a case.

    Raises
    ------
    SettingsError
        A download is missing, or not the one that is known: all of them, each with how to get it.
    """
    faults = [told for each in (PYODIDE, CORE) for told in _faults(folder, each)]
    if (here := metadata.version("pydantic-core")) != CORE.name.split("-")[1]:
        faults.append(f"pydantic-core is {here} here, and {CORE.name} is of another version.")
    if faults:
        raise SettingsError("\n".join(["The package was not made.", *faults]))
    files = {"program.zip": _program(folder / CORE.name)}
    with tarfile.open(folder / PYODIDE.name) as archive:
        for entry in archive:
            name = entry.name.removeprefix("package/")
            if name in _PYODIDE and (content := archive.extractfile(entry)):
                files[_as_script(name)] = content.read()
    old, new = _PYODIDE[1].encode(), _as_script(_PYODIDE[1]).encode()
    for name in map(_as_script, _PYODIDE[:2]):  # which name the second of them
        files[name] = files[name].replace(old, new)
    return files


def _as_script(name: str) -> str:
    """Name a script so that every web server knows it for one: few know what `.mjs` is."""
    return name.replace(".mjs", ".js")


def licences() -> list[str]:
    """Name everything in a package that is somebody else's, with its licence."""
    told = [f"{each.name}: {each.licence}" for each in (PYODIDE, CORE)]
    for name in PURE:
        about = metadata.metadata(name).json
        classes = [each for each in about.get("classifier", ()) if "License" in each]
        licence = about.get("license_expression") or classes[0].rpartition(" :: ")[2]
        told.append(f"{about['name']} {about['version']}: {licence}")
    return told


def _faults(folder: Path, download: Download) -> Iterator[str]:
    file = folder / download.name
    if not file.is_file():
        yield f"{file} is missing. In {folder}: {download.how}"
    elif hashlib.sha256(file.read_bytes()).hexdigest() != download.sha256:
        yield f"{file} is not the file that is known (SHA-256 {download.sha256})."


def _program(wheel: Path) -> bytes:
    """Pack what plays a case, for the file system of a browser's Python."""
    files: dict[str, bytes] = {}
    for name in PURE:
        for file in metadata.files(name) or ():
            if file.suffix in _KINDS and not _UNUSED & {*file.parts} and ".." not in file.parts:
                files[file.as_posix()] = Path(str(file.locate())).read_bytes()
    library = Path(__file__).parents[1]
    for part in OURS:
        found = [library / part] if (library / part).is_file() else (library / part).rglob("*")
        for each in found:
            if each.suffix in _KINDS and not _UNUSED & {*each.parts}:
                files[f"phbkit/{each.relative_to(library).as_posix()}"] = each.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        files |= {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    return packed(files)


def packed(files: dict[str, bytes]) -> bytes:
    """Make a zip of files, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=9)
    return out.getvalue()
