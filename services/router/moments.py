"""When was it, as far as rules ask: between two moments at which no rule begins or ends to hold, all time is one."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.contracts import shifts
from services.router.conditions import MonthDay
from services.router.specificity import Row

Moment = tuple[int, int, int]
ALWAYS: Moment = (0, 0, 0)


class Moments:
    """Cuts through the week (minutes), the year (half days, see _half) and the calendar (ordinals)."""

    def __init__(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        self._week = _sorted(
            cut for minutes in {row.minutes for row in rows} for cut in _changes(minutes or 0)
        )
        seasons = {row.season for row in rows if row.season}
        self._year = _sorted(cut for first, last in seasons for cut in (_half(first), _half(last) + 1))
        spans = {row.valid for row in rows if row.valid}
        self._days = _sorted(cut for first, last in spans for cut in (first, last + 1))
        self._timeless = not (self._week or self._year or self._days)

    def of(self, local: datetime) -> Moment:
        """Equal for two moments means that every rule's time and validity hold at both or at neither."""
        if self._timeless:
            return ALWAYS
        return (
            bisect_right(self._week, shifts.minute_of_week(local)) if self._week else 0,
            bisect_right(self._year, _half((local.month, local.day))) if self._year else 0,
            bisect_right(self._days, local.toordinal()) if self._days else 0,
        )


def holds(row: Row, local: datetime) -> bool:
    """Whether the row's hours, weekdays and season hold."""
    if row.season is not None:
        (first, last), day = row.season, (local.month, local.day)
        if not (first <= day <= last if first <= last else day >= first or day <= last):
            return False
    return row.minutes is None or bool(row.minutes >> shifts.minute_of_week(local) & 1)


def valid(row: Row, local: datetime) -> bool:
    return row.valid is None or row.valid[0] <= local.toordinal() <= row.valid[1]


def _changes(minutes: int) -> Iterable[int]:
    """The minutes at which it differs from the one before."""
    edges = minutes ^ (minutes << 1)
    while edges:
        yield (edges & -edges).bit_length() - 1
        edges &= edges - 1


def _half(day: MonthDay) -> int:
    """Days of the year in order, with room for a cut after each."""
    return (day[0] * 32 + day[1]) * 2


def _sorted(cuts: Iterable[int]) -> Sequence[int]:
    return sorted(set(cuts))
