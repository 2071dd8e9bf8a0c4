"""The report of a run: its parts, for the notebook, as a page and as a PDF."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from phbkit.casebank import CaseBank
from phbkit.cohort.folder import RunError
from phbkit.cohort.report import critical_errors, marking, panels, passing, scores, texts
from phbkit.cohort.report.results import Run, Text, read_run
from phbkit.cohort.report.standards import Standard, StandardsFile, read_standards, set_standard
from phbkit.cohort.report.texts import Agreement
from phbkit.cohort.report.words import counted
from phbkit.documents.document import Block, Document, Heading, Table, as_text
from phbkit.documents.page import blocks_html, style
from phbkit.errors import UnknownNameError
from phbkit.settings import Settings, settings
from phbkit.workbook.notebook import refuse_unknown_parameters

if TYPE_CHECKING:
    import pandas as pd

TITLE = "Cohort report"
BEGIN = (
    "No run is shown here. Run a cohort first: phb run workbooks/*.ipynb --answers cohort.csv "
    "--out runs/spring. Then: phb report runs/spring."
)
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
    "texts": "Texts for markers",
    "failed": "Notebooks that failed",
}


@dataclass(frozen=True)
class Part:
    """One part of the report. It shows itself in a notebook and hands over its tables."""

    name: str
    blocks: tuple[Block, ...]

    def frame(self, number: int = 0) -> pd.DataFrame:
        """Hand over one of the part's tables, the first by default, as it is written."""
        import pandas as pd

        tables = [block for block in self.blocks if isinstance(block, Table)]
        if number not in range(len(tables)):
            raise UnknownNameError.among(
                f"table of {self.name!r}", str(number), [str(n) for n in range(len(tables))]
            )
        return pd.DataFrame(tables[number].rows, columns=list(tables[number].header))

    def __repr__(self) -> str:
        return (
            as_text(Document(PARTS.get(self.name, TITLE), self.blocks[1:])) if self.blocks else ""
        )

    def _repr_html_(self) -> str:
        if not self.blocks:
            return ""
        html = Markup('<section class="phb-report" lang="en-GB">{}</section>')
        return str(html.format(blocks_html(self.blocks)))


class Report:
    """What a run came to. Open it with `Report.open`."""

    def __init__(
        self,
        run: Run | None,
        standards: tuple[Path, StandardsFile] | None = None,
        marks: Sequence[Path] = (),
    ) -> None:
        self.run = run
        self._standards, self._marks = standards, tuple(marks)

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
        files = [Path(file) for file in marks or ()]
        if len(files) not in {0, 2}:
            raise texts.MarksError(f"It takes the marks of two markers; {len(files)} were given.")
        bank = CaseBank((using or settings()).need_folder("casebank"))
        given = (Path(standards), read_standards(Path(standards))) if standards else None
        return cls(read_run(Path(run), bank), given, files)

    @cached_property
    def standards(self) -> dict[str, Standard]:
        """The pass mark of each key that has one."""
        if self._standards is None or self.run is None:
            return {}
        file, given = self._standards
        found = {}
        for key, said in given.keys.items():
            if key not in self.run.keys:
                raise UnknownNameError.among("key", key, self.run.keys, f"{file}: keys")
            items = list(self.run.items(key).columns)
            found[key] = set_standard(key, said, self.run.percent(key), items, file)
        return found

    @cached_property
    def forms(self) -> list[panels.Form]:
        """The concordance forms of each case and panel."""
        return panels.forms_of(self._need)

    @cached_property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """By key: why it is for learning only."""
        return panels.formative_reasons(self._need, self.forms)

    @cached_property
    def decided(self) -> dict[str, passing.Decided]:
        """By key with a pass mark: who passes, and how sure that is."""
        return passing.decide(self._need, self.standards)

    @cached_property
    def texts(self) -> dict[str, Text]:
        """The texts to mark, by the ids that markers know them by."""
        run = self._need
        secret = texts.read_secret(run.folder)
        if self._marks and not secret:
            raise texts.MarksError(
                f"{run.folder}: no texts were handed out for marking. Run phb report without "
                f"--marks first, and give the markers {texts.TO_MARK}."
            )
        return texts.ids(run.texts, secret)

    @cached_property
    def agreements(self) -> list[Agreement] | None:
        """How far two markers agree, by question; None where no marks were given."""
        if not self._marks:
            return None
        first, second = (texts.read_marks(file, self.texts) for file in self._marks)
        return texts.agreements(self.texts, first, second)

    def part(self, name: str) -> Part:
        """Show one part of the report.

        Raises
        ------
        UnknownNameError
            There is no such part.
        """
        if name not in PARTS:
            raise UnknownNameError.among("part of the report", name, list(PARTS))
        if self.run is None:
            return Part(name, ())
        return Part(name, (Heading(PARTS[name]), *self._makers[name]()))

    @property
    def stamp(self) -> str:
        """What has to be known of every figure; empty where nothing has."""
        if self.run is None:
            return ""
        said = [scores.SIMULATED] if self.run.simulated else []
        if self.reasons and all(self.reasons.values()):
            said.append("For learning only: no key of this run may pass or fail anybody.")
        return " ".join(said)

    def document(self) -> Document:
        """Put all parts together."""
        run = self._need
        blocks = (block for name in PARTS for block in self.part(name).blocks)
        learners, cases = len(run.learners), len(run.case_ids)
        subtitle = f"{counted(learners, 'learner')}, {counted(cases, 'case')}"
        return Document(TITLE, tuple(blocks), subtitle=f"{subtitle}.", stamp=self.stamp)

    def __repr__(self) -> str:
        return f"<Report {self.run.folder}>" if self.run else BEGIN

    def _repr_html_(self) -> str:
        said = BEGIN if self.run is None else self.stamp
        if self.run is None:
            kind = "lead"
        else:
            kind = "stamp" if said else "lead"
            said = said or "Nothing rules out a pass decision."
        html = Markup('<style>{}</style><section class="phb-report" lang="en-GB">'
                      '<p class="{}">{}</p></section>')  # fmt: skip
        return str(html.format(style(), kind, said))

    @property
    def _need(self) -> Run:
        if self.run is None:
            raise RunError(BEGIN)
        return self.run

    @property
    def _makers(self) -> dict[str, Callable[[], Iterable[Block]]]:
        run = self._need
        return {
            "run": lambda: scores.what_was_run(run, self.reasons),
            "distribution": lambda: scores.distribution(run, self.standards),
            "cases": lambda: scores.by_case(run),
            "items": lambda: scores.item_table(run),
            "concordance": lambda: panels.concordance_part(run, self.forms),
            "reliability": lambda: passing.reliability_part(run, passing.reliabilities(run)),
            "standard": lambda: passing.standard_part(self.standards),
            "decisions": lambda: passing.decisions_part(self.decided, self.reasons),
            "critical": lambda: critical_errors.critical_part(run),
            "certainty": lambda: critical_errors.certainty_part(run),
            "texts": lambda: marking.texts_part(run, self.agreements),
            "failed": lambda: marking.failed_part(run),
        }
