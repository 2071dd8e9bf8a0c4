"""A cohort: who answered what, read from a table, from lines of JSON, a folder or the records.

Reading holds the file against the cases only as far as names go: which learner, which case, which
question. Whether an answer can be taken is for the notebook to say, where the learner's trainer
will look for it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from phbkit.casebank import Case, Question
from phbkit.casebank.models import AGAIN, SURE
from phbkit.errors import PhbError
from phbkit.records import open_store
from phbkit.workbook.answers import ARC_KEYS

LEARNER, CASE, QUESTION, ANSWER = "learner", "case", "question", "answer"
SIMULATED = "simulated"
LONGEST_LEARNER = 120
Kind = Literal["choice", "text", "whole", "list", "lines"]
_FORMATS: dict[str, Kind] = {
    "multiple": "list",
    "key-features": "list",
    "ranking": "list",
    "concordance": "whole",
    "reflection": "text",
}
_PARTS: dict[str, Kind] = {
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
    """A cohort that cannot be run as it is: what is wrong on which line. Nothing was run."""

    @classmethod
    def of(cls, source: str, problems: Iterable[str]) -> CohortError:
        """Make one error of everything that is wrong."""
        told = list(problems)
        more = f"\n  and {len(told) - 20} more" if len(told) > 20 else ""
        lines = "\n  ".join(told[:20])
        return cls(f"{source} cannot be run. Nothing was.\n  {lines}{more}")


@dataclass(frozen=True)
class Attempt:
    """One learner's answers to one case, as given; `simulated` where nobody real gave them."""

    learner: str
    case: str
    answers: dict[str, Any]
    simulated: bool = False


