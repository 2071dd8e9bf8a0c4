"""A cohort: who answered what, read from a table, from lines of JSON, a folder or the records.

Reading holds the file against the cases only as far as names go: which learner, which case, which
question, which part of an answer. Whether an answer can be taken is for the notebook to say, where
the learner's trainer will look for it. What is blank is not answered, in whatever file.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from phbkit.casebank import Case
from phbkit.casebank.models import AGAIN, SURE, TALK_STEPS
from phbkit.cohort.jobs import CohortAttempt
from phbkit.errors import AnswersError, Fault, PhbError, did_you_mean
from phbkit.money.fields import CSV, FIELDS
from phbkit.money.money_steps import Advice
from phbkit.tables import CsvTable, Row
from phbkit.text import JOINERS, caseless
from phbkit.workbook.answers import no_repeats
from phbkit.workbook.formats import fields_of
from phbkit.workbook.plan_steps import CpdEntry, Decision, RiskAnswer
from phbkit.workbook.steps import asks
from phbkit.workbook.talk_steps import RATED

LONGEST_LEARNER = 120
Which = Literal["first", "latest"]
"""The attempt of each learner that counts, where a database has several."""
_LISTS = {
    *("multiple", "key-features", "ranking", "plan", AGAIN),
    *("ledger.holders", "decision.not_to", "board.triggers"),
    *(f"{step}.later" for step in TALK_STEPS),
}
"""Answers that are lists of choices, by the format of a question or by step and part."""
_WHOLES = {
    *("concordance", SURE, "decision.review_weeks", "board.review_months"),
    *(f"{step}.{part}" for step in TALK_STEPS for part in RATED),
}
"""Answers that are whole numbers, likewise."""
_PARTS: dict[str, Iterable[str]] = {
    "decision": Decision.model_fields,
    "board": Advice.model_fields,
    "cpd": CpdEntry.model_fields,
    **dict.fromkeys(TALK_STEPS, ("turns", "later", *(f"rated.{part}" for part in RATED))),
    **{step: [CSV, *(field.name for field in fields)] for step, fields in FIELDS.items()},
}
"""The parts of what the arc asks, by the key of its answer; the ledger's hang on the case."""
_LONG = ("question", "answer")
_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0", "")
_SPACES = re.compile(" {2,}")
_SEPARATOR = re.compile(r"[\s,;]+")
_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(\.0*)?")  # as pandas and R write one beside gaps


class CohortError(PhbError):
    """A cohort that cannot be taken as it is: what is wrong on which line. Nothing was done."""

    @classmethod
    def of(cls, outcome: str, problems: Iterable[object]) -> CohortError:
        """Make one error of everything that is wrong, after what came of it."""
        lines = list(map(str, problems))
        more = [f"and {len(lines) - 20} more"] if len(lines) > 20 else []
        return cls("\n  ".join([outcome, *lines[:20], *more]))


