"""A finished run without its notebooks: scored by `score`, which a notebook displays the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.cohort.folder import RunFolder, jobs_of
from phbkit.cohort.jobs import DONE, FAILED, Outcome
from phbkit.cohort.reading import Attempt
from phbkit.cohort.simulate import simulate
from phbkit.cohort.tables import write_tables
from phbkit.errors import AnswersError
from phbkit.scoring import score
from phbkit.workbook.answers import check_answers


def simulated(cases: list[Case], learners: int, *, real: bool = True) -> list[Attempt]:
    """Make up a cohort; `real` takes its mark away, so that reports read as of real people."""
    made = simulate(cases, learners, seed=7)
    return [Attempt(a.learner, a.case, a.answers, simulated=not real) for a in made]


def made_run(root: Path, cases: list[Case], attempts: Iterable[Attempt]) -> Path:
    """Leave behind what `phb run` does, but the notebooks."""
    folder = RunFolder(root)
    root.mkdir(parents=True)
    known = {case.id: case for case in cases}
    playing = {case.id: (case.id.replace("-", "_"), "0" * 16, case.version) for case in cases}
    folder.keep_cohort(attempts)
    wanted = {}
    with (root / "outcomes.jsonl").open("w") as lines:
        for job in jobs_of(folder.cohort(), playing):
            wanted[job.key] = job.fingerprint
            ended = _ended(known[job.case], job.answers)
            outcome = Outcome(
                job.workbook, job.learner, job.case, job.fingerprint, notebook=job.notebook,
                simulated=job.simulated, **ended,
            )  # fmt: skip
            lines.write(outcome.as_line())
    made_up = write_tables(folder, wanted, cases)
    told = {
        case: {"workbook": workbook, "workbook_sha256": content, "version": version}
        for case, (workbook, content, version) in sorted(playing.items())
    }
    folder.keep_manifest(
        {
            "format": "phbkit-run/1", "state": "finished", "phbkit": "0", "cohort": "spring.csv",
            "cases": told, "jobs": len(wanted), "simulated": made_up,
        }
    )  # fmt: skip
    return root


def _ended(case: Case, answers: Mapping[str, Any]) -> dict[str, Any]:
    try:
        result = score(case, check_answers(case, {"answers": answers}))
    except AnswersError as error:
        return {"state": FAILED, "error": "AnswersError", "said": str(error)}
    return {"state": DONE, "result": json.loads(json.dumps(result.as_dict()))}
