"""Openings: the working days and open hours of a calendar, worked out year by year and kept.

What stands before a year is the sum of the years since the origin, so both directions of counting cost two look-ups,
however far apart the instants are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from services.contracts.calendars import Calendar
from services.contracts.wallclock import offset, transition

ORIGIN = 2020
NOTHING = timedelta(0)
DAY = timedelta(days=1)
NEAR = timedelta(hours=16)  # no zone is further from UTC


@dataclass(frozen=True)
class DaysOfYear:
    """Working days in order, and how many there were from the origin to the year."""

    days: list[date]
    before: int


@dataclass(frozen=True)
class HoursOfYear:
    """Openings and closings in UTC; how much was worked from the origin to each opening, and to the year's end."""

    opens: list[datetime]
    closes: list[datetime]
    before: list[timedelta]
    after: timedelta


@dataclass(frozen=True)
class WorkDays:
    calendar: Calendar
    years: dict[int, DaysOfYear] = field(default_factory=dict, compare=False, repr=False)

    def before(self, day: date) -> int:
        """Working days from the origin up to this day, itself not counted."""
        of = self._year(day.year)
        return of.before + bisect_left(of.days, day)

    def day(self, count: int) -> date:
        """The working day that has so many before it."""
        year = ORIGIN + count // max(1, len(self._year(ORIGIN).days))
        while count < self._year(year).before:
            year -= 1
        while count >= self._year(year).before + len(self._year(year).days):
            year += 1
        return self._year(year).days[count - self._year(year).before]

    def next(self, day: date) -> date:
        """This day if it is worked, else the first after it that is."""
        return day if self.calendar.minutes(day) else self.day(self.before(day))

    def _year(self, year: int) -> DaysOfYear:
        if year not in self.years:
            days = list(working_days(self.calendar, year))
            self.years[year] = DaysOfYear(days, self._days_to(year, len(days)))
        return self.years[year]

    def _days_to(self, year: int, many: int) -> int:
        if year == ORIGIN:
            return 0
        beside = self._year(year - 1 if year > ORIGIN else year + 1)
        return beside.before + len(beside.days) if year > ORIGIN else beside.before - many


@dataclass(frozen=True)
class WorkHours:
    calendar: Calendar
    years: dict[int, HoursOfYear] = field(default_factory=dict, compare=False, repr=False)

    def worked(self, instant: datetime) -> timedelta:
        """Open time from the origin to this instant."""
        instant = instant.astimezone(UTC)
        of = self._year(instant.astimezone(self.calendar.tz).year)
        i = bisect_right(of.opens, instant) - 1
        if i < 0:
            return of.before[0]
        return of.before[i] + min(instant, of.closes[i]) - of.opens[i]

    def instant(self, worked: timedelta) -> datetime:
        """The first instant by which so much was worked since the origin."""
        origin = self._year(ORIGIN)
        year = ORIGIN + (worked - origin.before[0]) // max(origin.after - origin.before[0], DAY)
        while worked <= self._year(year).before[0]:
            year -= 1
        while worked > self._year(year).after:
            year += 1
        of = self._year(year)
        i = bisect_left(of.before, worked) - 1
        return of.opens[i] + (worked - of.before[i])

    def _year(self, year: int) -> HoursOfYear:
        if year not in self.years:
            spans = sorted(_spans(self.calendar, year))
            total = sum((end - start for start, end in spans), NOTHING)
            self.years[year] = _hours_of(spans, self._worked_to(year, total))
        return self.years[year]

    def _worked_to(self, year: int, total: timedelta) -> timedelta:
        if year == ORIGIN:
            return NOTHING
        beside = self._year(year - 1 if year > ORIGIN else year + 1)
        return beside.after if year > ORIGIN else beside.before[0] - total


@lru_cache(maxsize=256)
def days(calendar: Calendar) -> WorkDays:
    return WorkDays(calendar)


@lru_cache(maxsize=256)
def hours(calendar: Calendar) -> WorkHours:
    return WorkHours(calendar)


def working_days(calendar: Calendar, year: int) -> Iterator[date]:
    """Days of the year that have hours."""
    first = date(year, 1, 1)
    every = (first + i * DAY for i in range((date(year + 1, 1, 1) - first).days))
    return (day for day in every if calendar.minutes(day))


def _hours_of(spans: list[tuple[datetime, datetime]], before: timedelta) -> HoursOfYear:
    """`before` of a year without a single opening is still known: one place stands for it."""
    starts = [before]
    for start, end in spans:
        starts.append(starts[-1] + (end - start))
    opens, closes = [start for start, _ in spans], [end for _, end in spans]
    return HoursOfYear(opens, closes, starts[:-1] or [before], starts[-1])


def _spans(calendar: Calendar, year: int) -> Iterator[tuple[datetime, datetime]]:
    """The open stretches of a year in UTC."""
    return (span for day in working_days(calendar, year) for span in _of_day(calendar, day))


def _of_day(calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    """A period, as UTC shows it. Around a change of the clock it may be two stretches, or none."""
    midnight = datetime.combine(day, time(), UTC)
    low, high = midnight - NEAR, midnight + DAY + NEAR
    early, late = offset(low, calendar.tz), offset(high, calendar.tz)
    turned = high if early == late else transition(calendar.tz, low, high)
    for first, last in calendar.minutes(day):
        start, end = midnight + timedelta(minutes=first), midnight + timedelta(minutes=last)
        if start - early < (until := min(end - early, turned)):
            yield start - early, until
        if early != late and (since := max(start - late, turned)) < end - late:
            yield since, end - late