def read_cohort(
    source: str, cases: Iterable[Case], others: Iterable[Case] = (), which: Which = "first"
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
    which
        The attempt of each learner that counts, where the source is a database.

    Raises
    ------
    CohortError
        What is wrong, by line: missing columns, unknown questions, a learner twice in any spelling.
    """
    cohort = _Cohort(source, cases, others)
    path, ending = Path(source), Path(source).suffix.lower()
    if "://" in source:
        yield from _from_records(source, cohort, which)
    elif path.is_dir():
        for file in sorted(file for file in path.rglob("*") if file.suffix.lower() == ".json"):
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
        self.only = next(iter(self.cases)) if len(self.cases) == 1 else ""
        self._seen: dict[tuple[str, str], tuple[str, int | str]] = {}
        self._known = {name: _names(case) for name, case in (self.cases | self.others).items()}

    def asking(self, heading: str, among: Iterable[str]) -> list[str]:
        """Find the cases that a column or a question belongs to.

        A heading is `question`, or `case/question` where two cases have one of that name. What the
        arc itself asks (`plan`, `decision.choice`) belongs to every case.
        """
        case, _, key = heading.rpartition("/")
        return [name for name in among if case in {"", name} and self.asks(name, key)]

    def asks(self, case: str, key: str) -> bool:
        """Say whether a case asks for this."""
        return key in self._known[case]

    def unknown(self, heading: str) -> str:
        """Say that nothing is asked under a heading, and what was probably meant."""
        known = sorted({name for case in self.cases for name in self._known[case]})
        meant = did_you_mean(heading.rpartition("/")[2], known)
        return f"{heading!r} is asked in none of {', '.join(self.cases)}.{meant}"

    def fault(self, place: int | str, problem: str) -> None:
        """Note what is wrong, and where."""
        line, field = (place, "") if isinstance(place, int) else (0, place)
        self.faults.append(Fault(Path(self.source), line, field, problem, ""))

    def simulated(self, place: int | str, given: object) -> bool:
        """Say whether a file marks answers as simulated."""
        word = str(given or "").strip().casefold()
        if word not in _YES + _NO:
            self.fault(place, f"simulated must be {', '.join(_YES + _NO)}or empty; got {given!r}.")
        return word in _YES

    def attempt(
        self, place: int | str, learner: str, case: str, *, simulated: bool = False
    ) -> CohortAttempt | None:
        """Begin the attempt of a learner who comes for the first time with a case that is played.

        Spaces and forms of accents are made one; who is there already in any other spelling is a
        fault, as is what else is wrong.
        """
        name = _SPACES.sub(" ", unicodedata.normalize("NFC", learner.strip()))
        who = caseless(name)
        places = [(who, each) for each in (case, *self.cases) if (who, each) in self._seen]
        spelled, first = self._seen[places[0]] if places else (name, place)
        # The joiners that Persian and emoji are written with cannot be printed alone.
        printable = all(each.isprintable() or each in JOINERS for each in name)
        if not 0 < len(name) <= LONGEST_LEARNER or not printable:
            problem = f"the learner must be a name of 1 to {LONGEST_LEARNER} characters that can be"
            self.fault(place, f"{problem} printed; got {name[:40]!r}.")
        elif case not in self.cases and case not in self.others:
            known = ", ".join(self.cases)
            self.fault(place, f"no case {case!r} is played here. Played: {known}.")
        elif spelled != name or (who, case) in places:
            where = f"line {first}" if isinstance(first, int) else first
            cure = "Keep one." if spelled == name else f"There it is {spelled!r}: spell it one way."
            self.fault(place, f"{name!r} is there already, at {where}. {cure}")
        elif case in self.cases:
            self._seen[who, case] = name, place
            return CohortAttempt(name, case, {}, simulated)
        return None

    def put_cell(self, place: int, attempt: CohortAttempt, heading: str, text: str) -> None:
        """Put what a cell holds among a learner's answers."""
        key = heading.rpartition("/")[2]
        if text.strip():
            self.put(place, attempt, key, cell_value(self.cases[attempt.case], key, text))

    def put(self, place: int | str, attempt: CohortAttempt, key: str, value: Any) -> None:
        """Put what is not blank among a learner's answers: `decision.choice` is in `decision`."""
        filled = _filled(value)
        if filled is None:
            return
        parts = fields_of(key, filled) if filled and key in asks() else {key: filled}
        for name, given in parts.items():
            answers: Any = attempt.answers
            *steps, part = [name] if name.endswith((SURE, AGAIN)) else name.split(".")
            for step in steps:
                answers = answers.setdefault(step, {}) if isinstance(answers, dict) else None
            if not self.asks(attempt.case, name):
                self.fault(place, self.unknown(f"{attempt.case}/{name}"))
            elif not isinstance(answers, dict) or part in answers:
                self.fault(place, f"{attempt.learner!r} answers {name!r} twice. Keep one answer.")
            else:
                answers[part] = given

    def check(self) -> None:
        """Say everything that is wrong, if anything is.

        Raises
        ------
        CohortError
            There is something wrong, or nothing at all.
        """
        if not self._seen and not self.faults:
            self.fault("", "it holds no answers.")
        if self.faults:
            outcome = f"{self.source} cannot be run. Nothing was."
            raise CohortError.of(outcome, map(_in_words, self.faults))


def _in_words(fault: Fault) -> str:
    place = f"line {fault.line}" if fault.line else fault.field
    return ": ".join(filter(None, (place, f"{fault.problem} {fault.cure}".rstrip())))


def _names(case: Case) -> set[str]:
    """Name everything that may be answered: questions, what the arc asks, and the parts of that."""
    ledger = [f"{risk.id}.{part}" for risk in case.about.risks for part in RiskAnswer.model_fields]
    parts = [(step, part) for step, of in (_PARTS | {"ledger": ledger}).items() for part in of]
    keys = {name for q in case.questions for name in (q.id, q.sure_key, q.id + AGAIN) if name}
    return {*keys, *asks(), "plan" + AGAIN, "decision" + AGAIN, *map(".".join, parts)}


def _filled(value: Any) -> Any:
    """Leave out what is blank: null, texts of spaces, and what holds nothing else; then None."""
    if isinstance(value, Mapping):
        parts = {key: _filled(part) for key, part in value.items()}
        kept: Any = {key: part for key, part in parts.items() if part is not None}
    elif isinstance(value, list):
        kept = [part for part in map(_filled, value) if part is not None]
    else:
        return None if isinstance(value, str) and not value.strip() else value
    return kept if kept or not value else None


class _Answers(Row, extra="allow"):
    """A row of a table: in a wide one every other column is a question, in a long one `_LONG`."""

    learner: str
    case: str = ""
    simulated: str = ""


def _from_table(path: Path, cohort: _Cohort) -> Iterator[CohortAttempt]:
    table, read = CsvTable(path, _Answers), _read_wide
    if set(_LONG).issubset(table.headings):
        table, read = CsvTable(path, _Answers, needed=_LONG), _read_long
    cohort.faults = table.faults
    yield from read(table, cohort)


def _read_wide(table: CsvTable[_Answers], cohort: _Cohort) -> Iterator[CohortAttempt]:
    columns = _columns(table.headings, cohort)
    for line in table:
        row, place = line.row, line.number
        simulated = cohort.simulated(place, row.simulated)
        cases = [row.case or cohort.only] if "case" in line.cells else list(cohort.cases)
        for case in cases:
            given = {name: line.cells[name] for name in columns.get(case, ())}
            if len(cases) > 1 and not any(map(str.strip, given.values())):
                continue
            attempt = cohort.attempt(place, row.learner, case, simulated=simulated)
            if attempt:
                for heading, text in given.items():
                    cohort.put_cell(place, attempt, heading, text)
                yield attempt


def _columns(headings: list[str], cohort: _Cohort) -> dict[str, list[str]]:
    """List the columns of each case; a heading that means nothing, or two things, is a fault."""
    asked = [heading for heading in headings if heading not in _Answers.model_fields]
    for heading in asked:
        cases = cohort.asking(heading, cohort.cases)
        if not cases and not cohort.asking(heading, cohort.others):
            cohort.fault(1, cohort.unknown(heading))
        elif len(cases) > 1 and "case" not in headings:
            both = " and ".join(f"{case}/{heading}" for case in cases[:2])
            problem = f"{heading!r} is asked in {len(cases)} cases. Add a column 'case', or name "
            cohort.fault(1, f"{problem}columns like {both}.")
    return {case: [name for name in asked if cohort.asking(name, [case])] for case in cohort.cases}


def _read_long(table: CsvTable[_Answers], cohort: _Cohort) -> Iterator[CohortAttempt]:
    gathered: dict[tuple[str, str], CohortAttempt | None] = {}
    for line in table:
        row, place, question = line.row, line.number, line.cells["question"].strip()
        asking = cohort.asking(question, cohort.cases)
        cases = [case for case in asking if row.case in {"", case}]
        if not cases and cohort.asking(question, cohort.others):
            continue
        if len(cases) != 1:
            several = f"{question!r} is asked in {len(cases)} cases: add a column 'case'."
            cohort.fault(place, several if cases else cohort.unknown(question))
            continue
        who, simulated = (row.learner, cases[0]), cohort.simulated(place, row.simulated)
        if who not in gathered:
            gathered[who] = cohort.attempt(place, *who, simulated=simulated)
        attempt = gathered[who]
        if attempt and attempt.simulated != simulated:
            cohort.fault(place, f"{row.learner!r} is simulated in some rows only. Say it in all.")
        elif attempt:
            cohort.put_cell(place, attempt, question, line.cells["answer"])
    yield from filter(None, gathered.values())


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
    formats = (question.format for question in case.questions if question.id == key)
    step, *parts = key.split(".")
    part = f".{parts[-1]}" if parts else ""
    kind = next(formats, part if part in {SURE, AGAIN} else step + part)
    whole = _WHOLE.fullmatch(plain) if kind in _WHOLES else None
    if whole:
        return int(whole[1])
    if kind in _LISTS:
        return [part for part in _SEPARATOR.split(plain) if part]
    if kind == "cpd.changes":
        return [part.strip() for part in plain.split("|")]
    return text if kind == "reflection" else plain


def _from_lines(path: Path, cohort: _Cohort) -> Iterator[CohortAttempt]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield from _take(line, number, "", cohort)
    except UnicodeDecodeError as error:
        cohort.fault("", f"it is not UTF-8 text: {error}. Save it as UTF-8.")


def _from_file(file: Path, cohort: _Cohort, learner: str = "") -> Iterator[CohortAttempt]:
    place = str(file.relative_to(cohort.source)) if learner else file.name
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cohort.fault(place, f"cannot be read: {error}")
    else:
        yield from _take(text, place, learner, cohort)


def _take(text: str, place: int | str, learner: str, cohort: _Cohort) -> Iterator[CohortAttempt]:
    """Take one learner's answers written as `{"learner", "case", "answers"}`."""
    try:
        data = json.loads(text, object_pairs_hook=no_repeats, parse_constant=lambda _: None)
        json.dumps(data, ensure_ascii=False).encode()
    except (AnswersError, ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, AnswersError) else f"is not JSON: {error}."
        cohort.fault(place, told)
        return
    if not isinstance(data, Mapping) or not isinstance(data.get("answers"), Mapping):
        shape = '{"learner": "…", "case": "…", "answers": {"question": "a"}}'
        cohort.fault(place, f"must be a JSON object like {shape}.")
        return
    for strange in sorted(data.keys() - {"learner", "case", "answers", "simulated"}):
        problem = f"{strange!r} is not known here. Known: learner, case, answers, simulated."
        cohort.fault(place, problem)
    who, case = str(data.get("learner") or learner), str(data.get("case") or cohort.only)
    simulated = cohort.simulated(place, data.get("simulated"))
    attempt = cohort.attempt(place, who, case.strip(), simulated=simulated)
    if attempt:
        for key, value in data["answers"].items():
            cohort.put(place, attempt, key, value)
        yield attempt


def _from_records(address: str, cohort: _Cohort, which: Which) -> Iterator[CohortAttempt]:
    """Take one attempt of each learner at each case, with what the case still asks."""
    from phbkit.cohort.register import chosen_answers
    from phbkit.records.database import open_database

    kind, _, file = address.partition(":///")
    if kind.startswith("sqlite") and not Path(file.partition("?")[0]).is_file():
        cohort.fault("", "there is no such file.")
        return
    for kept, given in chosen_answers(open_database(address), cohort.cases, which):
        attempt = cohort.attempt(f"attempt {kept.id}", kept.learner, kept.case_id)
        if attempt:
            known = {key: value for key, value in given.items() if cohort.asks(attempt.case, key)}
            attempt.answers.update(known)
            yield attempt
