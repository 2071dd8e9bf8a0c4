"""A cohort: who answered what, read from a table, from lines of JSON, a folder or the records.

Reading holds the file against the cases only as far as names go: which learner, which case, which
question. Whether an answer can be taken is for the notebook to say, where the learner's trainer
will look for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from phbkit.casebank import Case
from phbkit.casebank.models import AGAIN, SURE
from phbkit.cohort.jobs import CohortAttempt
from phbkit.errors import AnswersError, Fault, PhbError
from phbkit.tables import CsvTable, Row
from phbkit.workbook.answers import no_repeats
from phbkit.workbook.steps import asks

LONGEST_LEARNER = 120
Kind = Literal["choice", "text", "whole", "list", "lines"]
_KINDS: dict[str, Kind] = {
    "multiple": "list",
    "key-features": "list",
    "ranking": "list",
    "concordance": "whole",
    "reflection": "text",
    "plan": "list",
    "ledger.holders": "list",
    "decision.not_to": "list",
    "decision.review_weeks": "whole",
    "board.triggers": "list",
    "board.review_months": "whole",
    "cpd.changes": "lines",
}
"""What a cell holds, by the format of its question or by its step and part; else a choice."""
_SEPARATOR = re.compile(r"[\s,;]+")
_JOINERS = "\u200c\u200d"
_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(\.0*)?")  # as pandas and R write one beside gaps


class CohortError(PhbError):
    """A cohort that cannot be taken as it is: what is wrong on which line. Nothing was done."""

    @classmethod
    def of(cls, outcome: str, problems: Iterable[object]) -> CohortError:
        """Make one error of everything that is wrong, after what came of it."""
        lines = list(map(str, problems))
        more = [f"and {len(lines) - 20} more"] if len(lines) > 20 else []
        listed = "\n  ".join([*lines[:20], *more])
        return cls(f"{outcome}\n  {listed}")


def read_cohort(
    source: str, cases: Iterable[Case], others: Iterable[Case] = ()
) -> Iterator[CohortAttempt]:
    """Read a cohort, one attempt after another; the last thing it does is to check the whole.

    Parameters
    ----------
    source
        A CSV file, wide (`learner`, a column for each question) or long (`learner`, `question`,
        `answer`), with a `case` column where the questions do not say which; a file of JSON lines;
        a folder of answers files; or the address of a database of attempts.
    cases
        The cases that are played.
    others
        Cases that are known and not played now: their attempts are passed over.

    Raises
    ------
    CohortError
        What is wrong, by line: missing columns, unknown questions, a learner twice.
    """
    cohort = _Cohort(source, cases, others)
    path, ending = Path(source), Path(source).suffix.lower()
    if "://" in source:
        yield from _from_records(source, cohort)
    elif path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield from _from_file(file, cohort, file.stem)
    elif not path.is_file():
        cohort.fault("", "there is no such file or folder.")
    elif ending == ".csv":
        yield from _from_table(path, cohort)
    elif ending in {".jsonl", ".ndjson"}:
        yield from _from_lines(path, cohort)
    elif ending == ".json":
        yield from _from_file(path, cohort)
    else:
        cohort.fault("", "its name must end in .csv, .jsonl, .ndjson, .json, or be a folder.")
    cohort.check()


class _Cohort:
    """What may be answered in a cohort, who was seen where, and what is wrong with it.

    A place is a line, or the name of a file.
    """

    def __init__(self, source: str, cases: Iterable[Case], others: Iterable[Case]) -> None:
        self.source = source
        self.cases = {case.id: case for case in cases}
        self.others = {case.id: case for case in others}
        self.faults: list[Fault] = []
        self.places: dict[tuple[str, str], int | str] = {}
        self._questions = {
            name: {question.id for question in case.questions}
            for name, case in (self.cases | self.others).items()
        }

    def asking(self, heading: str, among: Iterable[str]) -> list[str]:
        """Find the cases that a column or a question belongs to.

        A heading is `question`, or `case/question` where two cases have one of that name. What the
        arc itself asks (`plan`, `decision.choice`) belongs to every case.
        """
        case, _, key = heading.rpartition("/")
        return [name for name in among if case in {"", name} and self.asks(name, key)]

    def asks(self, case: str, key: str) -> bool:
        """Say whether a case asks for this."""
        first, _, part = key.partition(".")
        questions = self._questions[case]
        beside = part in {"sure", "again"} and first in questions
        return key in questions or first in asks() or beside

    def unknown(self, heading: str) -> str:
        """Say that nothing is asked under a heading, and what was probably meant."""
        known = [*(name for case in self.cases for name in self._questions[case]), *asks()]
        near = get_close_matches(heading.rpartition("/")[2], known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{heading!r} is asked in none of {', '.join(self.cases)}.{hint}"

    def fault(self, place: int | str, problem: str) -> None:
        """Note what is wrong, and where."""
        line, field = (place, "") if isinstance(place, int) else (0, place)
        self.faults.append(Fault(Path(self.source), line, field, problem, ""))

    def is_new(self, place: int | str, learner: str, case: str) -> bool:
        """Say whether a learner comes for the first time with a case; note what is wrong."""
        first = self.places.get((learner, case), place)
        if not learner or len(learner) > LONGEST_LEARNER or not _is_printable(learner):
            self.fault(
                place,
                f"the learner must be a name of 1 to {LONGEST_LEARNER} characters that can be "
                f"printed; got {learner[:40]!r}.",
            )
        elif case not in self.cases and case not in self.others:
            known = ", ".join(self.cases)
            self.fault(place, f"no case {case!r} is played here. Played: {known}.")
        elif first != place:
            where = f"line {first}" if isinstance(first, int) else first
            self.fault(place, f"{learner!r} is there already, at {where}.")
        elif case in self.cases:
            self.places[learner, case] = place
            return True
        return False

    def put(self, place: int, attempt: CohortAttempt, heading: str, text: str) -> None:
        """Put a cell among a learner's answers: `decision.choice` is a part of `decision`."""
        answers: Any = attempt.answers
        key = heading.rpartition("/")[2]
        *steps, part = [key] if key.endswith((SURE, AGAIN)) else key.split(".")
        for step in steps:
            answers = answers.setdefault(step, {}) if isinstance(answers, dict) else None
        if not isinstance(answers, dict) or part in answers:
            self.fault(place, f"{attempt.learner!r} answers {key!r} twice.")
        else:
            answers[part] = cell_value(self.cases[attempt.case], key, text)

    def check(self) -> None:
        """Say everything that is wrong, if anything is.

        Raises
        ------
        CohortError
            There is something wrong, or nothing at all.
        """
        if not self.places and not self.faults:
            self.fault("", "it holds no answers.")
        if self.faults:
            outcome = f"{self.source} cannot be run. Nothing was."
            raise CohortError.of(outcome, map(_in_words, self.faults))


