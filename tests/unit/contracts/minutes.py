"""The oracle of calendars: minute by minute, and nothing clever. It shares no code with what it judges.

Every minute of some years is asked what the clock on the wall shows and whether somebody works then.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Office:
    """`week` from Monday, in minutes of the day; `days` differ from it."""

    zone: ZoneInfo
    week: tuple[Spans, ...]
    days: dict[date, Spans]

    def hours(self, day: date) -> Spans:
        return self.days.get(day, self.week[day.weekday()])


@dataclass(frozen=True)
class Minutes:
    """`many` minutes from `start` (UTC, a whole minute)."""

    office: Office
    start: datetime
    many: int

    @cached_property
    def walls(self) -> list[datetime]:
        """What the wall clock shows at each minute."""
        every = (self.start + i * MINUTE for i in range(self.many))
        return [at.astimezone(self.office.zone).replace(tzinfo=None, fold=0) for at in every]

    @cached_property
    def open(self) -> bytes:
        """1 for a minute in which somebody works."""
        return bytes(self._works(shown) for shown in self.walls)

    @cached_property
    def first(self) -> dict[datetime, int]:
        """The first minute at which the wall clock shows this."""
        found: dict[datetime, int] = {}
        for i, shown in enumerate(self.walls):
            found.setdefault(shown, i)
        return found

    def _works(self, shown: datetime) -> bool:
        minute = shown.hour * 60 + shown.minute
        return any(start <= minute < end for start, end in self.office.hours(shown.date()))

    def at(self, i: int) -> datetime:
        return self.start + i * MINUTE

    def worked(self, i: int, j: int) -> int:
        return self.open[i:j].count(1)

    def after_days(self, i: int, days: int) -> int:
        """The same time of the wall clock so many days on; where it is skipped, later by what is skipped."""
        wanted = self.walls[i] + days * DAY
        if wanted in self.first:
            return self.first[wanted]
        past = next(k for k in range(i, self.many) if self.walls[k] > wanted)
        return self.first[wanted + (self.walls[past] - self.walls[past - 1] - MINUTE)]

    def after_working_days(self, i: int, days: int, cut_off: time | None) -> int:
        """Walk from day to day and count those on which somebody works."""
        day, clock = self.walls[i].date(), self.walls[i].time()
        while not self.office.hours(day):
            day += DAY
        if cut_off is not None and clock >= cut_off:
            day += DAY
            while not self.office.hours(day):
                day += DAY
            opening = self.office.hours(day)[0][0]
            clock = time(opening // 60, opening % 60)
        while days:
            day += DAY
            days -= bool(self.office.hours(day))
        return self._shown(datetime.combine(day, clock))

    def _shown(self, wanted: datetime) -> int:
        if wanted in self.first:
            return self.first[wanted]
        before = self.first[datetime.combine(wanted.date() - DAY, wanted.time())]
        return self.after_days(before, 1)


def months(office: Office, year: int, many: int) -> Minutes:
    start = datetime(year, 1, 1, tzinfo=UTC)
    return Minutes(office, start, many * 31 * 24 * 60)
