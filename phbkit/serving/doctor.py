"""What is wrong with an installation, each thing with what would put it right."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

import sqlalchemy as sa

from phbkit.casebank import CaseBank
from phbkit.errors import PhbError
from phbkit.kernels import template
from phbkit.records import database
from phbkit.records.schema import attempt, audit
from phbkit.serving.catalogue import cases_in
from phbkit.serving.identity import identity_class
from phbkit.settings import Settings

Verdict = Literal["ok", "note", "wrong"]
_KERNEL_MEBIBYTES = 30  # a learner's open page, as tests/soak/test_load.py measured it
_KERNEL_DESCRIPTORS, _OTHER_DESCRIPTORS = 17, 200
_LEAST_FREE_GIBIBYTES = 1
_OLDEST_BACKUP_DAYS = 7
_NEED_HTTPS = (
    "Learners need an https:// address, or their answers cross the network in clear. "
    "docs/deploying.md has a proxy that does it."
)
_MEBI, _GIBI = 1024**2, 1024**3


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at."""

    verdict: Verdict
    about: str
    said: str


def look(using: Settings) -> Iterator[Diagnosis]:
    """Look at everything that a server needs, one thing after the other; change nothing."""
    for about, check in _CHECKS.items():
        try:
            verdict, said = check(using)
        except PhbError as error:
            verdict, said = "wrong", str(error)
        except OSError as error:
            verdict, said = "wrong", f"{error}."
        yield Diagnosis(verdict, about, said)


def _python(_: Settings) -> tuple[Verdict, str]:
    return "ok", f"{sys.version.split()[0]}, {sys.platform}"


def _casebank(using: Settings) -> tuple[Verdict, str]:
    bank = CaseBank(using.need_folder("casebank"), drafts=using.drafts)
    found = bank.check()
    if found["fault"]:
        return "wrong", f"{len(found['fault'])} faults. phb check lists them."
    said = f"{len(bank.case_ids)} cases without faults in {using.casebank}"
    if found["unpublishable"]:
        return "note", f"{said}, drafts among them: phb check --publishable says which and why."
    return "ok", said


def _workbooks(using: Settings) -> tuple[Verdict, str]:
    folder = using.need_folder("workbooks")
    bank = CaseBank(using.need_folder("casebank"), drafts=using.drafts)
    cases = cases_in(folder, bank)
    if not cases:
        return "wrong", f"no workbook in {folder} plays a case. Leave PHB_WORKBOOKS out."
    return "ok", f"{len(cases)} modules in {folder}"


def _data(using: Settings) -> tuple[Verdict, str]:
    folder = using.data_dir
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    free = shutil.disk_usage(there).free
    if free < _LEAST_FREE_GIBIBYTES * _GIBI:
        return "wrong", f"{folder}: {free // _MEBI} MiB are free. A full disk saves nothing."
    if folder.is_dir() and folder.stat().st_mode & 0o007:
        return "wrong", f"{folder}: everybody on this machine can look into it: chmod 700 {folder}"
    return "ok", f"{folder}, {free // _GIBI} GiB free"


def _records(using: Settings) -> tuple[Verdict, str]:
    url, shown = database.parse(using.database_url), database.without_password(using.database_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return "ok", f"{shown}, which phb serve will fill"
    backed_up = sa.select(sa.func.max(audit.c.at)).where(audit.c.act.in_(["backed up", "restored"]))
    with database.as_it_is(using.database_url) as records:
        version = records.version()
        if not version:
            return "ok", f"{shown}, which phb serve will fill"
        if version > database.HEAD:
            return "wrong", f"{shown} is of a newer phbkit, version {version}. Install that one."
        if version < database.HEAD:
            said = f"phb serve brings it to {database.HEAD}. Make a backup first: phb backup"
            return "note", f"{shown} is of version {version}; {said}"
        with records.writing() as connection:
            connection.execute(sa.delete(attempt).where(sa.false()))
        [[last]] = records.rows(backed_up)
    days = (database.now() - last).days if last else 0
    if days > _OLDEST_BACKUP_DAYS:
        return "wrong", f"{shown}: the last phb backup was {days} days ago. docs/backup.md"
    saved = f"backed up or restored on {last:%Y-%m-%d}" if last else "no phb backup was made yet"
    return "ok", f"{shown}, tables of version {version}, can be written; {saved}"


def _kept(using: Settings) -> tuple[Verdict, str]:
    if using.keep_days is None:
        return "ok", "until it is erased by hand, as PHB_KEEP_DAYS is not set"
    return "ok", f"{using.keep_days} days from when something last happened, then erased"


def _sign_in(using: Settings) -> tuple[Verdict, str]:
    if using.sign_in == "local":
        return "ok", "local: one learner, on this machine only"
    if using.sign_in == "hub":
        from phbkit.serving import hub

        return "ok", f"hub: {hub.place().base}"
    if "example" in (urlsplit(using.public_url).hostname or "").split("."):
        return "wrong", f"PHB_PUBLIC_URL is an example: {using.public_url}. Put in your address."
    if not using.encrypted:
        public = using.public_url or "not set"
        return "wrong", f"{using.sign_in}, but PHB_PUBLIC_URL is {public}. {_NEED_HTTPS}"
    if using.sign_in == "links":
        identity_class(using)  # refuses a key that is no secret
        return "ok", f"links to {using.public_url}"
    listed = ", ".join(sorted(using.proxies)) or "nobody"
    return "note", f"header {using.user_header}, believed from {listed}. Let nobody else near."


def _warm(_: Settings) -> tuple[Verdict, str]:
    reason = template.why_not()
    if reason:
        return "note", f"modules open more slowly: {reason}"
    with TemporaryDirectory() as passing:
        os.environ.setdefault("IPYTHONDIR", passing)  # or IPython makes a folder at home
        process = template.start("builtins:bool")[0]  # ends at once, and well
        process.join(60)
        ended_well = process.exitcode == 0
        template.end(process)
    if not ended_well:
        return "wrong", "a copy of the template did not run within a minute"
    return "ok", "kernels are forked from a template"


def _memory(using: Settings) -> tuple[Verdict, str]:
    import psutil

    free, need = psutil.virtual_memory().available // _MEBI, using.most_kernels * _KERNEL_MEBIBYTES
    said = f"{free} MiB free; {using.most_kernels} open pages may take {need} MiB"
    if need > free:
        return "note", f"{said}. Set PHB_MOST_KERNELS={max(1, free // _KERNEL_MEBIBYTES)}."
    return "ok", said


def _descriptors(using: Settings) -> tuple[Verdict, str]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    need = using.most_kernels * _KERNEL_DESCRIPTORS + _OTHER_DESCRIPTORS
    said = f"{most} may be open; {using.most_kernels} open pages may take {need}"
    if most < need:
        return "wrong", f"{said}. Set LimitNOFILE=65536 in the unit, or fewer PHB_MOST_KERNELS."
    return "ok", said


_CHECKS: dict[str, Callable[[Settings], tuple[Verdict, str]]] = {
    "Python": _python,
    "data folder": _data,
    "database": _records,
    "what is kept": _kept,
    "case bank": _casebank,
    "workbooks": _workbooks,
    "sign-in": _sign_in,
    "warm kernels": _warm,
    "memory": _memory,
    "descriptors": _descriptors,
}
