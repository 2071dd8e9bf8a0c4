"""The case bank: finding cases, loading one whole, checking them all."""

from __future__ import annotations

import datetime as dt
import hashlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from phbkit import wings
from phbkit.casebank.case import Case
from phbkit.casebank.checks import Context, named, problems
from phbkit.casebank.faults import Kind, problem
from phbkit.casebank.panel import Panel, read_panel
from phbkit.casebank.reading import YamlDocument, file_inside, read_document, read_model
from phbkit.casebank.reference_data import SHAPES, Source, SourceFile
from phbkit.errors import CaseError, Fault, UnknownNameError

_KINDS: tuple[Kind, ...] = get_args(Kind)
_SHARED = ("deal", "bodies", "sources", "glossary")
_OPTIONAL = {"talk"}
Stamp = tuple[Path, int, int]
"""A file, when it was last written, and how long it is."""


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


@dataclass(frozen=True)
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

    root: Path
    today: dt.date = field(default_factory=_today, kw_only=True)
    drafts: bool = field(default=False, kw_only=True)

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
        return _load(self, case_id, tuple(map(_stamp, self.files(case_id))))

    def check(self, *case_ids: str, functions: Collection[str] = ()) -> dict[Kind, list[Fault]]:
        """Find all that is wrong with some cases and with what they rest on, by its kind.

        Parameters
        ----------
        case_ids
            The cases; where there are none, all of them, and sources that nobody cites.
        functions
            The rules of the deal that functions hold a plan against.

        Raises
        ------
        UnknownNameError
            No case has one of the ids.
        """
        readings = [_Reading(self, case_id, functions) for case_id in case_ids or self.case_ids]
        found = {kind: {f for reading in readings for f in reading.found[kind]} for kind in _KINDS}
        if readings and not case_ids and all(reading.complete for reading in readings):
            cited = {name for reading in readings for name in reading.cited(*SHAPES)}
            document, sources = readings[0].documents["sources"], readings[0].context.sources
            unused = [("sources", name) for name in sources.sources if name not in cited]
            found["fault"] |= {document.fault(problem("never-cited", place)) for place in unused}
        return {kind: sorted(faults) for kind, faults in found.items()}

    def due(self) -> dict[str, Source]:
        """List the sources whose next check is due, the longest overdue first."""
        document = _document(_stamp(self.root / "sources.yaml"))
        known = isinstance(document, YamlDocument) and read_model(document, SourceFile)
        sources = known.sources if isinstance(known, SourceFile) else {}
        late = [(name, source) for name, source in sources.items() if source.due <= self.today]
        return dict(sorted(late, key=lambda entry: entry[1].due))

    def folder(self, case_id: str) -> Path:
        """Find the folder of a case.

        Raises
        ------
        UnknownNameError
            No case has this id.
        """
        if case_id not in self.case_ids:
            raise UnknownNameError.among("case", case_id, self.case_ids, str(self.root / "cases"))
        return self.root / "cases" / case_id

    def files(self, case_id: str) -> list[Path]:
        """List every file that a case rests on."""
        kinds, shared = {".yaml", ".csv"}, (self.root / f"{name}.yaml" for name in _SHARED)
        own = (file for file in self.folder(case_id).rglob("*") if file.is_file())
        return [*shared, *sorted(file for file in own if file.suffix in kinds)]


