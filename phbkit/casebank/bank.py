"""The case bank: finding cases, loading one whole, checking them all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from phbkit.casebank import checking
from phbkit.casebank.case import Case
from phbkit.casebank.models import (
    CaseFile,
    DealFile,
    GlossaryEntry,
    GlossaryFile,
    QuestionFile,
    Rule,
    Source,
    SourceFile,
)
from phbkit.casebank.panel import Panel, read_panel
from phbkit.casebank.reading import Document, read_document, read_model
from phbkit.errors import CaseError, Fault, UnknownNameError

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class _Shared:
    """What every case rests on: sources, rules of the deal, glossary."""

    sources: dict[str, Source]
    rules: dict[str, Rule]
    glossary: dict[str, GlossaryEntry]
    faults: tuple[Fault, ...]
    cited: frozenset[str]
    documents: dict[str, Document]


class CaseBank:
    """A folder of cases.

    Parameters
    ----------
    root
        The folder that holds `sources.yaml`, `deal.yaml`, `glossary.yaml` and `cases/`.
    today
        The day that "in the future" is measured from.
    """

    def __init__(self, root: Path, *, today: dt.date | None = None) -> None:
        self.root = root
        self.today = today or dt.datetime.now(tz=dt.UTC).date()

    @property
    def case_ids(self) -> list[str]:
        """The ids of all cases, whether or not they have faults."""
        return sorted(folder.name for folder in (self.root / "cases").glob("*") if folder.is_dir())

    def load(self, case_id: str) -> Case:
        """Load one case whole.

        Raises
        ------
        UnknownNameError
            No case has this id.
        CaseError
            The case, or what it rests on, has faults: all of them are listed.
        """
        if case_id not in self.case_ids:
            raise UnknownNameError.among("case", case_id, self.case_ids, str(self.root / "cases"))
        case, faults, _ = self._read_case(case_id)
        if case is None or faults:
            raise CaseError(case_id, faults)
        return case

    def faults(self) -> list[Fault]:
        """Find every fault of every case, and sources that nobody cites."""
        faults, cited = list(self._shared.faults), set(self._shared.cited)
        for case_id in self.case_ids:
            _, found, used = self._read_case(case_id)
            faults += [fault for fault in found if fault not in faults]
            cited |= used
        sources = self._shared.documents.get("sources")
        for name in self._shared.sources:
            if sources and name not in cited:
                cure = "Cite it, or take it out."
                faults.append(sources.fault(("sources", name), "is never cited.", cure))
        return sorted(faults)

    def due(self) -> dict[str, Source]:
        """List the sources whose next check is due, the longest overdue first."""
        late = {name: s for name, s in self._shared.sources.items() if s.due <= self.today}
        return dict(sorted(late.items(), key=lambda entry: entry[1].due))

    @cached_property
    def _shared(self) -> _Shared:
        faults: list[Fault] = []
        documents: dict[str, Document] = {}

        def read(name: str, model: type[Model]) -> Model | None:
            found, document, trouble = _read(self.root / f"{name}.yaml", model)
            faults.extend(trouble)
            if document:
                documents[name] = document
            return found

        sources, deal = read("sources", SourceFile), read("deal", DealFile)
        glossary = read("glossary", GlossaryFile)
        known = sources.sources if sources else {}
        if sources:
            faults += checking.check_sources(documents["sources"], known, self.today)
        cited: set[str] = set()
        if deal:
            document = documents["deal"]
            faults += checking.check_rules(document, deal.rules)
            faults += checking.check_citations(document, known)
            cited = {name for _, name in checking.cited(document)}
        return _Shared(
            known,
            {rule.id: rule for rule in deal.rules} if deal else {},
            glossary.glossary if glossary else {},
            tuple(faults),
            frozenset(cited),
            documents,
        )

    def _read_case(self, case_id: str) -> tuple[Case | None, list[Fault], set[str]]:
        folder, shared = self.root / "cases" / case_id, self._shared
        about, case_document, faults = _read(folder / "case.yaml", CaseFile)
        asked, question_document, more = _read(folder / "questions.yaml", QuestionFile)
        faults += more
        cited: set[str] = set()
        for document in (case_document, question_document):
            if document:
                faults += checking.check_citations(document, shared.sources)
                cited |= {name for _, name in checking.cited(document)}
        if about and case_document:
            faults += checking.check_case(case_document, about, shared.glossary, case_id)
        if asked and question_document:
            faults += checking.check_questions(question_document, asked.questions)
        panels: list[Panel] = []
        if about and asked:
            concordance = [q.id for q in asked.questions if q.format == "concordance"]
            for spec in about.panels:
                panel = read_panel(spec, folder, concordance)
                if isinstance(panel, Panel):
                    panels.append(panel)
                else:
                    faults += panel
        faults = [*shared.faults, *faults]
        if about is None or asked is None or faults:
            return None, faults, cited
        case = Case(
            about,
            asked.questions,
            tuple(panels),
            shared.rules,
            shared.sources,
            shared.glossary,
            self._version(folder),
        )
        return case, [], cited

    def _version(self, folder: Path) -> str:
        """Fingerprint everything that a result of this case depends on."""
        files = [self.root / "deal.yaml", *sorted(_files(folder))]
        digest = hashlib.sha256()
        for file in files:
            digest.update(file.relative_to(self.root).as_posix().encode() + b"\0")
            digest.update(file.read_bytes() + b"\0")
        return digest.hexdigest()[:12]


def _files(folder: Path) -> Iterator[Path]:
    return (
        file for file in folder.rglob("*") if file.is_file() and file.suffix in {".yaml", ".csv"}
    )


def _read(file: Path, model: type[Model]) -> tuple[Model | None, Document | None, list[Fault]]:
    document = read_document(file)
    if isinstance(document, Fault):
        return None, None, [document]
    faults = list(checking.check_prose(document))
    found = read_model(document, model)
    if isinstance(found, list):
        return None, document, faults + found
    return found, document, faults
