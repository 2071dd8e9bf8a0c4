"""Reading one YAML file into a model, with the line of every fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from phbkit.errors import Fault

Model = TypeVar("Model", bound=BaseModel)

LARGEST_FILE = 1_000_000
_DEEPEST = 20


class Document:
    """A YAML file as read: its data, and the line each part of it stands on."""

    def __init__(self, file: Path, data: Any) -> None:
        self.file, self.data = file, data

    def line(self, *path: str | int) -> int:
        """Return the line, counted from 1, of the deepest part of `path` that exists."""
        node, line = self.data, 1
        for part in path:
            try:
                if isinstance(node, CommentedMap):
                    line = node.lc.key(part)[0] + 1
                elif isinstance(node, CommentedSeq):
                    line = node.lc.item(part)[0] + 1
                else:
                    break
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        return line

    def fault(self, path: tuple[str | int, ...], problem: str, cure: str) -> Fault:
        """Make a fault that points at `path` in this file."""
        return Fault(self.file, self.line(*path), ".".join(map(str, path)), problem, cure)


def read_document(file: Path) -> Document | Fault:
    """Parse a YAML file, or say where it stops being YAML."""
    text = _read_text(file)
    if isinstance(text, Fault):
        return text
    try:
        return Document(file, _parser().load(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = (error.problem or "is not valid YAML").splitlines()[0]
        return Fault(file, line, "", f"is not valid YAML: {problem}.", "Mend it near this line.")
    except (YAMLError, ValueError) as error:
        return Fault(file, 1, "", f"is not valid YAML: {error}.", "Mend the file.")


def strings(
    node: object, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """List every text in parsed YAML with its place."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for key, child in node.items():
            yield from strings(child, (*path, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from strings(child, (*path, index))


class _Plain(Composer):  # type: ignore[misc]
    """An alias may multiply a file without end, and a case needs none; nor does it nest deeply."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases and deep nesting; otherwise compose as usual."""
        mark = self.parser.peek_event().start_mark
        if self.parser.check_event(AliasEvent):
            raise ComposerError(problem="aliases (*name) are not allowed", problem_mark=mark)
        if self._depth > _DEEPEST:
            raise ComposerError(problem="it nests too deeply", problem_mark=mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _parser() -> YAML:
    parser = YAML(typ="rt", pure=True)
    parser.Composer = _Plain
    return parser


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


def read_model(document: Document, model: type[Model], data: Any) -> Model | list[Fault]:
    """Validate a document's data as a model, or return a fault for every part that does not fit.

    `data` is the document's own, or a copy of the same shape with texts filled in.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return list(_faults(document, model, error))


def _faults(document: Document, model: type[BaseModel], error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors(include_url=False, include_context=True):
        path = tuple(detail["loc"])
        yield document.fault(path, _problem(detail), _cure(model, path, detail))


def _problem(detail: Any) -> str:
    if detail["type"] == "missing":
        return "is missing."
    if detail["type"] == "extra_forbidden":
        return "is not a field that is known here."
    got = repr(detail["input"])
    got = got if len(got) <= 60 else got[:57] + "…"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}; found {got}."


def _cure(model: type[BaseModel], path: tuple[str | int, ...], detail: Any) -> str:
    kind = detail["type"]
    if kind == "missing":
        return f"Add `{path[-1]}:`."
    if kind == "extra_forbidden":
        near = get_close_matches(str(path[-1]), _field_names(model), n=1)
        return f"Did you mean `{near[0]}`?" if near else "Take it out."
    if kind == "string_type":
        return "Put quotes round it."
    if kind == "greater_than_equal":
        return f"Give {detail['ctx']['ge']} or more."
    return "Change it to what is asked for."


def _field_names(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema()
    shapes = [schema, *schema.get("$defs", {}).values()]
    return sorted({name for shape in shapes for name in shape.get("properties", {})})
