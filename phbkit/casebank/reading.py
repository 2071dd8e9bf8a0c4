"""Reading one YAML file into a model, with the line of every fault.

Scalars are read as the text they are, and the model says what each must be: `no` stays a word and
`2026/27` needs no quotes. Only an empty value, `null` or `~` means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from phbkit.errors import Fault

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]
Problem = tuple[Place, str, str]
"""A place in a file, what is wrong there and what would put it right."""

LARGEST_FILE = 1_000_000
_DEEPEST = 20
_LONGEST_NOTED = 4  # words of a value that a comment may follow on its line
_NOTHING = {"", "null", "~"}
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class YamlDocument:
    """A YAML file as read: its data, and the line each part of it stands on."""

    def __init__(self, file: Path, data: Any, lines: Mapping[Place, int]) -> None:
        self.file, self.data, self._lines = file, data, lines

    def line(self, *path: str | int) -> int:
        """Return the line, counted from 1, of the deepest part of `path` that exists."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def faults(self, problems: Iterable[Problem]) -> Iterator[Fault]:
        """Place problems in this file: each with its line and its field."""
        for path, problem, cure in problems:
            yield Fault(self.file, self.line(*path), ".".join(map(str, path)), problem, cure)


class _NotPlainError(Exception):
    """YAML that is well formed and still refused, at a line."""

    def __init__(self, problem: str, line: int) -> None:
        self.problem, self.line = problem, line
        super().__init__(problem)


def read_document(file: Path) -> YamlDocument | Fault:
    """Parse a YAML file, or say where it stops being YAML that a case may hold."""
    text = _read_text(file)
    if isinstance(text, Fault):
        return text
    cure = "Mend it near this line."
    try:
        _check_plain(text)
        lines: dict[Place, int] = {}
        return YamlDocument(file, _build(yaml.compose(text, Loader=_LOADER), (), lines), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"is not valid YAML: {error.problem}."
        return Fault(file, mark.line + 1 if mark else 1, "", problem, cure)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        return Fault(file, line, "", "is not valid YAML: it holds a control character.", cure)
    except _NotPlainError as error:
        return Fault(file, error.line, "", f"is not valid YAML: {error.problem}.", cure)


def _check_plain(text: str) -> None:
    """Refuse what may multiply or nest without end, before anything is built of it."""
    depth, lines = 0, text.splitlines()
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent) and not event.style and event.end_mark:
            _check_whole(event.value, lines, event.end_mark)
        tag = getattr(event, "tag", None)
        if tag:
            raise _NotPlainError(f"tags ({tag}) are not allowed", line)
        if isinstance(event, yaml.AliasEvent):
            raise _NotPlainError("aliases (*name) are not allowed", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise _NotPlainError("it nests too deeply", line)


def _check_whole(value: str, lines: list[str], end: Any) -> None:
    """Refuse text that goes on after a `#`, where YAML drops it; a short note there may stand."""
    rest = lines[end.line][end.column :].strip() if end.line < len(lines) else ""
    told = rest.startswith("#") and (rest[1:2].strip() or len(value.split()) > _LONGEST_NOTED)
    if told:
        lost = f"the text from {rest[:20]!r} on is lost"
        raise _NotPlainError(f"{lost}: put it in quotes, or after >- on a new line", end.line + 1)


def _build(node: Any, path: Place, lines: dict[Place, int]) -> Any:
    """Make plain data of a node, noting the line of each part."""
    if node is None:
        return None
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return dict(_entries(node, path, lines))
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, index), lines) for index, child in enumerate(node.value)]
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return None if plain and node.value in _NOTHING else node.value


def _entries(
    node: yaml.MappingNode, path: Place, lines: dict[Place, int]
) -> Iterator[tuple[str, Any]]:
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _NotPlainError("a key must be a word", line)
        place = (*path, key.value)
        if place in lines:
            raise _NotPlainError(f"found duplicate key {key.value!r}", line)
        lines[place] = line
        yield key.value, _build(value, place, lines)


def read_model(document: YamlDocument, model: type[Model], data: Any) -> Model | list[Fault]:
    """Validate a document's data as a model, or return a fault for every part that does not fit.

    `data` is the document's own, or a copy of the same shape with texts filled in.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return list(document.faults(_misfits(model, error)))


def strings(node: object, path: Place = ()) -> Iterator[tuple[Place, str]]:
    """List every text in parsed YAML with its place."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for key, child in node.items():
            yield from strings(child, (*path, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from strings(child, (*path, index))


def _read_text(file: Path) -> str | Fault:
    try:
        if file.stat().st_size > LARGEST_FILE:
            return Fault(file, 0, "", "is over 1 MB.", "Split it, or shorten the prose.")
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Fault(file, 0, "", "is missing.", "Add the file.")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        return Fault(file, line, "", "is not UTF-8.", "Save the file as UTF-8.")
    except OSError as error:
        return Fault(file, 0, "", f"cannot be read: {error.strerror}.", "Check its permissions.")


def _misfits(model: type[BaseModel], error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False, include_context=True):
        path = tuple(detail["loc"])
        yield path, _problem(detail), _cure(model, path, detail)


def _problem(detail: Any) -> str:
    if detail["type"] == "missing":
        return "is missing."
    if detail["type"] == "extra_forbidden":
        return "is not a field that is known here."
    got = repr(detail["input"])
    got = got if len(got) <= 60 else got[:57] + "…"
    told = _IN_WORDS.get(detail.get("ctx", {}).get("pattern", ""), detail["msg"])
    return f"{told[0].lower()}{told[1:]}; found {got}."


def _cure(model: type[BaseModel], path: Place, detail: Any) -> str:
    kind, field = detail["type"], str(path[-1]) if path else ""
    if kind == "missing":
        return f"Add `{field}:`."
    if kind == "extra_forbidden":
        if path[0] == "critical" and field == "decision":
            return "Take it out: what is agreed to is unsafe whatever the decision is called."
        near = get_close_matches(field, _field_names(model, path[:-1]), n=1)
        return f"Did you mean `{near[0]}`?" if near else "Take it out."
    if field == "critical" and kind == "dict_type":
        return "Say of each option why it is unsafe: `b: Nobody would see it go wrong.`"
    if kind == "greater_than_equal":
        return f"Give {detail['ctx']['ge']} or more."
    return "Change it to what is asked for."


_IN_WORDS = {
    r"^20\d\d/\d\d$": "must be a financial year, such as 2026/27",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "must be an id in small letters, such as back-pain",
}


def _field_names(model: type[BaseModel], path: Place) -> list[str]:
    """List the fields of the shape that stands at a place."""
    shape: Any = model
    for part in path:
        if isinstance(part, str) and isinstance(shape, type) and issubclass(shape, BaseModel):
            shape = shape.model_fields[part].annotation if part in shape.model_fields else None
            shape = next(iter(_shapes_in(shape)), None)
    return sorted(shape.model_fields) if shape else []


def _shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes_in(part)
