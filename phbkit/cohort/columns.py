"""A cohort's answers as columns: for each question the distinct answers, and who gave which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phbkit.cohort.statistics.validation import StatisticsError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def columns_of(attempts: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Turn answers, one mapping a learner, into columns; NaN where a learner gave none."""
    import pandas as pd

    return pd.DataFrame(list(attempts), dtype=object)


@dataclass
class Column:
    """Distinct answers, and which of them each learner gave; -1 where none."""

    codes: NDArray[np.int64]
    distinct: list[Any]

    def leave_out(self, learners: list[int]) -> None:
        """Take out the answers of some learners, and what nobody else answered."""
        import numpy as np

        self.codes[learners] = -1
        used = np.unique(self.codes[self.codes >= 0])
        place = np.full(len(self.distinct) + 1, -1, dtype=np.int64)
        place[used] = np.arange(len(used))
        self.codes = place[self.codes]
        self.distinct = [self.distinct[code] for code in used]


def read_columns(columns: Mapping[str, Any] | pd.DataFrame) -> tuple[int, dict[str, Column]]:
    """Read columns of answers, and count the learners.

    Raises
    ------
    StatisticsError
        Two columns have different lengths.
    """
    read = {str(key): _factorise(values) for key, values in columns.items()}
    lengths = {key: len(column.codes) for key, column in read.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise StatisticsError(f"Give every column one entry a learner. Lengths: {told}.")
    return next(iter(lengths.values()), 0 if isinstance(columns, Mapping) else len(columns)), read


def _factorise(values: Any) -> Column:
    """Find the distinct answers. True, 1 and 1.0 are distinct, and so are a list's orders."""
    import numpy as np
    import pandas as pd

    given = pd.Series(values if hasattr(values, "dtype") else list(values), dtype=object)
    distinct: Iterable[Any]
    if pd.api.types.infer_dtype(given) in {"string", "integer", "empty"}:
        codes, distinct = pd.factorize(given)
    else:
        codes, _ = pd.factorize(given.map(repr, na_action="ignore"))
        firsts = pd.Series(codes).drop_duplicates()
        distinct = given.to_numpy()[firsts.index[firsts >= 0]]
    return Column(codes.astype(np.int64), [_plain(value) for value in distinct])


def _plain(value: Any) -> Any:
    """Take a value out of numpy; a whole float was an integer beside missing answers."""
    plain = value.item() if hasattr(value, "item") else value
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain
