"""The case bank: finding cases, loading one whole, checking them all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from phbkit.casebank import checks, safety
from phbkit.casebank.area import Area, read_area
from phbkit.casebank.bodies import Bodies, check_names, named
from phbkit.casebank.case import Case
from phbkit.casebank.models import CaseFile, QuestionFile
from phbkit.casebank.panel import Panel, read_panel
from phbkit.casebank.reading import Document, read_document, read_model
from phbkit.casebank.reference_data import BodyFile, DealFile, GlossaryFile, Source, SourceFile
from phbkit.errors import CaseError, Fault, UnknownNameError

Model = TypeVar("Model", bound=BaseModel)
_SHARED_FILES = ("sources", "bodies", "deal", "glossary")
_LOADED: dict[tuple[Path, str, dt.date, bool], tuple[tuple[tuple[str, int, int], ...], Case]] = {}


@dataclass
class _Reading:
    """What one pass over files found: faults, the sources they cite, and a case's two files."""

    bodies: Bodies
    day: dt.date
    drafts: bool = False
    faults: list[Fault] = field(default_factory=list)
    cited: set[str] = field(default_factory=set)
    unread: bool = False
    case: tuple[Document, CaseFile] | None = None
    asked: tuple[Document, QuestionFile] | None = None

    def read(self, document: Document | Fault, model: type[Model]) -> Model | None:
        """Validate a document, and check its prose and its names of bodies."""
        if isinstance(document, Fault):
            self.faults.append(document)
            self.unread = True
            return None
        self.faults += checks.check_prose(document)
        if not self.drafts:
            self.faults += checks.check_filled_in(document)
        self.faults += check_names(document, self.bodies, self.day)
        self.cited |= {name for _, name in checks.cited(document)}
        found = read_model(document, model, named(document.data, self.bodies, self.day))
        if isinstance(found, list):
            self.faults += found
            return None
        return found


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
        case, reading = self._read_case(case_id)
        if case is None:
            raise CaseError(case_id, sorted(set(reading.faults)))
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

    def warnings(self, case_ids: Iterable[str]) -> list[Fault]:
        """List what in some cases is most likely wrong, and may be right."""
        return sorted(f for files in self._files_of(case_ids) for f in safety.warnings(*files))

    def faults(self) -> list[Fault]:
        """Find every fault of every case, and sources that nobody cites."""
        readings = [self._read_case(case_id)[1] for case_id in self.case_ids]
        faults = {*self._ground_faults, *(fault for r in readings for fault in r.faults)}
        cited = {body.source for held in self._bodies.values() for body in held}
        cited |= {name for reading in readings for name in reading.cited}
        document = self._documents["sources"]
        all_read = not any(reading.unread for reading in readings)
        if isinstance(document, Document) and all_read:
            faults |= {
                document.fault(("sources", name), "is never cited.", "Cite it, or take it out.")
                for name in self._sources
                if name not in cited
            }
        return sorted(faults)

    def strange_marks(
        self, item_marks: Collection[str], case_marks: Collection[str], case_ids: Iterable[str]
    ) -> list[Fault]:
        """Find marks on cases and items that no rule reads: most likely misspelt."""
        faults = []
        for document, case, *_ in self._files_of(case_ids):
            places: list[tuple[tuple[str | int, ...], str, Collection[str]]] = [
                (("marks", n), mark, case_marks) for n, mark in enumerate(case.marks)
            ]
            for index, item in enumerate(case.items):
                for n, mark in enumerate(item.marks):
                    places.append((("items", index, "marks", n), mark, item_marks))
            for path, mark, known in places:
                if mark not in known:
                    near = get_close_matches(mark, known, n=1)
                    cure = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
                    faults.append(document.fault(path, f"{mark!r} is read by no rule.", cure))
        return faults

    def rules_beside(self, functions: Collection[str]) -> list[Fault]:
        """Find rules of the deal that no function holds a plan against."""
        document = self._documents["deal"]
        deal = _Reading(self._bodies, self.today).read(document, DealFile)
        if deal is None or isinstance(document, Fault):
            return []
        return [
            document.fault(("rules", index, "id"), "has no function in phbkit.", "Write one.")
            for index, rule in enumerate(deal.rules)
            if rule.id not in functions
        ]

    def unsigned(self, case_ids: Iterable[str]) -> list[Fault]:
        """Find cases that may not be published.

        Nobody qualified has signed them off, their next review is past, or what they say of safety
        has no sound source.
        """
        faults: list[Fault] = []
        for document, case, asked, questions in self._files_of(case_ids):
            faults += safety.weakly_sourced(document, case, asked, questions, self._sources)
            review = case.sign_off.next_review
            if case.sign_off.state == "draft":
                cure = "Somebody qualified has to review it and give their role and the date."
                faults.append(document.fault(("sign_off", "state"), "is draft.", cure))
            elif review and review < self.today:
                problem = f"was due on {review}."
                faults.append(document.fault(("sign_off", "next_review"), problem, "Review it."))
        return faults

    def _files_of(
        self, case_ids: Iterable[str]
    ) -> Iterator[tuple[Document, CaseFile, Document, QuestionFile]]:
        """Read the two files of each case, where both hold what they should."""
        for case_id in case_ids:
            reading = self._read_case(case_id)[1]
            if reading.case and reading.asked:
                yield *reading.case, *reading.asked

    def due(self) -> dict[str, Source]:
        """List the sources whose next check is due, the longest overdue first."""
        late = {name: s for name, s in self._sources.items() if s.due <= self.today}
        return dict(sorted(late.items(), key=lambda entry: entry[1].due))

    @cached_property
    def _documents(self) -> dict[str, Document | Fault]:
        return {name: read_document(self.root / f"{name}.yaml") for name in _SHARED_FILES}

    @cached_property
    def _ground(self) -> tuple[SourceFile | None, BodyFile | None, list[Fault]]:
        """Sources and bodies, which name things themselves and depend on no day."""
        faults: list[Fault] = []

        def read(name: str, model: type[Model]) -> Model | None:
            document = self._documents[name]
            if isinstance(document, Fault):
                faults.append(document)
                return None
            faults.extend(checks.check_prose(document))
            found = read_model(document, model, document.data)
            if isinstance(found, list):
                faults.extend(found)
                return None
            return found

        sources, bodies = read("sources", SourceFile), read("bodies", BodyFile)
        document = self._documents["sources"]
        if sources and isinstance(document, Document):
            faults += checks.check_sources(document, sources.sources, self.today)
        document = self._documents["bodies"]
        if sources and bodies and isinstance(document, Document):
            faults += checks.check_bodies(document, bodies.bodies, sources.sources)
        return sources, bodies, faults

    @property
    def _sources(self) -> dict[str, Source]:
        sources = self._ground[0]
        return sources.sources if sources else {}

    @property
    def _bodies(self) -> Bodies:
        bodies = self._ground[1]
        return bodies.bodies if bodies else {}

    @property
    def _ground_faults(self) -> list[Fault]:
        return self._ground[2]

    def _folder(self, case_id: str) -> Path:
        if case_id not in self.case_ids:
            raise UnknownNameError.among("case", case_id, self.case_ids, str(self.root / "cases"))
        return self.root / "cases" / case_id

    def _read_case(self, case_id: str) -> tuple[Case | None, _Reading]:
        folder = self._folder(case_id)
        case_document = read_document(folder / "case.yaml")
        question_document = read_document(folder / "questions.yaml")
        reading = _Reading(self._bodies, self._day_of(case_document), self._drafts)
        reading.faults += self._ground_faults
        about = reading.read(case_document, CaseFile)
        asked = reading.read(question_document, QuestionFile)
        deal = reading.read(self._documents["deal"], DealFile)
        glossary = reading.read(self._documents["glossary"], GlossaryFile)
        documents = (case_document, question_document, self._documents["deal"])
        reading.faults += self._check_citations(documents)
        for document in documents:
            if isinstance(document, Document):
                reading.faults += checks.check_dates(document, self.today)
                reading.faults += safety.check_texts(document, self.today)
        if deal and isinstance(self._documents["deal"], Document):
            reading.faults += checks.check_rules(self._documents["deal"], deal.rules)
        if about and glossary and isinstance(case_document, Document):
            entries = glossary.glossary
            rules = [rule.id for rule in deal.rules] if deal else []
            reading.case = case_document, about
            reading.faults += checks.check_case(case_document, about, entries, case_id, rules)
            reading.faults += safety.check_safety(case_document, about)
        area = _area_of(about, folder)
        reading.faults += area if isinstance(area, list) else []
        if asked and isinstance(question_document, Document):
            reading.asked = question_document, asked
            reading.faults += checks.check_questions(question_document, asked.questions, about)
        panels = _read_panels(about, asked, folder, reading.faults) if about and asked else []
        if not (about and asked and deal and glossary) or reading.faults:
            return None, reading
        case = Case(
            about,
            asked.questions,
            tuple(panels),
            {rule.id: rule for rule in deal.rules},
            self._sources,
            glossary.glossary,
            self._version(folder),
            None if isinstance(area, list) else area,
        )
        return case, reading

    def _day_of(self, document: Document | Fault) -> dt.date:
        """Return the day a case plays, before anything else of it is known to be right."""
        data = document.data if isinstance(document, Document) else None
        day = data.get("as_of") if isinstance(data, dict) else None
        try:
            return dt.date.fromisoformat(str(day))
        except ValueError:
            return self.today

    def _check_citations(self, documents: Iterable[Document | Fault]) -> Iterator[Fault]:
        for document in documents:
            if isinstance(document, Document) and self._ground[0]:
                yield from checks.check_citations(document, self._sources)

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


def _read_panels(
    about: CaseFile, asked: QuestionFile, folder: Path, faults: list[Fault]
) -> list[Panel]:
    """Read the panels of a case, and add what is wrong with them to `faults`."""
    concordance = [q.id for q in asked.questions if q.format == "concordance"]
    read = [read_panel(spec, folder, concordance) for spec in about.panels]
    faults += (fault for panel in read if isinstance(panel, list) for fault in panel)
    return [panel for panel in read if isinstance(panel, Panel)]


def _area_of(about: CaseFile | None, folder: Path) -> Area | list[Fault] | None:
    """Read the figures of the area that a case is about, where it is about one."""
    if about is None or about.money is None:
        return None
    file = (folder / about.money.area).resolve()
    if not file.is_relative_to(folder.resolve()):
        return [Fault(folder / "case.yaml", 0, "money.area", "points outside.", "Keep it inside.")]
    return read_area(file)


def _data_files(folder: Path) -> Iterator[Path]:
    kinds = {".yaml", ".csv"}
    return (file for file in folder.rglob("*") if file.is_file() and file.suffix in kinds)
