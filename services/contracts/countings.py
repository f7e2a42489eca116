"""Counting: four rulers, each a plan's own time laid out as a line. Pure, exact to the microsecond.

A ruler says where on its line an instant stands (`at`), and which instant a place on the line is (`instant`, `due`).
What is promised, a rung of a ladder, a pause's credit: all are lengths on the line, so they add, subtract and compare
as lengths do, and no part of a clock asks which ruler it has.

    elapsed        the line is time itself
    calendar_days  the line is the wall clock of the zone: n days later at the same local time
    working_time   only open hours have length
    working_days   each working day has the length of a day, all others none: n working days later at the same
                   local time
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from services.contracts import openings
from services.contracts.calendars import Calendar
from services.contracts.openings import WorkDays, WorkHours
from services.contracts.wallclock import first, naive, shown, wall

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock has no zone


class Counting(StrEnum):
    ELAPSED = "elapsed"
    CALENDAR_DAYS = "calendar_days"
    WORKING_TIME = "working_time"
    WORKING_DAYS = "working_days"


class Ruler(Protocol):
    """`at` and `instant` never fall, and at(instant(x)) = x for every x that the line has."""

    def begins(self, instant: datetime) -> timedelta:
        """Where a clock that starts at `instant` begins to count: later than `at` after a cut-off.

        Days are counted from what the clock shows, also when it shows an hour for the second time.
        """

    def at(self, instant: datetime) -> timedelta:
        """How much of the plan's own time has passed by `instant`, from an origin of the ruler's own."""

    def instant(self, own: timedelta) -> datetime:
        """The first instant by which that much has passed, in UTC."""

    def due(self, own: timedelta) -> datetime:
        """As `instant`, for a promise: a local time that its zone skips is due later by what it skips."""


@dataclass(frozen=True)
class Elapsed:
    """Seconds are seconds."""

    def begins(self, instant: datetime) -> timedelta:
        return instant - EPOCH

    def at(self, instant: datetime) -> timedelta:
        return instant - EPOCH

    def instant(self, own: timedelta) -> datetime:
        return EPOCH + own

    def due(self, own: timedelta) -> datetime:
        return EPOCH + own


@dataclass(frozen=True)
class CalendarDays:
    """The wall clock. While it repeats an hour the line stands still; what it skips has no instant of its own."""

    zone: ZoneInfo

    def begins(self, instant: datetime) -> timedelta:
        return naive(instant, self.zone) - WALL_EPOCH

    def at(self, instant: datetime) -> timedelta:
        return wall(instant, self.zone) - WALL_EPOCH

    def instant(self, own: timedelta) -> datetime:
        return first(WALL_EPOCH + own, self.zone)

    def due(self, own: timedelta) -> datetime:
        return shown(WALL_EPOCH + own, self.zone)


@dataclass(frozen=True)
class WorkingTime:
    """Open hours end to end. A day that the clock changes is as long as it really was."""

    hours: WorkHours
    cut_off: time | None = None

    def begins(self, instant: datetime) -> timedelta:
        calendar = self.hours.calendar
        local = wall(instant, calendar.tz)
        if self.cut_off is None or local.time() < self.cut_off or not calendar.minutes(local.date()):
            return self.at(instant)
        return self.at(first(_midnight(local.date() + DAY), calendar.tz))

    def at(self, instant: datetime) -> timedelta:
        return self.hours.worked(instant)

    def instant(self, own: timedelta) -> datetime:
        return self.hours.instant(own)

    def due(self, own: timedelta) -> datetime:
        return self.hours.instant(own)


@dataclass(frozen=True)
class WorkingDays:
    """Working days end to end. What comes on another day counts as if it came at that time of the next working day."""

    days: WorkDays
    cut_off: time | None = None

    def begins(self, instant: datetime) -> timedelta:
        local = naive(instant, self.days.calendar.tz)
        day, clock = self.days.next(local.date()), local.time()
        if self.cut_off is not None and clock >= self.cut_off:
            day = self.days.next(day + DAY)
            return self._own(day, _opening(self.days.calendar, day))
        return self._own(day, clock)

    def at(self, instant: datetime) -> timedelta:
        local = wall(instant, self.days.calendar.tz)
        works = bool(self.days.calendar.minutes(local.date()))
        return self._own(local.date(), local.time() if works else time())

    def instant(self, own: timedelta) -> datetime:
        return first(self._wall(own), self.days.calendar.tz)

    def due(self, own: timedelta) -> datetime:
        return shown(self._wall(own), self.days.calendar.tz)

    def _own(self, day: date, clock: time) -> timedelta:
        return self.days.before(day) * DAY + (
            datetime.combine(date.min, clock) - datetime.combine(date.min, time())
        )

    def _wall(self, own: timedelta) -> datetime:
        days, rest = divmod(own, DAY)
        return _midnight(self.days.day(days)) + rest


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _opening(calendar: Calendar, day: date) -> time:
    hour, minute = divmod(calendar.minutes(day)[0][0], 60)
    return time(hour, minute)


@lru_cache(maxsize=1024)
def ruler(counting: Counting, calendar: Calendar | None, cut_off: time | None) -> Ruler:
    """One for each way of counting, whatever plan asks: what it has worked out is kept. Raises ValueError."""
    if counting is Counting.ELAPSED:
        return Elapsed()
    if calendar is None:
        raise ValueError(f"{counting} is counted by a calendar, and none came with the plan")
    make: dict[Counting, Callable[[], Ruler]] = {
        Counting.CALENDAR_DAYS: lambda: CalendarDays(calendar.tz),
        Counting.WORKING_TIME: lambda: WorkingTime(openings.hours(calendar), cut_off),
        Counting.WORKING_DAYS: lambda: WorkingDays(openings.days(calendar), cut_off),
    }
    return make[counting]()
