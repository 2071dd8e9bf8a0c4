"""Where the pass mark lies: read from a file of what judges said, and kept for `phb remark`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phbkit.cohort.statistics.standard_setting import (
    Hofstee,
    angoff,
    borderline_regression,
    hofstee,
)
from phbkit.cohort.statistics.validation import StatisticsError
from phbkit.errors import PhbError
from phbkit.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

CUTS = "standard.json"
METHODS = {
    "angoff": "Angoff: the mean over judges of what each expects of a borderline learner",
    "borderline": "Borderline regression of scores on global ratings",
    "fixed": "A pass mark that was fixed",
}
Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]


class StandardsError(PhbError):
    """A file of standards that cannot be used: what is wrong, and where."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ratings(_Shape):
    """Global ratings of learners, a higher one better, and the rating that means borderline."""

    borderline: float
    ratings: Annotated[dict[str, float], Field(min_length=1)]


class Fixed(_Shape):
    """A pass mark somebody decided, per cent, and why."""

    cut: Percent
    why: Annotated[str, Field(min_length=1)]


class KeyStandard(_Shape):
    """What was said about one key. `use` names the method the pass mark is taken from.

    `angoff`: by judge and item, the share of borderline learners who would get it right.
    `hofstee`: by judge, least and most acceptable pass mark and share failing, all per cent.
    """

    use: Literal["angoff", "borderline", "fixed"] | None = None
    angoff: dict[str, dict[str, Share]] | None = None
    borderline: Ratings | None = None
    fixed: Fixed | None = None
    hofstee: dict[str, tuple[Percent, Percent, Percent, Percent]] | None = None

    @property
    def method(self) -> str:
        """The method the pass mark is taken from; empty where there is none."""
        given = (name for name in METHODS if getattr(self, name) is not None)
        return self.use or next(given, "")


class StandardsFile(_Shape):
    """What `--standards` takes, as JSON."""

    format: Literal["phbkit-standards/1"]
    keys: Annotated[dict[str, KeyStandard], Field(min_length=1)]


@dataclass(frozen=True)
class Standard:
    """A pass mark of one key, per cent of all cases, with its error.

    `cut`, rounded to two places, is what decides. `figures` tell every method that was used, and
    `accepted` what Hofstee's judges would say of it, or why that cannot be told.
    """

    key: str
    method: str
    cut: float
    figures: tuple[tuple[str, str, str, str, str], ...]
    accepted: str