def _in_words(fault: Fault) -> str:
    place = f"line {fault.line}" if fault.line else fault.field
    return ": ".join(filter(None, (place, f"{fault.problem} {fault.cure}".rstrip())))


def _is_printable(text: str) -> bool:
    """Say whether a text is; it may hold the joiners that Persian and emoji are written with."""
    return all(character.isprintable() or character in _JOINERS for character in text)


class _Wide(Row, extra="allow"):
    """A learner; every other column is a question."""

    learner: str
    case: str | None = None
    simulated: str = ""


class _Long(_Wide, extra="forbid"):
    """An answer."""

    question: str
    answer: str


def _from_table(path: Path, cohort: _Cohort) -> Iterator[CohortAttempt]:
    wide = CsvTable(path, _Wide)
    if {"question", "answer"} <= set(wide.headings):
        long = CsvTable(path, _Long)
        cohort.faults = long.faults
        yield from _read_long(long, cohort)
    else:
        cohort.faults = wide.faults
        yield from _read_wide(wide, cohort)


def _read_wide(table: CsvTable[_Wide], cohort: _Cohort) -> Iterator[CohortAttempt]:
    columns = _columns(table.headings, cohort)
    for line in table if not cohort.faults else ():
        row = line.row
        cases = [row.case] if row.case is not None else list(cohort.cases)
        attempts = {
            case: CohortAttempt(row.learner, case, {}, is_simulated(row.simulated))
            for case in cases
        }
        for heading, asking in columns.items():
            text = line.cells[heading]
            for case in asking if text.strip() else ():
                if case in attempts:
                    cohort.put(line.number, attempts[case], heading, text)
        for attempt in attempts.values():
            if (attempt.answers or len(cases) == 1) and cohort.is_new(
                line.number, row.learner, attempt.case
            ):
                yield attempt


def _columns(headings: list[str], cohort: _Cohort) -> dict[str, list[str]]:
    """Find whose answers each column has; a heading that means nothing, or two, is a fault."""
    columns = {}
    for heading in headings:
        cases = cohort.asking(heading, cohort.cases)
        elsewhere = not cases and cohort.asking(heading, cohort.others)
        if heading in _Wide.model_fields or elsewhere:
            continue
        if not cases:
            cohort.fault(1, cohort.unknown(heading))
        elif len(cases) > 1 and "case" not in headings:
            both = " and ".join(f"{case}/{heading}" for case in cases[:2])
            problem = f"{heading!r} is asked in {len(cases)} cases. Add a column 'case', or name "
            cohort.fault(1, f"{problem}columns like {both}.")
        columns[heading] = cases
    return columns