class Names:
    """Which cases are played, and what may be answered in each.

    What is said of `others`, the cases that the case bank has besides, is passed over.
    """

    def __init__(self, cases: Iterable[Case], others: Iterable[Case] = ()) -> None:
        self.cases = {case.id: case for case in cases}
        self.others = Names(others) if others else None
        self._questions = {
            case.id: {question.id: question for question in case.questions}
            for case in self.cases.values()
        }

    def find(self, heading: str) -> tuple[list[str], str]:
        """Find the cases that a column or a question belongs to, and its key there.

        A heading is `question`, or `case/question` where two cases have one of that name. What the
        arc itself asks (`plan`, `decision.choice`) belongs to every case.
        """
        case, _, key = heading.rpartition("/")
        asked = [case] if case else list(self.cases)
        return [name for name in asked if name in self.cases and self.has(name, key)], key

    def is_elsewhere(self, heading: str) -> bool:
        """Say whether only a case that is not played now asks for this."""
        return self.others is not None and bool(self.others.find(heading)[0])

    def has(self, case: str, key: str) -> bool:
        """Say whether a case asks for this."""
        first, _, part = key.partition(".")
        questions = self._questions[case]
        beside = part in {"sure", "again"} and first in questions
        return key in questions or first in ARC_KEYS or beside

    def question(self, case: str, key: str) -> Question | None:
        """Return a question of a case; None for what the arc asks."""
        return self._questions[case].get(key)

    def unknown(self, heading: str) -> str:
        """Say that nothing is asked under a heading, and what was probably meant."""
        key = heading.rpartition("/")[2]
        known = [name for questions in self._questions.values() for name in questions]
        near = get_close_matches(key, [*known, *ARC_KEYS], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{heading!r} is asked in none of {', '.join(self.cases)}.{hint}"


def read_cohort(
    source: str, cases: Iterable[Case], others: Iterable[Case] = ()
) -> Iterator[Attempt]:
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
    gathering = _Gathering(source, Names(cases, others))
    path = Path(source)
    readers: dict[str, Callable[[Path, _Gathering], Iterator[Attempt]]] = {
        ".csv": _from_table,
        ".jsonl": _from_lines,
        ".ndjson": _from_lines,
        ".json": _from_lines,
    }
    if "://" in source:
        yield from _from_records(source, gathering)
    elif path.is_dir():
        yield from _from_folder(path, gathering)
    elif not path.is_file():
        raise CohortError.of(source, ["there is no such file or folder."])
    elif path.suffix.lower() not in readers:
        known = ", ".join(readers)
        raise CohortError.of(source, [f"its name must end in {known}, or be a folder."])
    else:
        try:
            yield from readers[path.suffix.lower()](path, gathering)
        except UnicodeDecodeError as error:
            raise CohortError.of(
                source, [f"it is not UTF-8 text: {error}. Save it as UTF-8."]
            ) from error
    gathering.check()


class _Gathering:
    """What is wrong with a cohort, and who was seen where."""

    def __init__(self, source: str, names: Names) -> None:
        self.source, self.names = source, names
        self.problems: list[str] = []
        self.places: dict[tuple[str, str], str] = {}

    def takes(self, place: str, learner: str, case: str) -> bool:
        """Say whether there may be answers of this learner to this case; note what is wrong."""
        if not learner or len(learner) > LONGEST_LEARNER or not _is_printable(learner):
            self.problems.append(
                f"{place}: the learner must be a name of 1 to {LONGEST_LEARNER} characters that "
                f"can be printed; got {learner[:40]!r}."
            )
            return False
        if self.names.others is not None and case in self.names.others.cases:
            return False
        if case not in self.names.cases:
            known = ", ".join(self.names.cases)
            self.problems.append(f"{place}: no case {case!r} is played here. Played: {known}.")
            return False
        return True

    def is_new(self, place: str, learner: str, case: str) -> bool:
        """Say whether a learner comes for the first time with this case; note it if not."""
        if not self.takes(place, learner, case):
            return False
        first = self.places.setdefault((learner, case), place)
        if first != place:
            self.problems.append(f"{place}: {learner!r} is there already, at {first}.")
        return first == place

    def check(self) -> None:
        """Say everything that is wrong, if anything is.

        Raises
        ------
        CohortError
            There is something wrong, or nothing at all.
        """
        if not self.places and not self.problems:
            self.problems.append("it holds no answers.")
        if self.problems:
            raise CohortError.of(self.source, self.problems)


def _is_printable(text: str) -> bool:
    """Say whether a text is; it may hold the joiners that Persian and emoji are written with."""
    return all(each.isprintable() or each in _JOINERS for each in text)


def _from_table(path: Path, gathering: _Gathering) -> Iterator[Attempt]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if LEARNER not in header:
                hint = "" if len(header) > 1 else " Cells must be separated by commas."
                seen = ", ".join(header)
                gathering.problems.append(
                    f"line 1: there is no column {LEARNER!r} among: {seen}.{hint}"
                )
            for heading in header:
                if header.count(heading) > 1:
                    gathering.problems.append(f"line 1: the column {heading!r} is there twice.")
            read = _read_long if {QUESTION, ANSWER} <= set(header) else _read_wide
            yield from read(header, _rows(reader, header, gathering), gathering)
        except csv.Error as error:
            raise CohortError.of(str(path), [f"line {reader.line_num}: {error}."]) from error


Rows = Iterator[tuple[str, dict[str, str]]]


def _rows(reader: Any, header: list[str], gathering: _Gathering) -> Rows:
    """Read the rows that are whole, each with its place; lines without anything are passed over."""
    for row in reader:
        if not any(row):
            continue
        place = f"line {reader.line_num}"
        if len(row) == len(header):
            yield place, dict(zip(header, row, strict=True))
        else:
            problem = f"has {len(row)} cells, and there are {len(header)} headings."
            gathering.problems.append(f"{place}: {problem}")


def _read_wide(header: list[str], rows: Rows, gathering: _Gathering) -> Iterator[Attempt]:
    names = gathering.names
    columns = _columns(header, gathering)
    if gathering.problems:
        return
    for place, cells in rows:
        own = [cells[CASE].strip()] if CASE in cells else list(names.cases)
        given: dict[str, dict[str, Any]] = {case: {} for case in own if len(own) == 1}
        for heading, (cases, key) in columns.items():
            text = cells[heading]
            for case in cases if text.strip() else ():
                if case in own:
                    put(given.setdefault(case, {}), key, text, names.question(case, key))
        learner = cells[LEARNER].strip()
        for case, answers in given.items():
            if gathering.is_new(place, learner, case):
                yield Attempt(learner, case, answers, is_simulated(cells.get(SIMULATED)))


def _columns(header: list[str], gathering: _Gathering) -> dict[str, tuple[list[str], str]]:
    """Find what each column answers; a heading that means nothing, or two things, is a problem."""
    names, columns = gathering.names, {}
    for heading in header:
        if heading in {LEARNER, CASE, SIMULATED}:
            continue
        cases, key = names.find(heading)
        if not cases and names.is_elsewhere(heading):
            continue
        if not cases:
            gathering.problems.append(f"line 1: {names.unknown(heading)}")
        elif len(cases) > 1 and CASE not in header:
            both = " and ".join(f"{case}/{key}" for case in cases[:2])
            gathering.problems.append(
                f"line 1: {heading!r} is asked in {len(cases)} cases. Add a column {CASE!r}, or "
                f"name columns like {both}."
            )
        columns[heading] = (cases, key)
    return columns


def _read_long(header: list[str], rows: Rows, gathering: _Gathering) -> Iterator[Attempt]:
    names = gathering.names
    strange = [h for h in header if h not in {LEARNER, CASE, QUESTION, ANSWER, SIMULATED}]
    gathering.problems += [f"line 1: the column {name!r} means nothing here." for name in strange]
    if gathering.problems:
        return
    gathered: dict[tuple[str, str], Attempt] = {}
    for place, cells in rows:
        heading, learner = cells[QUESTION].strip(), cells[LEARNER].strip()
        cases, key = names.find(heading)
        if cells.get(CASE, "").strip():
            cases = [case for case in cases if case == cells[CASE].strip()]
        if not cases and names.is_elsewhere(heading):
            continue
        if len(cases) != 1:
            problem = names.unknown(heading)
            if cases:
                problem = f"{heading!r} is asked in {len(cases)} cases: add a column {CASE!r}."
            gathering.problems.append(f"{place}: {problem}")
        elif gathering.takes(place, learner, cases[0]):
            gathering.places[learner, cases[0]] = place
            made = Attempt(learner, cases[0], {}, is_simulated(cells.get(SIMULATED)))
            answers = gathered.setdefault((learner, cases[0]), made).answers
            if not put(answers, key, cells[ANSWER], names.question(cases[0], key)):
                gathering.problems.append(f"{place}: {learner!r} answers {key!r} twice.")
    yield from gathered.values()


def is_simulated(given: object) -> bool:
    """Say whether a file marks answers as simulated."""
    return given is True or str(given or "").strip().casefold() in {"yes", "true", "1"}


def put(answers: dict[str, Any], key: str, text: str, question: Question | None) -> bool:
    """Put the text of a cell among answers; `decision.choice` is a part of `decision`.

    Returns
    -------
    bool
        False when there was an answer already.
    """
    whole = question or key.endswith((SURE, AGAIN))
    place, *rest = [key] if whole else key.split(".")
    for part in rest:
        answers = answers.setdefault(place, {})
        place = part
    if place in answers:
        return False
    answers[place] = cell_value(key, text, question)
    return True


def cell_value(key: str, text: str, question: Question | None) -> Any:
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
    kind = _kind_of(key, question)
    whole = _WHOLE.fullmatch(plain) if kind == "whole" else None
    if whole:
        return int(whole[1])
    if kind == "list":
        return [part for part in _SEPARATOR.split(plain) if part]
    if kind == "lines":
        return [part.strip() for part in plain.split("|")]
    return text if kind == "text" else plain


def _kind_of(key: str, question: Question | None) -> Kind:
    if question:
        return _FORMATS.get(question.format, "choice")
    if key.endswith(AGAIN):
        return "list"
    if key.endswith(SURE):
        return "whole"
    step, _, part = key.partition(".")
    return _PARTS.get(f"{step}.{part.rpartition('.')[2]}" if part else step, "choice")


def _from_lines(path: Path, gathering: _Gathering) -> Iterator[Attempt]:
    if path.suffix.lower() == ".json":
        yield from _take(path.read_text(encoding="utf-8-sig"), path.name, "", gathering)
        return
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield from _take(line, f"line {number}", "", gathering)


def _from_folder(folder: Path, gathering: _Gathering) -> Iterator[Attempt]:
    for file in sorted(folder.rglob("*.json")):
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            gathering.problems.append(f"{file.name}: cannot be read: {error}")
            continue
        yield from _take(text, file.name, file.stem, gathering)


def _take(text: str, place: str, learner: str, gathering: _Gathering) -> Iterator[Attempt]:
    """Take one learner's answers written as `{"learner", "case", "answers"}`."""
    try:
        data = json.loads(text, object_pairs_hook=_no_repeats)
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        gathering.problems.append(f"{place}: is not JSON: {error}.")
        return
    if not isinstance(data, Mapping) or not isinstance(data.get("answers"), Mapping):
        shape = '{"learner": "…", "case": "…", "answers": {"question": "a"}}'
        gathering.problems.append(f"{place}: must be a JSON object like {shape}.")
        return
    names = gathering.names
    only = next(iter(names.cases)) if len(names.cases) == 1 else ""
    who, case = str(data.get(LEARNER, learner)).strip(), str(data.get(CASE, only))
    if not gathering.is_new(place, who, case):
        return
    unknown = [key for key in data["answers"] if not names.has(case, key)]
    gathering.problems += [f"{place}: {names.unknown(f'{case}/{key}')}" for key in unknown]
    yield Attempt(who, case, dict(data["answers"]), is_simulated(data.get(SIMULATED)))


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    for key, _ in pairs if len(made) < len(pairs) else ():
        if sum(key == other for other, _ in pairs) > 1:
            raise ValueError(f"{key!r} is there twice")
    return made


def _from_records(address: str, gathering: _Gathering) -> Iterator[Attempt]:
    """Take the latest attempt of each learner at each case, with what the case still asks."""
    kind, _, file = address.partition(":///")
    if kind.startswith("sqlite") and not Path(file.partition("?")[0]).is_file():
        raise CohortError.of(address, ["there is no such file."])
    for found, given in open_store(address).latest_answers(gathering.names.cases):
        case = found.case_id
        if gathering.is_new(f"attempt {found.id}", found.learner, case):
            known = {key: value for key, value in given.items() if gathering.names.has(case, key)}
            yield Attempt(found.learner, case, known)
