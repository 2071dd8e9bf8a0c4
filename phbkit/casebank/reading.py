"""Reading one YAML file into a model, with the line of every fault.

Scalars are read as the text they are, and the model says what each must be: `no` stays a word and
`2026/27` needs no quotes. Only an empty value, `null` or `~` means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from phbkit.casebank.faults import Place, Problem, fault, problem, words
from phbkit.casebank.models import ID, YEAR
from phbkit.errors import Fault

Model = TypeVar("Model", bound=BaseModel)

LARGEST_FILE = 1_000_000
_DEEPEST = 20
_LONGEST_NOTED = 4  # words of a value that a comment may follow on its line
_NOTHING = {"", "null", "~"}
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_IN_WORDS = {
    YEAR: "must be a financial year, such as 2026/27",
    ID: "must be an id in small letters, such as back-pain",
}


class YamlDocument:
    """A YAML file as read: its data, its texts with their places, the line each part stands on."""

    def __init__(self, file: Path, text: str) -> None:
        builder = _Builder(text)
        self.file, self.data = file, builder.build()
        self._texts, self._lines = builder.texts, builder.lines

    def texts_at(self, end: str) -> Iterator[tuple[Place, str]]:
        """List the texts whose place ends so, such as `sources.*`; all of them where it is ""."""
        wanted = end.split(".") if end else []
        for place, text in self._texts:
            last = place[len(place) - len(wanted) :]
            pairs = zip(last, wanted, strict=False)
            if len(last) == len(wanted) and all(name in ("*", str(part)) for part, name in pairs):
                yield place, text

    def fault(self, problem: Problem) -> Fault:
        """Place a problem in this file: with its field, and the line of its deepest known part."""
        place = problem.place
        while place and place not in self._lines:
            place = place[:-1]
        field, line = ".".join(map(str, problem.place)), self._lines.get(place, 1)
        return Fault(self.file, line, field, problem.problem, problem.cure)


def _refused(reason: str, mark: Any) -> yaml.MarkedYAMLError:
    """Make the error of YAML that is well formed and still no part of a case."""
    return yaml.MarkedYAMLError(problem=reason, problem_mark=mark)


def read_document(file: Path) -> YamlDocument | Fault:
    """Parse a YAML file, or say where it stops being YAML that a case may hold."""
    line, found = 0, None
    try:
        if file.stat().st_size > LARGEST_FILE:
            return fault(file, "file-too-large")
        text = file.read_text(encoding="utf-8-sig")
        return YamlDocument(file, text)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        name, line, found = "not-yaml", mark.line + 1 if mark else 1, error.problem
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        name, found = "not-yaml", "it holds a control character"
    except FileNotFoundError:
        name = "file-missing"
    except UnicodeDecodeError as error:
        name, line = "not-utf-8", file.read_bytes()[: error.start].count(b"\n") + 1
    except OSError as error:
        name, found = "file-unreadable", error.strerror
    return fault(file, name, line, found=found)


class _Builder:
    """Makes plain data of YAML, and notes the line of each part, and the texts.

    What may multiply or nest without end is refused before anything is built of it.
    """

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self.texts: list[tuple[Place, str]] = []
        self._rows = text.splitlines()
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))

    def build(self) -> Any:
        """Build the data of the only document; None of an empty file."""
        data = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.lines:
                    raise _refused("it holds another document", event.start_mark)
                data = self._value(next(self._events), ())
        return data

    def _value(self, event: Any, place: Place) -> Any:
        self.lines.setdefault(place, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            raise _refused("aliases (*name) are not allowed", event.start_mark)
        if event.tag:
            raise _refused(f"tags ({event.tag}) are not allowed", event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            value = event.value if event.style else self._plain(event)
            self.texts += [] if value is None else [(place, value)]
            return value
        if len(place) == _DEEPEST:
            raise _refused("it nests too deeply", event.start_mark)
        if isinstance(event, yaml.MappingStartEvent):
            return dict(self._entries(place))
        return [self._value(child, (*place, n)) for n, child in enumerate(self._children())]

    def _children(self) -> Iterator[Any]:
        return takewhile(lambda event: not isinstance(event, yaml.CollectionEndEvent), self._events)

    def _entries(self, place: Place) -> Iterator[tuple[str, Any]]:
        for key in self._children():
            mark: Any = key.start_mark
            if not isinstance(key, yaml.ScalarEvent):
                raise _refused("a key must be a word", mark)
            child = (*place, key.value)
            if child in self.lines:
                raise _refused(f"found duplicate key {key.value!r}", mark)
            self.lines[child] = mark.line + 1
            yield key.value, self._value(next(self._events), child)

    def _plain(self, event: Any) -> str | None:
        """Read text without quotes; a short note may follow, and no text that YAML drops at `#`."""
        end = event.end_mark
        rest = self._rows[end.line][end.column :].strip() if end.line < len(self._rows) else ""
        long = len(event.value.split()) > _LONGEST_NOTED
        if rest.startswith("#") and (rest[1:2].strip() or long):
            lost = f"the text from {rest[:20]!r} on is lost"
            raise _refused(f"{lost}: put it in quotes, or after >- on a new line", end)
        return None if event.value in _NOTHING else event.value


def file_inside(folder: Path, name: str, field: str) -> Path | list[Fault]:
    """Find a file that a case names; one outside the case's folder is a fault."""
    file = (folder / name).resolve()
    if file.is_relative_to(folder.resolve()):
        return file
    return [fault(folder / "case.yaml", "outside-the-folder", field=field)]


def read_model(document: YamlDocument, model: type[Model], data: Any = None) -> Model | list[Fault]:
    """Validate a document's data as a model, or return a fault for every part that does not fit.

    `data` is a copy of the same shape with texts filled in, where that is given.
    """
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return [document.fault(_misfit(model, detail)) for detail in details]


def _misfit(model: type[BaseModel], detail: Any) -> Problem:
    """Say what pydantic found: in words for its kind of error at a field, or for all of a kind."""
    place, kind, context = tuple(detail["loc"]), detail["type"], detail.get("ctx", {})
    field, near = str(place[-1]) if place else "", list[str]()
    if kind == "extra_forbidden":
        near = get_close_matches(field, _field_names(model, place[:-1]), n=1)
    names = (f"{kind}-{field}", f"{kind}-near" if near else kind, "misfit")
    wanted, got = _IN_WORDS.get(context.get("pattern"), detail["msg"]), repr(detail["input"])
    wanted = wanted[0].lower() + wanted[1:]
    got = got if len(got) <= 60 else got[:57] + "…"
    name = next(name for name in names if name in words())
    return problem(name, place, field=field, near=near, wanted=wanted, got=got, context=context)


def _field_names(model: type[BaseModel], path: Place) -> list[str]:
    """List the fields of the shape that stands at a place."""
    shape: Any = model
    for part in path:
        if isinstance(part, str) and shape:
            field = shape.model_fields.get(part)
            shape = next(_shapes_in(field.annotation if field else None), None)
    return sorted(shape.model_fields) if shape else []


def _shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes_in(part)
