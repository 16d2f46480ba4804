"""The outcome calculators behind `dosetrail rules`: one parsed JSON case in, one plain result out.

- What a case expects is never read; a case that cannot be read raises `Malformed`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.kernel.errors import Malformed
from core.rules.case_reading import field, whole
from core.rules.life_table import life_table
from core.rules.outcome_figures import reported_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Study days and subjects of one case; far above any trial, far below what exact fractions would feel.
_MOST: Final = 1_000_000
_MOST_INTERVALS: Final = 1_000
_COLUMNS: Final = ("n_effective", "q", "S", "se", "hazard")


def life_table_from_case(case: Mapping[str, object]) -> dict[str, object]:
    """Return the rows of a life table of counts: n_effective, q, S, se and hazard, six decimals.

    `intervals` are their ends, the bounds from 0 on, or pairs of start and end; all right-closed.

    Raises: `FIELD_MISSING`, `FIELD_MALFORMED`, `BAD_INTERVALS`, `BAD_COUNTS`.
    """
    table = life_table(
        ends=_interval_ends(field(case, "intervals")),
        entering=whole(field(case, "entering"), "entering", 0, _MOST),
        deaths=_counts(field(case, "deaths"), "deaths"),
        withdrawn=_counts(field(case, "withdrawn"), "withdrawn"),
    )
    return {"rows": [_columns(reported_row(row)) for row in table]}


def _columns(row: Mapping[str, object]) -> dict[str, object]:
    return {name: row[name] for name in _COLUMNS}


def _interval_ends(value: object) -> list[int]:
    intervals = _items(value, "intervals")
    if intervals and all(isinstance(one, list | tuple) for one in intervals):
        return _ends_of_pairs([_counts(one, "intervals") for one in intervals])
    ends = _counts(intervals, "intervals")
    return ends[1:] if ends[:1] == [0] else ends


def _ends_of_pairs(pairs: Sequence[Sequence[int]]) -> list[int]:
    if any(len(pair) != 2 for pair in pairs):
        raise Malformed("FIELD_MALFORMED", "an interval has a start and an end", field="intervals")
    if pairs[0][0] != 0 or any(before[1] != after[0] for before, after in pairwise(pairs)):
        raise Malformed(
            "BAD_INTERVALS", "intervals start on day 0, each where the one before ends", field="intervals"
        )
    return [end for _, end in pairs]


def _counts(value: object, name: str) -> list[int]:
    return [whole(one, name, 0, _MOST) for one in _items(value, name)]


def _items(value: object, name: str) -> Sequence[object]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_INTERVALS:
        raise Malformed("FIELD_MALFORMED", f"{name} is not a list of at most {_MOST_INTERVALS}", field=name)
    return value
