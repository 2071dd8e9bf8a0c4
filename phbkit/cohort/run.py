"""Running a cohort: every learner's answers through the workbooks, and one table in the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_core import to_json

from phbkit import __version__
from phbkit.casebank import Case, CaseBank
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import FAILED, CohortAttempt, Job, RunError, digest
from phbkit.cohort.pool import run_all
from phbkit.cohort.reading import Which, read_cohort
from phbkit.cohort.tables import write_tables
from phbkit.errors import CaseError
from phbkit.kernels.limits import Limits
from phbkit.settings import Settings
from phbkit.text import caseless


@dataclass(frozen=True)
class Options:
    """How a cohort is run.

    Attributes
    ----------
    workers
        Notebooks at a time; None for one a core, and one more while others wait for the disk.
    only
        Learners to run; all where empty.
    retry_failed
        Run what failed before once more.
    limits
        What each notebook may use.
    scheduler
        The address of a Dask scheduler; empty for this machine.
    which
        The attempt of each learner that counts, where the cohort is a database; None for the first.
    watch
        Is told how the run stands after each job.
    """

    workers: int | None = None
    only: tuple[str, ...] = ()
    retry_failed: bool = False
    limits: Limits = field(default_factory=lambda: Limits(60.0, 2048))
    scheduler: str = ""
    which: Which | None = None
    watch: Callable[[RunProgress], None] = lambda _: None


@dataclass
class RunProgress:
    """How a run stands: jobs in all, run now, done before, and of all those the failed ones.

    `workbooks` are those that are run: each plays a case of its own.
    """

    workbooks: tuple[Path, ...] = ()
    jobs: int = 0
    ran: int = 0
    before: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"{self.ran} ran, {self.before} were already done, {self.failed} failed."


def run_cohort(
    workbooks: Sequence[Path], source: str, out: Path, options: Options, *, using: Settings
) -> RunProgress:
    """Run a cohort through workbooks into a folder; run again, it goes on where it was.

    Raises
    ------
    RunError, CohortError, CaseError
        Why it cannot begin or go on. What is done is kept.
    """
    bank = CaseBank(using.need_folder("casebank"))
    played = cases_played(workbooks, bank)
    others, which = _others(bank, played.values()), options.which or "first"
    attempts = read_cohort(source, played.values(), others, which)
    name = f"a database, {which} attempts" if "://" in source else Path(source).name
    if options.which and "://" not in source:
        raise RunError("--attempt: goes with --answers that name a database.")
    return run_attempts(played, attempts, name, out, options)


def run_attempts(
    workbooks: Mapping[Path, Case],
    attempts: Iterable[CohortAttempt],
    name: str,
    out: Path,
    options: Options,
) -> RunProgress:
    """Run attempts through the workbooks that play their cases.

    Parameters
    ----------
    name
        What the attempts were read from, for the manifest.

    Raises
    ------
    RunError
        Why it cannot begin or go on. What is done is kept.
    """
    folder, progress, played = RunFolder(out), RunProgress(tuple(workbooks)), {}
    try:
        with folder.alone():
            for file, case in workbooks.items():
                content = digest(folder.keep_workbook(file))
                kept = {"workbook": file.stem, "workbook_sha256": content, "version": case.version}
                shown = digest(to_json([__version__, case.sources, case.glossary]))
                played[case.id] = kept | {"shown_with": shown}
            progress.jobs = folder.keep_cohort(attempts)
            _check_only(folder, options)
            manifest = {
                "format": "phbkit-run/1",
                "state": "running",
                "phbkit": __version__,
                "cohort": name,
                "cases": dict(sorted(played.items())),
            }
            folder.keep_manifest(manifest)
            _run(folder, played, options, progress)
            simulated = write_tables(folder, played, workbooks.values())
            whole = progress.jobs == progress.ran + progress.before
            manifest["state"] = "finished" if whole else "unfinished"
            folder.keep_manifest(manifest | {"jobs": progress.jobs, "simulated": simulated})
    except OSError as error:
        raise RunError(
            f"The run stopped: {error}. What is done is kept; the same command goes on."
        ) from error
    return progress


def _check_only(folder: RunFolder, options: Options) -> None:
    learners = {attempt.learner for attempt in folder.cohort()} if options.only else set()
    for name in options.only:
        if name not in learners:
            raise RunError(f"--only: nobody in this cohort is called {name!r}.")


def _run(
    folder: RunFolder, played: dict[str, dict[str, str]], options: Options, progress: RunProgress
) -> None:
    ended = {o.key: (o.fingerprint, o.state) for o, _ in folder.outcomes()}

    def left() -> Iterator[Job]:
        for job in folder.jobs(played):
            fingerprint, state = ended.get(job.key, ("", ""))
            failed = state == FAILED
            there = failed or (folder.root / job.notebook).is_file()
            chosen = not options.only or job.learner in options.only
            again = options.retry_failed and failed and chosen
            if fingerprint == job.fingerprint and there and not again:
                progress.before += 1
                progress.failed += failed
            elif chosen:
                yield job

    place, width, scheduler = str(folder.root.resolve()), options.workers, options.scheduler
    with folder.logging() as append:
        for outcome in run_all(left(), place, options.limits, width=width, scheduler=scheduler):
            version = played[outcome.case]["version"]
            if (outcome.result or {}).get("case_version", version) != version:
                raise RunError(f"{outcome.case} changed meanwhile. The same command runs it anew.")
            append(outcome)
            progress.ran += 1
            progress.failed += outcome.state == FAILED
            options.watch(progress)


def _others(bank: CaseBank, played: Iterable[Case]) -> list[Case]:
    """Load what else the case bank has; a case with faults that nobody plays is in nobody's way."""
    here = {case.id for case in played}
    found = []
    for case_id in bank.case_ids:
        if case_id not in here:
            with suppress(CaseError):
                found.append(bank.load(case_id))
    return found


def cases_played(workbooks: Sequence[Path], bank: CaseBank) -> dict[Path, Case]:
    """Load the case that each workbook plays; those that play none of their own are left out.

    Raises
    ------
    RunError
        None plays a case, or two play the same one, or a file is no notebook.
    CaseError
        A case has faults.
    """
    played: dict[Path, Case] = {}
    for file in sorted(workbooks):
        try:
            metadata = json.loads(file.read_text(encoding="utf-8"))["metadata"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{file}: cannot be read as a notebook: {error}") from error
        case_id = metadata.get("phbkit", {}).get("case")
        if not case_id:
            continue
        case = bank.load(case_id)
        for other, there in played.items():
            if there.id == case.id or caseless(other.stem) == caseless(file.stem):
                both = f"{other} and {file} play one case, or have one name"
                raise RunError(f"{both}: their notebooks would be one. Take one of them.")
        played[file] = case
    if not played:
        raise RunError("None of these workbooks plays a case, so there is nothing to run.")
    return played