def _read_long(table: CsvTable[_Long], cohort: _Cohort) -> Iterator[CohortAttempt]:
    gathered: dict[tuple[str, str], CohortAttempt] = {}
    for line in table:
        row, place = line.row, line.number
        cases = cohort.asking(row.question, cohort.cases)
        if row.case:
            cases = [case for case in cases if case == row.case]
        if not cases and cohort.asking(row.question, cohort.others):
            continue
        if len(cases) != 1:
            several = f"{row.question!r} is asked in {len(cases)} cases: add a column 'case'."
            cohort.fault(place, several if cases else cohort.unknown(row.question))
            continue
        who = (row.learner, cases[0])
        if who not in gathered and cohort.is_new(place, *who):
            gathered[who] = CohortAttempt(*who, {}, is_simulated(row.simulated))
        if who in gathered:
            cohort.put(place, gathered[who], row.question, line.cells["answer"])
    yield from gathered.values()


def is_simulated(given: object) -> bool:
    """Say whether a file marks answers as simulated."""
    return given is True or str(given or "").strip().casefold() in {"yes", "true", "1"}


def cell_value(case: Case, key: str, text: str) -> Any:
    """Read the text of a cell as what its answer is.

    A cell may hold JSON. Lists are written with spaces, commas or semicolons, and lines with `|`.
    What cannot be read stays as it was written: the notebook refuses it.
    """
    plain = text.strip()
    if plain.startswith(("[", "{")):
        try:
            return json.loads(plain)
        except ValueError:
            return text
    kind = _kind_of(case, key)
    whole = _WHOLE.fullmatch(plain) if kind == "whole" else None
    if whole:
        return int(whole[1])
    if kind == "list":
        return [part for part in _SEPARATOR.split(plain) if part]
    if kind == "lines":
        return [part.strip() for part in plain.split("|")]
    return text if kind == "text" else plain


def _kind_of(case: Case, key: str) -> Kind:
    for question in case.questions:
        if question.id == key:
            return _KINDS.get(question.format, "choice")
    if key.endswith((SURE, AGAIN)):
        return "list" if key.endswith(AGAIN) else "whole"
    step, *parts = key.split(".")
    return _KINDS.get(".".join([step, *parts[-1:]]), "choice")


def _from_lines(path: Path, cohort: _Cohort) -> Iterator[CohortAttempt]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield from _take(line, number, "", cohort)
    except UnicodeDecodeError as error:
        cohort.fault("", f"it is not UTF-8 text: {error}. Save it as UTF-8.")


def _from_file(file: Path, cohort: _Cohort, learner: str = "") -> Iterator[CohortAttempt]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cohort.fault(file.name, f"cannot be read: {error}")
    else:
        yield from _take(text, file.name, learner, cohort)


def _take(text: str, place: int | str, learner: str, cohort: _Cohort) -> Iterator[CohortAttempt]:
    """Take one learner's answers written as `{"learner", "case", "answers"}`."""
    try:
        data = json.loads(text, object_pairs_hook=no_repeats)
        json.dumps(data, ensure_ascii=False).encode()
    except AnswersError as error:
        cohort.fault(place, str(error))
        return
    except (ValueError, RecursionError) as error:
        cohort.fault(place, f"is not JSON: {error}.")
        return
    if not isinstance(data, Mapping) or not isinstance(data.get("answers"), Mapping):
        shape = '{"learner": "…", "case": "…", "answers": {"question": "a"}}'
        cohort.fault(place, f"must be a JSON object like {shape}.")
        return
    only = next(iter(cohort.cases)) if len(cohort.cases) == 1 else ""
    who, case = str(data.get("learner", learner)).strip(), str(data.get("case", only))
    if cohort.is_new(place, who, case):
        for key in data["answers"]:
            if not cohort.asks(case, key):
                cohort.fault(place, cohort.unknown(f"{case}/{key}"))
        yield CohortAttempt(who, case, dict(data["answers"]), is_simulated(data.get("simulated")))


def _from_records(address: str, cohort: _Cohort) -> Iterator[CohortAttempt]:
    """Take the latest attempt of each learner at each case, with what the case still asks."""
    from phbkit.cohort.register import latest_answers
    from phbkit.records.database import open_database

    kind, _, file = address.partition(":///")
    if kind.startswith("sqlite") and not Path(file.partition("?")[0]).is_file():
        cohort.fault("", "there is no such file.")
        return
    for attempt, given in latest_answers(open_database(address), cohort.cases):
        case = attempt.case_id
        if cohort.is_new(f"attempt {attempt.id}", attempt.learner, case):
            known = {key: value for key, value in given.items() if cohort.asks(case, key)}
            yield CohortAttempt(attempt.learner, case, known)
