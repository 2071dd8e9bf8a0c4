"""The case bank: finding cases, loading one whole, checking them all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from phbkit import wings
from phbkit.casebank import checks, safety
from phbkit.casebank.case import Case
from phbkit.casebank.models import CaseFile, QuestionFile
from phbkit.casebank.panel import Panel, read_panel
from phbkit.casebank.reading import Problem, YamlDocument, read_document, read_model, strings
from phbkit.casebank.reference_data import BodyFile, DealFile, GlossaryFile, Source, SourceFile
from phbkit.casebank.texts import Bodies, TextChecks, is_citation, named, raw_html
from phbkit.errors import CaseError, Fault, UnknownNameError

Model = TypeVar("Model", bound=BaseModel)
_SHARED_FILES = ("sources", "bodies", "deal", "glossary")
_LOADED: dict[tuple[Path, str, dt.date, bool], tuple[tuple[tuple[str, int, int], ...], Case]] = {}


class _File(Generic[Model]):
    """A file of the case bank as read: its document and its model, None where it has faults."""

    def __init__(
        self, document: YamlDocument | Fault, shape: type[Model], texts: TextChecks | None = None
    ) -> None:
        self.document = document if isinstance(document, YamlDocument) else None
        self.model: Model | None = None
        self.faults = [document] if isinstance(document, Fault) else []
        if self.document is None:
            return
        data = self.document.data
        if texts:
            self.check(texts.problems(self.document))
            data = named(data, texts.bodies, texts.day)
        else:
            self.check(p for path, text in strings(data) for p in raw_html(path, text))
        model = read_model(self.document, shape, data)
        if isinstance(model, list):
            self.faults += model
        else:
            self.model = model

    def check(self, problems: Iterable[Problem]) -> None:
        """Add what is wrong to the faults."""
        if self.document:
            self.faults += self.document.faults(problems)

    @property
    def cited(self) -> set[str]:
        """The sources that the file cites."""
        texts = strings(self.document.data) if self.document else ()
        return {text for path, text in texts if is_citation(path)}


@dataclass(frozen=True)
class _Files:
    """The files of one case, and of what it rests on, with every fault found."""

    about: _File[CaseFile]
    asked: _File[QuestionFile]
    deal: _File[DealFile]
    glossary: _File[GlossaryFile]
    faults: list[Fault] = field(default_factory=list)

    @property
    def all(self) -> tuple[_File[Any], ...]:
        """The four files."""
        return self.about, self.asked, self.deal, self.glossary


class CaseBank:
    """A folder of cases.

    Parameters
    ----------
    root
        The folder that holds `sources.yaml`, `bodies.yaml`, `deal.yaml`, `glossary.yaml` and
        `cases/`.
    today
        The day that "in the future" and "due" are measured from.
    drafts
        Load a case that its author has not filled in everywhere yet.
    """

    def __init__(self, root: Path, *, today: dt.date | None = None, drafts: bool = False) -> None:
        self.root, self._drafts = root, drafts
        self.today = today or dt.datetime.now(tz=dt.UTC).date()

    @property
    def case_ids(self) -> list[str]:
        """The ids of all cases, whether or not they have faults."""
        return sorted(folder.name for folder in (self.root / "cases").glob("*") if folder.is_dir())

    def load(self, case_id: str) -> Case:
        """Load one case whole; from memory, where this process has loaded it from the same files.

        Raises
        ------
        UnknownNameError
            No case has this id.
        CaseError
            The case, or what it rests on, has faults: all of them are listed.
        """
        name = (self.root.resolve(), case_id, self.today, self._drafts)
        stamps = self._stamps(case_id)
        if name in _LOADED and _LOADED[name][0] == stamps:
            return _LOADED[name][1]
        case, files = self._read_case(case_id)
        if case is None:
            faults = sorted(set(files.faults))
            raise CaseError.of(f"The case {case_id!r}", faults, "was not loaded")
        _LOADED[name] = stamps, case
        return case

    def faults_of(self, case_id: str) -> list[Fault]:
        """Find every fault of one case and of what it rests on.

        Raises
        ------
        UnknownNameError
            No case has this id.
        """
        return sorted(set(self._read_case(case_id)[1].faults))

    def faults(self) -> list[Fault]:
        """Find every fault of every case, and sources that nobody cites."""
        cases = [self._read_case(case_id)[1] for case_id in self.case_ids]
        files = [file for case in cases for file in case.all]
        faults = {*self._reference_faults, *(fault for case in cases for fault in case.faults)}
        cited = {body.source for bodies in self._bodies.values() for body in bodies}
        cited.update(*(file.cited for file in files))
        if self._source_file.document and all(file.document for file in files):
            problems = (
                (("sources", name), "is never cited.", "Cite it, or take it out.")
                for name in self._sources
                if name not in cited
            )
            faults |= set(self._source_file.document.faults(problems))
        return sorted(faults)

    def warnings(self, case_ids: Iterable[str]) -> list[Fault]:
        """List what in some cases is most likely wrong, and may be right."""
        faults: list[Fault] = []
        for case_file, case, question_file, asked in self._sound_files(case_ids):
            faults += case_file.faults(safety.risk_bands(case_file))
            faults += case_file.faults(safety.uncaught_harm(case))
            faults += question_file.faults(safety.risk_bands(question_file))
            faults += question_file.faults(safety.several_facts(asked.questions))
        return sorted(faults)

    def strange_marks(
        self, item_marks: Collection[str], case_marks: Collection[str], case_ids: Iterable[str]
    ) -> list[Fault]:
        """Find marks on cases and items that no rule reads: most likely misspelt."""
        return [
            fault
            for document, case, *_ in self._sound_files(case_ids)
            for fault in document.faults(checks.strange_marks(case, item_marks, case_marks))
        ]

    def rules_beside(self, functions: Collection[str]) -> list[Fault]:
        """Find rules of the deal that no function holds a plan against."""
        deal = self._read("deal", DealFile, self.today)
        if deal.document is None or deal.model is None:
            return []
        problems = (
            (("rules", index, "id"), "has no function in phbkit.", "Write one.")
            for index, rule in enumerate(deal.model.rules)
            if rule.id not in functions
        )
        return list(deal.document.faults(problems))

    def unsigned(self, case_ids: Iterable[str]) -> list[Fault]:
        """Find cases that may not be published.

        Nobody qualified has signed them off, their next review is past, or what they say of safety
        has no sound source.
        """
        faults: list[Fault] = []
        for document, case, question_file, asked in self._sound_files(case_ids):
            faults += document.faults(safety.weakly_sourced(case, self._sources))
            faults += question_file.faults(safety.weakly_sourced(asked, self._sources))
            faults += document.faults(checks.check_published(case.sign_off, self.today))
        return faults

    def due(self) -> dict[str, Source]:
        """List the sources whose next check is due, the longest overdue first."""
        late = {name: s for name, s in self._sources.items() if s.due <= self.today}
        return dict(sorted(late.items(), key=lambda entry: entry[1].due))

    def _sound_files(
        self, case_ids: Iterable[str]
    ) -> Iterator[tuple[YamlDocument, CaseFile, YamlDocument, QuestionFile]]:
        """Read the two files of each case, where both hold what they should."""
        for case_id in case_ids:
            files = self._read_case(case_id)[1]
            about, asked = files.about, files.asked
            if about.document and about.model and asked.document and asked.model:
                yield about.document, about.model, asked.document, asked.model

    @cached_property
    def _documents(self) -> dict[str, YamlDocument | Fault]:
        return {name: read_document(self.root / f"{name}.yaml") for name in _SHARED_FILES}

    @cached_property
    def _source_file(self) -> _File[SourceFile]:
        file = _File(self._documents["sources"], SourceFile)
        file.check(checks.check_sources(file.model.sources if file.model else {}, self.today))
        return file

    @cached_property
    def _body_file(self) -> _File[BodyFile]:
        file = _File(self._documents["bodies"], BodyFile)
        if self._source_file.model and file.model:
            file.check(checks.check_bodies(file.model.bodies, self._sources))
        return file

    @property
    def _sources(self) -> dict[str, Source]:
        return self._source_file.model.sources if self._source_file.model else {}

    @property
    def _bodies(self) -> Bodies:
        return self._body_file.model.bodies if self._body_file.model else {}

    @property
    def _reference_faults(self) -> list[Fault]:
        return self._source_file.faults + self._body_file.faults

    def _folder(self, case_id: str) -> Path:
        if case_id not in self.case_ids:
            raise UnknownNameError.among("case", case_id, self.case_ids, str(self.root / "cases"))
        return self.root / "cases" / case_id

    def _read(
        self, document: str | YamlDocument | Fault, shape: type[Model], day: dt.date
    ) -> _File[Model]:
        """Read a file of a case, or a shared one by its name, as on the day of the case."""
        sources = self._sources if self._source_file.model else None
        measures = shape is GlossaryFile
        texts = TextChecks(self._bodies, day, self.today, self._drafts, sources, measures)
        found = self._documents[document] if isinstance(document, str) else document
        return _File(found, shape, texts)

    def _read_case(self, case_id: str) -> tuple[Case | None, _Files]:
        folder = self._folder(case_id)
        document = read_document(folder / "case.yaml")
        day = self._day_of(document)
        files = _Files(
            self._read(document, CaseFile, day),
            self._read(read_document(folder / "questions.yaml"), QuestionFile, day),
            self._read("deal", DealFile, day),
            self._read("glossary", GlossaryFile, day),
        )
        about, asked, deal = files.about.model, files.asked.model, files.deal.model
        glossary = files.glossary.model.glossary if files.glossary.model else None
        rules = {rule.id: rule for rule in deal.rules} if deal else {}
        if deal:
            files.deal.check(checks.check_rules(deal))
        if about and glossary is not None:
            files.about.check(checks.check_case(about, case_id, rules, glossary))
            files.about.check(safety.check_safety(about))
        if asked:
            files.asked.check(checks.check_questions(asked, about))
        area, panels = _area_of(about, folder), _panels_of(about, asked, folder)
        files.faults.extend(self._reference_faults)
        files.faults.extend(fault for file in files.all for fault in file.faults)
        files.faults.extend(area if isinstance(area, list) else [])
        files.faults.extend(fault for panel in panels if isinstance(panel, list) for fault in panel)
        if files.faults or not (about and asked and glossary is not None):
            return None, files
        case = Case(
            about,
            asked.questions,
            tuple(panel for panel in panels if isinstance(panel, Panel)),
            rules,
            self._sources,
            glossary,
            self._version(folder),
            None if isinstance(area, list) else area,
        )
        return case, files

    def _day_of(self, document: YamlDocument | Fault) -> dt.date:
        """Return the day a case plays, before anything else of it is known to be right."""
        data = document.data if isinstance(document, YamlDocument) else None
        day = data.get("as_of") if isinstance(data, dict) else None
        try:
            return dt.date.fromisoformat(str(day))
        except ValueError:
            return self.today

    def _stamps(self, case_id: str) -> tuple[tuple[str, int, int], ...]:
        """Note when each file that a case rests on was last written, and how long it is."""
        shared = (self.root / f"{name}.yaml" for name in _SHARED_FILES)
        files = (*shared, *sorted(_data_files(self._folder(case_id))))
        stats = ((str(file), file.stat()) for file in files if file.exists())
        return tuple((name, found.st_mtime_ns, found.st_size) for name, found in stats)

    def _version(self, folder: Path) -> str:
        """Fingerprint everything that a result of this case depends on."""
        files = [self.root / "deal.yaml", self.root / "bodies.yaml", *sorted(_data_files(folder))]
        digest = hashlib.sha256()
        for file in files:
            digest.update(file.relative_to(self.root).as_posix().encode() + b"\0")
            digest.update(file.read_bytes() + b"\0")
        return digest.hexdigest()[:12]


def _panels_of(
    about: CaseFile | None, asked: QuestionFile | None, folder: Path
) -> list[Panel | list[Fault]]:
    """Read the panels of a case, or what is wrong with each."""
    if about is None or asked is None:
        return []
    concordance = [q.id for q in asked.questions if q.format == "concordance"]
    return [read_panel(spec, folder, concordance) for spec in about.panels]


def _area_of(about: CaseFile | None, folder: Path) -> Any:
    """Read the figures of the area that a case is about, where it is about one."""
    if about is None or about.money is None:
        return None
    file = (folder / about.money.area).resolve()
    if not file.is_relative_to(folder.resolve()):
        return [Fault(folder / "case.yaml", 0, "money.area", "points outside.", "Keep it inside.")]
    return next((hook(file) for hook in wings.hooks("read_area")), None)


def _data_files(folder: Path) -> Iterator[Path]:
    kinds = {".yaml", ".csv"}
    return (file for file in folder.rglob("*") if file.is_file() and file.suffix in kinds)
