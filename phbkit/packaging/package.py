"""A package: the pages of modules, what plays them, and the run-time, as files of one zip."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment
from nbformat import NotebookNode

from phbkit.casebank import Case
from phbkit.casebank.case import FICTION
from phbkit.errors import SettingsError
from phbkit.packaging.device import CASES, OPTIONS
from phbkit.packaging.runtime import licences
from phbkit.records import MemoryJournal
from phbkit.serving import assets
from phbkit.serving.catalogue import Card
from phbkit.serving.notebook_page import FILTERS
from phbkit.text import templates
from phbkit.workbook.live import LiveModule
from phbkit.workbook.module import Module

_HERE = Path(__file__).parent
_SHARED = ("form.css", "page.css", "form.js", "emitter.js", "host.js", "page.js", "module.js")
_CONTACT = "whoever gave you this copy"
_STEP = re.compile(r"\bstep\(\"([a-z-]+)\"\)")
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)


def package(
    cases: Mapping[str, Case], workbooks: Path, runtime: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Make the files of a package.

    Parameters
    ----------
    cases
        The cases, by the names of the notebooks that play them.
    workbooks
        The folder of those notebooks.
    runtime
        The files of the run-time, by name.

    Returns
    -------
    dict of str to bytes
        The files, by their path in the package. Scripts, styles, cases and the run-time are under
        names that hold a hash of what is in them.

    Raises
    ------
    SettingsError
        A case needs the server.
    """
    for case in cases.values():
        if case.area is not None:
            raise SettingsError(f"{case.id} works out an area’s money, which needs the server.")
    scripts = {name: assets.files()[name] for name in _SHARED}
    scripts |= {file.name: file.read_bytes() for file in (_HERE / "static").iterdir()}
    worker = scripts.pop("offline.js")
    static, engine = f"static/{_hash(scripts)}", f"runtime/{_hash(runtime)}"
    files = {f"{static}/{name}": content for name, content in scripts.items()}
    files |= {f"{engine}/{name}": content for name, content in runtime.items()}
    env = _environment(static)
    for name, case in cases.items():
        facts = CASES.dump_json(case, by_alias=True)
        place = f"cases/{sha256(facts).hexdigest()[:12]}.json"
        files[place] = facts
        line = {
            "case": case.id,
            "steps": case.steps,
            "version": f"{static} {engine} {case.version}",
            "facts": f"../{place}",
            "runtime": f"../{engine}/",
            "program": f"../{engine}/program.zip",
            "offline": "../offline.js",
        }
        notebook = nbformat.read(workbooks / f"{name}.ipynb", as_version=4)
        files[f"module/{name}.html"] = _module_page(env, notebook, case, line)
    cards = [Card(name, "", case, {}) for name, case in cases.items()]
    show = partial(_page, env, base="", cards=cards, fiction=FICTION, contact=_CONTACT)
    files["index.html"] = show("package.html.j2")
    files["accessibility.html"] = show("accessibility.html.j2")
    files["LICENCES.txt"] = "\n".join(licences()).encode() + b"\n"
    kept = json.dumps({"version": _hash(files), "files": sorted(files)})
    files["offline.js"] = worker.replace(b"null; // what is kept", kept.encode() + b";")
    return files


def _hash(files: Mapping[str, bytes]) -> str:
    digest = sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name] + b"\0")
    return digest.hexdigest()[:12]


def _environment(static: str) -> Environment:
    env = templates(_HERE / "templates", assets.TEMPLATES)
    env.add_extension("jinja2.ext.loopcontrols")
    env.filters |= {**FILTERS, "asset": lambda name: f"{static}/{name}", "shown": _shown}
    env.globals |= {"policy": _POLICY, "home": "index.html", "practice": True}
    env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
    return env


def _page(env: Environment, template: str, **context: Any) -> bytes:
    return env.get_template(template).render(**context).encode()


def _module_page(
    env: Environment, notebook: NotebookNode, case: Case, line: Mapping[str, Any]
) -> bytes:
    """Write a module as the server does, with every step as it is at the beginning."""
    module = Module(case, MemoryJournal(dt.datetime.now(tz=dt.UTC)), OPTIONS)
    playing = LiveModule(module, lambda *_, **__: None)
    for cell in notebook.cells:
        for step in _STEP.findall(cell.source) if cell.cell_type == "code" else ():
            state = {**playing.page(step), "step": step, "attempt": "", "device": True}
            cell.metadata["shown"] = [{"model": step, "state": state}]
    resources = {
        "base_url": "../",
        "home": "index.html",
        "policy": _POLICY,
        "shown_first": 0,
        "beside": {"picture": case.picture, "brief": case.about.brief or ""},
        "line": line,
    }
    return _page(
        env,
        "index.html.j2",
        nb=notebook,
        resources=resources,
        kernel_start=lambda _: "",
        cell_generator=lambda nb, _: iter(nb.cells),
    )


def _shown(cell: NotebookNode) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cell.metadata.get("shown", [])
    return found
