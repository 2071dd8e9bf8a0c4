"""A finished run without its notebooks: scored by `score`, which a notebook displays the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from phbkit.casebank import Case
from phbkit.cohort.folder import RunFolder
from phbkit.cohort.jobs import CohortAttempt
from phbkit.cohort.simulate import simulate
from phbkit.cohort.tables import write_tables
from phbkit.errors import AnswersError
from phbkit.scoring import score
from phbkit.workbook.answers import check_answers


def simulated(cases: list[Case], learners: int, *, real: bool = True) -> list[CohortAttempt]:
    """Make up a cohort; `real` takes its mark away, so that reports read as of real people."""
    made = simulate(cases, learners, seed=7)
    return [CohortAttempt(a.learner, a.case, a.answers, simulated=not real) for a in made]


def made_run(root: Path, cases: list[Case], attempts: Iterable[CohortAttempt]) -> Path:
    """Leave behind what `phb run` does, but the notebooks."""
    folder = RunFolder(root)
    root.mkdir(parents=True)
    known = {case.id: case for case in cases}
    played = {
        case.id: {
            "workbook": case.id.replace("-", "_"),
            "workbook_sha256": "0" * 16,
            "version": case.version,
        }
        for case in cases
    }
    count = folder.keep_cohort(attempts)
    with folder.logging() as append:
        for job in folder.jobs(played):
            append(job.ended(**_ended(known[job.case], job.answers)))
    made_up = write_tables(folder, played, cases)
    folder.keep_manifest(
        {
            "format": "phbkit-run/1", "state": "finished", "phbkit": "0", "cohort": "spring.csv",
            "cases": dict(sorted(played.items())), "jobs": count, "simulated": made_up,
        }
    )  # fmt: skip
    return root


def _ended(case: Case, answers: Mapping[str, Any]) -> dict[str, Any]:
    try:
        result = score(case, check_answers(case, {"answers": answers}))
    except AnswersError as error:
        return {"error": "AnswersError", "said": str(error)}
    return {"result": json.loads(json.dumps(result.as_dict()))}
