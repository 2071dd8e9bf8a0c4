"""Where the pass mark lies: read from a file of what judges said, and kept for `phb remark`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan, nan
from pathlib import Path
from typing import Annotated, Literal, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phbkit.cohort.report.results import Run
from phbkit.cohort.statistics import standard_setting as methods
from phbkit.cohort.statistics.arrays import StatisticsError
from phbkit.cohort.statistics.standard_setting import Cut, Hofstee
from phbkit.errors import PhbError, did_you_mean, need_known
from phbkit.files import write_whole

CUTS = "standard.json"
Method = Literal["angoff", "borderline", "fixed"]
Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]


class StandardsError(PhbError):
    """A file of standards that cannot be used: what is wrong, and where."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class JudgeRatings(_Shape):
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

    use: Method | None = None
    angoff: dict[str, dict[str, Share]] | None = None
    borderline: JudgeRatings | None = None
    fixed: Fixed | None = None
    hofstee: dict[str, tuple[Percent, Percent, Percent, Percent]] | None = None

    @property
    def method(self) -> str:
        """The method the pass mark is taken from; empty where there is none."""
        given = (name for name in get_args(Method) if getattr(self, name) is not None)
        return self.use or next(given, "")


class StandardsFile(_Shape):
    """What `--standards` takes, as JSON."""

    format: Literal["phbkit-standards/1"]
    keys: Annotated[dict[str, KeyStandard], Field(min_length=1)]


@dataclass(frozen=True)
class Standard:
    """A pass mark of one key, per cent of all cases, with its error.

    Attributes
    ----------
    key, method
        What it is for, and the method it is taken from.
    cut
        What decides, rounded to two places.
    figures
        The pass mark by each method that was used.
    limits
        What Hofstee's judges would accept; None where nobody was asked.
    fail_percent
        Learners below the pass mark, per cent of those with a score.
    """

    key: str
    method: str
    cut: float
    figures: Mapping[str, Cut]
    limits: Hofstee | None
    fail_percent: float = nan


def read_standards(file: Path, run: Run) -> dict[str, Standard]:
    """Read a file of standards, and set the pass mark of each key that it has.

    Raises
    ------
    StandardsError
        It cannot be read, or something in it is not as it must be: an item or a learner is not in
        the run, only a check was given, or no pass mark can be worked out.
    UnknownNameError
        The run has no such key.
    """
    try:
        given = StandardsFile.model_validate(json.loads(file.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise StandardsError(f"{file}: cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise StandardsError(f"{file}:{error.lineno}: is not JSON: {error.msg}.") from error
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}." for e in error.errors())
        raise StandardsError("\n  ".join([f"{file}: cannot be used.", *lines])) from error
    standards = {}
    for key, judged in given.keys.items():
        need_known("key", key, run.keys, f"{file}: keys")
        try:
            standards[key] = _set_standard(f"{file}: keys.{key}", key, judged, run)
        except StatisticsError as error:
            raise StandardsError(f"{file}: keys.{key}: {error}") from error
    return standards


def _set_standard(place: str, key: str, given: KeyStandard, run: Run) -> Standard:
    if not given.method:
        raise StandardsError(
            f"{place}: Hofstee only checks a pass mark. Give angoff, borderline or fixed as well."
        )
    if getattr(given, given.method) is None:
        problem = f"{given.method!r} is not given. Give it, or use another."
        raise StandardsError(f"{place}.use: {problem}")
    percents, figures, limits = run.percent(key), dict[str, Cut](), None
    learners, scores = list(percents.index), percents.to_numpy()
    if given.angoff is not None:
        items = list(run.items(key).columns)
        figures["angoff"] = _by_judges(f"{place}.angoff", given.angoff, items)
    if given.borderline is not None:
        at, ratings = given.borderline.borderline, given.borderline.ratings
        _require(f"{place}.borderline.ratings", ratings, learners, "learner of this run")
        rated = [ratings.get(learner) for learner in learners]
        figures["borderline"] = methods.borderline_regression(scores, rated, at)
    if given.fixed is not None:
        figures["fixed"] = Cut(0, 0, given.fixed.cut, note=f"Why: {given.fixed.why}")
    if given.hofstee is not None:
        judges = [(a, b, c / 100, d / 100) for a, b, c, d in given.hofstee.values()]
        limits = methods.hofstee(scores, judges)
    cut = round(figures[given.method].cut, 2)
    failing = 100 * float((percents.dropna() < cut).mean())
    return Standard(key, given.method, cut, figures, limits, failing)


def _by_judges(
    place: str, judgements: Mapping[str, Mapping[str, float]], items: Sequence[str]
) -> Cut:
    judged = [_by_item(f"{place}.{judge}", row, items) for judge, row in judgements.items()]
    cut = methods.angoff([[shares.get(item) for item in items] for shares in judged])
    missing = [item for item in items if not any(item in shares for shares in judged)]
    note = cut.note
    if missing:
        few = ", ".join(missing[:3]) + (", and others" if len(missing) > 3 else "")
        note += f" Nobody judged {len(missing)} of {len(items)} items: {few}."
    percents = {n: 100 * getattr(cut, n) / len(items) for n in ("cut", "se", "low", "high")}
    return replace(cut, **percents, note=note)


def standards_frame(standards: Mapping[str, Standard]) -> pd.DataFrame:
    """List the pass marks, a row a key and method: per cent of all cases."""
    rows = [
        {"key": key, "method": method, "decides": method == standard.method, **asdict(figure)}
        for key, standard in standards.items()
        for method, figure in standard.figures.items()
    ]
    units = {"cut": "cut_percent", "se": "se_points", "low": "cut_low", "high": "cut_high"}
    return pd.DataFrame(rows).rename(columns=units)


def keep_cuts(folder: Path, standards: Collection[Standard]) -> None:
    """Keep the pass marks in a run's folder, where `phb remark` finds them."""
    data = {
        "format": "phbkit-cuts/1",
        "cuts": {each.key: f"{each.cut:.2f}" for each in standards if not isnan(each.cut)},
        "methods": {each.key: each.method for each in standards},
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
    full = {}
    for name, share in judged.items():
        meant = [item for item in items if name in {item, item.partition("/")[2]}]
        if len(meant) > 1:
            raise StandardsError(f"{place}.{name}: is in several cases: {', '.join(meant)}.")
        _require(place, meant or [name], items, "item of this key")
        full[meant[0]] = share
    return full


def _require(place: str, names: Iterable[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise StandardsError(f"{place}: {name!r} is no {what}.{did_you_mean(name, known)}")