class _Reading:
    """The files of a case and of what it rests on, as read, and what was found in them by kind."""

    def __init__(self, bank: CaseBank, case_id: str, functions: Collection[str] = ()) -> None:
        self.folder, self.found = bank.folder(case_id), defaultdict[Kind, set[Fault]](set)
        self.documents: dict[str, YamlDocument] = {}
        for name in SHAPES:
            file = (bank.root if name in _SHARED else self.folder) / f"{name}.yaml"
            if name in _OPTIONAL and not file.exists():
                continue
            document = _document(_stamp(file))
            if isinstance(document, YamlDocument):
                self.documents[name] = document
            else:
                self.found["fault"].add(document)
        day = _day_of(self.documents.get("case")) or bank.today
        self.context = Context(case_id, day, bank.today, drafts=bank.drafts)
        if functions:
            self.context.functions = functions
        for name, document in self.documents.items():
            self._read(name, document)
        for name, document in self.documents.items():
            for found in problems(name, document, self.context):
                if found.kind == "fault" or self.sound:
                    self.found[found.kind].add(document.fault(found))
        self.panels = self._read_panels() if self.sound else ()
        self.area = self._read_area() if self.sound else None

    @property
    def sound(self) -> bool:
        """Whether the case and its questions fit their models."""
        return self.context.has("case", "questions")

    @property
    def complete(self) -> bool:
        """Whether every file could be read, and it is known which sources there are."""
        read = self.documents.keys() | _OPTIONAL
        return read == SHAPES.keys() and self.context.has("sources")

    def cited(self, *files: str) -> set[str]:
        """Name the sources that some files cite."""
        read = (self.documents[file] for file in files if file in self.documents)
        ends = [(document, end) for document in read for end in ("sources.*", "source")]
        return {name for document, end in ends for _, name in document.texts_at(end)}

    def _read(self, name: str, document: YamlDocument) -> None:
        bodies = self.context.bodies.bodies if self.context.has("bodies") else {}
        data = named(document.data, bodies, self.context.day)
        model = read_model(document, SHAPES[name], data)
        if isinstance(model, list):
            self.found["fault"].update(model)
        else:
            setattr(self.context, name, model)

    def _read_panels(self) -> tuple[Panel, ...]:
        asked = [q.id for q in self.context.questions.questions if q.format == "concordance"]
        read = [read_panel(spec, self.folder, asked) for spec in self.context.case.panels]
        self.found["fault"].update(*(faults for faults in read if isinstance(faults, list)))
        return tuple(panel for panel in read if isinstance(panel, Panel))

    def _read_area(self) -> Any:
        if self.context.case.money is None:
            return None
        area: Any = file_inside(self.folder, self.context.case.money.area, "money.area")
        if isinstance(area, Path):
            area = next((hook(area) for hook in wings.hooks("read_area")), None)
        self.found["fault"].update(area if isinstance(area, list) else ())
        return area


def _day_of(document: YamlDocument | None) -> dt.date | None:
    """Return the day a case plays, before anything else of it is known to be right."""
    try:
        return dt.date.fromisoformat(document.data["as_of"] if document else "")
    except (KeyError, TypeError, ValueError):
        return None


@lru_cache(maxsize=64)
def _load(bank: CaseBank, case_id: str, stamps: tuple[Stamp, ...]) -> Case:
    reading = _Reading(bank, case_id)
    if reading.found["fault"]:
        faults = sorted(reading.found["fault"])
        raise CaseError.of(f"The case {case_id!r}", faults, "was not loaded")
    files, names = reading.context, reading.cited("deal", "case", "questions", "talk")
    cited = sorted((files.sources.sources[name].title, name) for name in names)
    return Case(
        files.case,
        files.questions.questions,
        reading.panels,
        {rule.id: rule for rule in files.deal.rules},
        files.sources.sources,
        files.glossary.glossary,
        _version(bank.root, [stamp[0] for stamp in stamps]),
        tuple(files.sources.sources[name] for _, name in cited),
        files.talk.talks if files.has("talk") else (),
        _picture(reading.folder / "picture.svg"),
        reading.area,
    )


def _picture(file: Path) -> str:
    """Write a picture as an address that holds it, so that a page need not ask for it."""
    if not file.is_file():
        return ""
    return f"data:image/svg+xml;base64,{b64encode(file.read_bytes()).decode()}"


def _version(root: Path, files: Iterable[Path]) -> str:
    """Fingerprint everything that a result of a case depends on."""
    digest = hashlib.sha256()
    for file in files:
        if file.name not in {"sources.yaml", "glossary.yaml"}:
            digest.update(file.relative_to(root).as_posix().encode() + b"\0")
            digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@lru_cache(maxsize=64)
def _document(stamp: Stamp) -> YamlDocument | Fault:
    return read_document(stamp[0])


def _stamp(file: Path) -> Stamp:
    found = file.stat() if file.exists() else None
    return file, found.st_mtime_ns if found else 0, found.st_size if found else 0