def read_standards(file: Path) -> StandardsFile:
    """Read a file of standards.

    Raises
    ------
    StandardsError
        It cannot be read, or something in it is not as it must be.
    """
    try:
        return StandardsFile.model_validate(json.loads(file.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise StandardsError(f"{file}: cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise StandardsError(f"{file}:{error.lineno}: is not JSON: {error.msg}.") from error
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}." for e in error.errors())
        raise StandardsError("\n  ".join([f"{file}: cannot be used.", *lines])) from error


def set_standard(
    key: str, given: KeyStandard, scores: pd.Series, items: Sequence[str], file: Path
) -> Standard:
    """Set the pass mark of one key.

    Parameters
    ----------
    scores
        Per cent over all cases, by learner; NaN for none.
    items
        The items of the key, as `case/question`.
    file
        What the standards were read from, for errors.

    Raises
    ------
    StandardsError
        An item or a learner is not in the run, only a check was given, or there are numbers from
        which no pass mark can be worked out.
    """
    place = f"{file}: keys.{key}"
    if not given.method:
        raise StandardsError(
            f"{place}: Hofstee only checks a pass mark. Give angoff, borderline or fixed as well."
        )
    if getattr(given, given.method) is None:
        problem = f"{given.method!r} is not given. Give it, or use another."
        raise StandardsError(f"{place}.use: {problem}")
    try:
        figures = {}
        if given.angoff is not None:
            figures["angoff"] = _by_judges(f"{place}.angoff", given.angoff, items)
        if given.borderline is not None:
            figures["borderline"] = _by_ratings(f"{place}.borderline", given.borderline, scores)
        if given.fixed is not None:
            why = f"Why: {given.fixed.why}"
            figures["fixed"] = _Figure(given.fixed.cut, nan, nan, nan, "Not worked out", why)
        cut = round(figures[given.method].cut, 2)
        accepted = _check(given, scores, cut)
    except StatisticsError as error:
        raise StandardsError(f"{place}: {error}") from error
    told = tuple(figure.row(METHODS[method]) for method, figure in figures.items())
    return Standard(key, given.method, cut, told, accepted)


@dataclass(frozen=True)
class _Figure:
    """A pass mark by one method, per cent, with its error, whom it is from and what to know."""

    cut: float
    se: float
    low: float
    high: float
    who: str
    note: str

    def row(self, method: str) -> tuple[str, str, str, str, str]:
        mark = "none" if isnan(self.cut) else f"{self.cut:.2f} %"
        error = f"{self.se:.2f} ({self.low:.2f} to {self.high:.2f})"
        return method, mark, "not known" if isnan(self.se) else error, self.who, self.note


def _by_judges(
    place: str, said: Mapping[str, Mapping[str, float]], items: Sequence[str]
) -> _Figure:
    judged = [_by_item(f"{place}.{judge}", shares, items) for judge, shares in said.items()]
    made = angoff([[shares.get(item) for item in items] for shares in judged])
    missing = [item for item in items if not any(item in shares for shares in judged)]
    note = made.note
    if missing:
        few = ", ".join(missing[:3]) + (", and others" if len(missing) > 3 else "")
        note += f" Nobody judged {len(missing)} of {len(items)} items: {few}."
    who = f"{made.used} judges" + (f", {made.left_out} left out" if made.left_out else "")
    cut, se, low, high = (100 * x / len(items) for x in (made.cut, made.se, made.low, made.high))
    return _Figure(cut, se, low, high, who, note)


def _by_ratings(place: str, said: Ratings, scores: pd.Series) -> _Figure:
    _known(f"{place}.ratings", said.ratings, list(scores.index), "learner of this run")
    ratings = [said.ratings.get(learner) for learner in scores.index]
    made = borderline_regression(scores.to_numpy(), ratings, said.borderline)
    note = made.note or f"R² {made.r_squared:.2f}: how much of the scores goes with the ratings."
    who = f"{made.used} learners with score and rating"
    return _Figure(made.cut, made.se, made.low, made.high, who, note)


def keep_cuts(folder: Path, standards: Sequence[Standard]) -> None:
    """Keep the pass marks in a run's folder, where `phb remark` finds them."""
    data = {
        "format": "phbkit-cuts/1",
        "cuts": {s.key: f"{s.cut:.2f}" for s in standards if not isnan(s.cut)},
        "methods": {s.key: s.method for s in standards},
    }
    write_whole(folder / CUTS, json.dumps(data, indent=1).encode() + b"\n")


def read_cuts(folder: Path) -> dict[str, float]:
    """Read the pass marks kept in a run's folder; empty where there are none.

    Raises
    ------
    StandardsError
        They cannot be read.
    """
    file = folder / CUTS
    if not file.exists():
        return {}
    try:
        cuts = json.loads(file.read_text(encoding="utf-8"))["cuts"]
        return {str(key): float(cut) for key, cut in cuts.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StandardsError(f"{file}: cannot be read as pass marks: {error}.") from error


def _by_item(place: str, judged: Mapping[str, float], items: Sequence[str]) -> dict[str, float]:
    """Name items in full: a question may stand alone where one case only has it."""
    short: dict[str, list[str]] = {}
    for item in items:
        short.setdefault(item.partition("/")[2], []).append(item)
    found = {}
    for name, share in judged.items():
        meant = [name] if name in items else short.get(name, [])
        if len(meant) > 1:
            raise StandardsError(f"{place}.{name}: is in several cases: {', '.join(meant)}.")
        _known(place, meant or [name], items, "item of this key")
        found[meant[0]] = share
    return found


def _known(place: str, names: Any, known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise StandardsError(f"{place}: {name!r} is no {what}.{hint}")


def _check(given: KeyStandard, scores: pd.Series, cut: float) -> str:
    """Say what Hofstee's judges would accept."""
    if given.hofstee is None:
        return "No Hofstee limits were given, so nothing checks this pass mark."
    limits = [[*marks, least / 100, most / 100] for *marks, least, most in given.hofstee.values()]
    made = hofstee(scores.to_numpy(), limits)
    failing = float((scores.dropna() < cut).mean())
    least, most = (100 * share for share in made.fails)
    said = (
        f"Hofstee’s limits, the mean of {made.judges} judges: a pass mark of {made.cuts[0]:.1f} to "
        f"{made.cuts[1]:.1f} %, and {least:.1f} to {most:.1f} % failing."
    )
    if isnan(cut):
        return said
    verdict = "within both limits" if made.accepts(cut, failing) else "outside these limits"
    said += f" Our pass mark of {cut:.2f} % fails {100 * failing:.1f} %: {verdict}."
    return f"{said} {_compromise(made)}"


def _compromise(made: Hofstee) -> str:
    if isnan(made.cut):
        return f"Hofstee gives no pass mark of its own: {made.note}"
    return (
        f"Hofstee’s own compromise would be {made.cut:.2f} %, failing {100 * made.fail_rate:.1f} %."
    )
