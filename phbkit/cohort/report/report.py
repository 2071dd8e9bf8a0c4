"""The report of a run: its parts, for the notebook, as a page and as a PDF."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from phbkit.casebank import SCALE, CaseBank
from phbkit.cohort.jobs import RunError
from phbkit.cohort.page import blocks_html, style
from phbkit.cohort.report import panels, passing, pictures, scores, texts
from phbkit.cohort.report import standards as standards_file
from phbkit.cohort.report.render import counted, render
from phbkit.cohort.report.results import Run, read_run
from phbkit.cohort.report.standards import Standard
from phbkit.cohort.statistics import items, pass_decision, reliability
from phbkit.documents.document import Block, Document, Heading, as_text
from phbkit.errors import need_known
from phbkit.settings import Settings, settings
from phbkit.workbook.notebook import refuse_unknown_parameters

TITLE = "Cohort report"
BEGIN = (
    "No run is shown here. Run a cohort first: phb run workbooks/*.ipynb --answers cohort.csv "
    "--out runs/spring. Then: phb report runs/spring."
)
SIMULATED = (
    "Simulated answers: nobody real gave them. Figures show how the report works, and nothing else."
)
_NAMES = {
    "SCALE": SCALE,
    "SIMULATED": SIMULATED,
    "combinations": combinations,
    "items": items,
    "pass_decision": pass_decision,
    "passing": passing,
    "pictures": pictures,
    "reliability": reliability,
    "texts": texts,
}
PARTS = {
    "run": "What was run",
    "distribution": "How scores are spread",
    "cases": "Case by case",
    "items": "Item by item",
    "concordance": "Beside the panels",
    "reliability": "How far scores can be trusted",
    "standard": "The standard",
    "decisions": "Pass decisions",
    "critical": "Critical errors",
    "certainty": "How sure learners were",
    "gaps": "Conversations, as they saw them",
    "texts": "Texts for markers",
    "failed": "Notebooks that failed",
}


@dataclass(frozen=True)
class Part:
    """One part of the report. It shows itself in a notebook and hands over its tables' numbers."""

    name: str
    blocks: tuple[Block, ...] = ()
    frames: tuple[pd.DataFrame, ...] = ()

    def frame(self, number: int = 0) -> pd.DataFrame:
        """Hand over the numbers behind one of the part's tables, the first by default."""
        known = list(map(str, range(len(self.frames))))
        need_known(f"table of {self.name!r}", str(number), known)
        return self.frames[number]

    def __repr__(self) -> str:
        return as_text(Document(PARTS[self.name], self.blocks[1:])) if self.blocks else ""

    def _repr_html_(self) -> str:
        return str(_SECTION.format(blocks_html(self.blocks))) if self.blocks else ""


_SECTION = Markup('<section class="phb-report" lang="en-GB">{}</section>')


