"""When was it, as far as rules ask: between two moments at which no rule begins or ends to hold, all time is one."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from services.contracts import shifts
from services.contracts.shifts import DAY, WEEK
from services.router.conditions import MonthDay
from services.router.specificity import Row

Moment = int | tuple[int, int, int]
ALWAYS: Moment = 0


class Moments:
    """Which hours hold, for each minute of the week; cuts through the year (half days, see _half) and the calendar (ordinals)."""

    def __init__(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        self._week = _week({row.minutes for row in rows if row.minutes is not None})
        seasons = {row.season for row in rows if row.season}
        self._year = _sorted(cut for first, last in seasons for cut in (_half(first), _half(last) + 1))
        spans = {row.valid for row in rows if row.valid}
        self._days = _sorted(cut for first, last in spans for cut in (first, last + 1))
        self._dated = bool(self._year or self._days)

    def of(self, local: datetime) -> Moment:
        """Equal for two moments means that every rule's time and validity hold at both or at neither."""
        minute = self._week[local.weekday() * DAY + local.hour * 60 + local.minute]
        if not self._dated:
            return minute
        day = _half((local.month, local.day))
        return minute, bisect_right(self._year, day), bisect_right(self._days, local.toordinal())


def _week(stated: Iterable[int]) -> Sequence[int]:
    """A number for each minute: the same where the same of these sets of minutes hold."""
    changes: dict[int, int] = {}
    for number, minutes in enumerate(sorted(stated)):
        for minute in _changes(minutes):
            changes[minute] = changes.get(minute, 0) ^ 1 << number
    numbers, holding, found = dict[int, int](), 0, array("H")
    cuts = sorted({0, WEEK, *changes})
    for minute, next_ in pairwise(cuts):
        holding ^= changes.get(minute, 0)
        found.extend([numbers.setdefault(holding, len(numbers))] * (next_ - minute))
    return found


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