@dataclass(eq=False, repr=False)
class Report:
    """What a run came to. Open it with `Report.open`."""

    run: Run | None
    standards: dict[str, Standard] = field(default_factory=dict)
    marks: tuple[Path, ...] = ()
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict, init=False)

    @classmethod
    def open(
        cls,
        run: str | os.PathLike[str] | None = None,
        standards: str | os.PathLike[str] | None = None,
        marks: Iterable[str | os.PathLike[str]] | None = None,
        *,
        using: Settings | None = None,
    ) -> Report:
        """Open the report of a run.

        Parameters
        ----------
        run
            The folder of a run; None says how to begin.
        standards
            A JSON file with what judges said of the pass mark.
        marks
            Two files of marks, one of each marker, filled in from `for_marking.csv`.
        using
            Settings; by default from the environment.

        Raises
        ------
        RunError, CaseError, StandardsError, MarksError
            What cannot be read, and what would be right.
        """
        refuse_unknown_parameters()
        if run is None:
            return cls(None)
        files = tuple(Path(file) for file in marks or ())
        if len(files) not in {0, 2}:
            raise texts.MarksError(f"It takes the marks of two markers; {len(files)} were given.")
        bank = CaseBank((using or settings()).need_folder("casebank"))
        read = read_run(Path(run), bank)
        cuts = standards_file.read_standards(Path(standards), read) if standards else {}
        return cls(read, cuts, files)

    @cached_property
    def forms(self) -> list[panels.PanelForm]:
        """The concordance forms of each case and panel."""
        return panels.forms_of(self._need)

    @cached_property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """By key: why it is for learning only."""
        return panels.formative_reasons(self._need, self.forms)

    @property
    def shared_reasons(self) -> tuple[str, ...]:
        """Reasons that hold for every key."""
        first, *others = self.reasons.values() or ((),)
        return tuple(why for why in first if all(why in other for other in others))

    def frame(self, name: str) -> pd.DataFrame:
        """Hand over figures as numbers, with their units in the columns' names.

        Raises
        ------
        UnknownNameError
            There are no such figures.
        """
        need_known("frame of the report", name, FRAMES)
        if name not in self._frames:
            self._frames[name] = FRAMES[name](self, self._need)
        return self._frames[name]

    def part(self, name: str) -> Part:
        """Show one part of the report.

        Raises
        ------
        UnknownNameError
            There is no such part.
        """
        need_known("part of the report", name, PARTS)
        if self.run is None:
            return Part(name)
        blocks, frames = render(f"{name}.j2", report=self, run=self.run, **_NAMES)
        return Part(name, (Heading(PARTS[name]), *blocks), frames)

    @property
    def stamp(self) -> str:
        """What has to be known of every figure; empty where nothing has."""
        if self.run is None:
            return ""
        warnings = [SIMULATED] if self.run.simulated else []
        if self.reasons and all(self.reasons.values()):
            warnings.append("For learning only: no key of this run may pass or fail anybody.")
        return " ".join(warnings)

    def document(self) -> Document:
        """Put all parts together."""
        run = self._need
        blocks = tuple(block for name in PARTS for block in self.part(name).blocks)
        subtitle = f"{counted(len(run.learners), 'learner')}, {counted(len(run.case_ids), 'case')}."
        return Document(TITLE, blocks, subtitle=subtitle, stamp=self.stamp)

    def __repr__(self) -> str:
        return f"<Report {self.run.folder}>" if self.run else BEGIN

    def _repr_html_(self) -> str:
        kind = "stamp" if self.stamp else "lead"
        message = self.stamp or ("Nothing rules out a pass decision." if self.run else BEGIN)
        paragraph = Markup('<p class="{}">{}</p>').format(kind, message)
        return Markup("<style>{}</style>").format(style()) + _SECTION.format(paragraph)

    @property
    def _need(self) -> Run:
        if self.run is None:
            raise RunError(BEGIN)
        return self.run


FRAMES: Mapping[str, Callable[[Report, Run], pd.DataFrame]] = {
    "scores": lambda report, run: scores.summary(run, report.standards),
    "distribution": lambda _, run: scores.distribution(run),
    "cases": lambda _, run: scores.cases(run),
    "items": lambda _, run: scores.items(run),
    "panel_items": lambda report, _: panels.panel_items(report.forms),
    "panel_forms": lambda report, _: panels.panel_forms(report.forms),
    "reliability": lambda _, run: passing.reliability_frame(run),
    "standards": lambda report, _: standards_file.standards_frame(report.standards),
    "decisions": lambda report, run: passing.decisions(
        run, report.standards, report.frame("reliability"), report.reasons
    ),
    "critical_errors": lambda _, run: scores.critical_errors(run),
    "critical_learners": lambda _, run: scores.critical_learners(run),
    "certainty": lambda _, run: scores.confidence(run),
    "gaps": lambda _, run: scores.gaps(run),
    "texts": lambda _, run: texts.texts_frame(run),
    "marks": lambda report, run: texts.marked_frame(run, report.marks),
    "agreement": lambda report, _: texts.agreement_frame(report.frame("marks")),
    "failed": lambda _, run: run.failed,
}
