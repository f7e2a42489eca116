"""Calendars: when a city's offices are open. 24x7, or periods of the days of a week with days that differ.

`Calendar` is the snapshot that travels with a plan inside `case.registered`: zone, week and every day that differs,
so that the log alone determines the clocks (ADR 0023). `CalendarsFile` and `HolidaysFile` are what a city writes:
its own week and days, and the public days a kept library knows (`python -m services holidays`).
"""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.contracts import faults
from services.contracts.rows import Name, Row, Short, Slug
from services.contracts.shifts import read_hours

ALWAYS = "24x7"
LEAST_MINUTES = 60
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon-fri", "sat-sun", "daily"]
DAYS: dict[Weekday, range] = {
    "daily": range(7), "mon-fri": range(5), "sat-sun": range(5, 7), "mon": range(1), "tue": range(1, 2),
    "wed": range(2, 3), "thu": range(3, 4), "fri": range(4, 5), "sat": range(5, 6), "sun": range(6, 7),
}  # fmt: skip
Minutes = tuple[tuple[int, int], ...]


def _period(hours: str) -> str:
    start, end = read_hours(hours)
    if end <= start:
        raise faults.fault("a period ends on the day it begins; write two", "时段不得跨午夜，请分写")
    return hours


def _apart(hours: tuple[str, ...]) -> tuple[str, ...]:
    periods = [read_hours(each) for each in hours]
    if any(later[0] < earlier[1] for earlier, later in pairwise(periods)):
        raise faults.fault("periods of a day come in order and apart", "同日时段须依次且不重叠")
    return hours


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise faults.fault("no time zone has this name", "没有这个时区") from unknown
    return zone


Period = Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$"), AfterValidator(_period)]
Hours = Annotated[tuple[Period, ...], AfterValidator(_apart)]
Zone = Annotated[str, AfterValidator(_known)]


class OpenDay(BaseModel):
    """A day with hours of its own, whatever its weekday."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    on: date
    hours: Annotated[Hours, Field(min_length=1)]


class Calendar(BaseModel):
    """When it is open, in the local time of `zone`. `week` begins on Monday.

    `closed` and `opened` differ from the week. Public days are known up to the end of the year `known_until`; after it
    the week alone counts. None: no public days are observed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: Slug
    zone: Zone
    week: Annotated[tuple[Hours, ...], Field(min_length=7, max_length=7)]
    closed: tuple[date, ...] = ()
    opened: tuple[OpenDay, ...] = ()
    known_until: int | None = None

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _week(self) -> tuple[Minutes, ...]:
        return tuple(tuple(read_hours(each) for each in hours) for hours in self.week)

    @cached_property
    def _days(self) -> dict[date, Minutes]:
        closed: dict[date, Minutes] = dict.fromkeys(self.closed, ())
        return closed | {day.on: tuple(read_hours(each) for each in day.hours) for day in self.opened}

    def minutes(self, day: date) -> Minutes:
        """Its periods as minutes of the local day, first and after-last; empty on a day that is closed."""
        found = self._days.get(day)
        return self._week[day.weekday()] if found is None else found


def always(zone: str) -> Calendar:
    """24x7, by the wall clock of `zone`."""
    return Calendar(name=ALWAYS, zone=zone, week=(("00:00-24:00",),) * 7)


class PublicDay(Row):
    on: date
    name: Short


class HolidaysFile(Row):
    """holidays.yaml: public holidays and swapped workdays 调休 of the years `first` to `last`, and who says so."""

    OPTIONAL: ClassVar[bool] = True
    source: Short = "none"
    first: Annotated[int, Field(ge=1970, le=2200)] = 1970
    last: Annotated[int, Field(ge=1970, le=2200)] = 1970
    closed: tuple[PublicDay, ...] = ()
    swapped: tuple[PublicDay, ...] = ()

    @model_validator(mode="after")
    def _within(self) -> Self:
        for name, days in (("closed", self.closed), ("swapped", self.swapped)):
            wrong = [
                (name, i, "on") for i, day in enumerate(days) if not self.first <= day.on.year <= self.last
            ]
            if wrong:
                raise faults.fault("a day outside the years of this file", "日期不在本文件年份内", *wrong)
        return self


class OwnDay(Row):
    """A day of the city's own: hours of its own, or closed when it has none."""

    on: date
    hours: Hours
    note: Short


class CalendarRow(Row):
    """A line of calendars.yaml. A swapped workday is worked like a Monday unless `swapped` says else."""

    name: Slug
    title: Name
    timezone: Zone | None = None
    public_holidays: bool = True
    week: Annotated[dict[Weekday, Hours], Field(min_length=1)]
    swapped: Hours | None = None
    days: tuple[OwnDay, ...] = ()

    @model_validator(mode="after")
    def _worked(self) -> Self:
        worked = (read_hours(period) for day in range(7) for period in self.hours(day))
        if sum(end - start for start, end in worked) < LEAST_MINUTES:
            raise faults.fault(
                "a week has an hour of work at least, or nothing is ever due",
                "一周工作时段不得少于一小时",
                ("week",),
            )
        if places := faults.repeated((day.on for day in self.days), "days", "on"):
            raise faults.fault("this day stands here already", "日期重复", *places)
        return self

    def hours(self, weekday: int) -> Hours:
        """Of the entries that name this weekday, the one that names the fewest days."""
        naming = [day for day in self.week if weekday in DAYS[day]]
        return self.week[min(naming, key=lambda day: len(DAYS[day]))] if naming else ()


class CalendarsFile(Row):
    """calendars.yaml. `24x7` is always there and is not written."""

    OPTIONAL: ClassVar[bool] = True
    calendars: tuple[CalendarRow, ...] = ()

    @model_validator(mode="after")
    def _names(self) -> Self:
        taken = (ALWAYS, *(row.name for row in self.calendars))
        if places := faults.repeated(taken, "calendars", "name"):
            before = [("calendars", int(place[1]) - 1, "name") for place in places]
            raise faults.fault("this name is taken", "日历名称重复", *before)
        return self


def snapshots(
    rows: Iterable[CalendarRow], public: HolidaysFile, zone: str
) -> dict[tuple[str, bool], Calendar]:
    """What travels, by name and by whether public holidays are observed. `zone`: the city's."""
    found = {(ALWAYS, observed): always(zone) for observed in (True, False)}
    for row in rows:
        for observed in (True, False):
            found[row.name, observed] = _snapshot(
                row, public if observed and row.public_holidays else None, zone
            )
    return found


def _snapshot(row: CalendarRow, public: HolidaysFile | None, zone: str) -> Calendar:
    """The city's own days lie on top of the public ones."""
    days: dict[date, Hours] = {}
    if public:
        days |= {day.on: () for day in public.closed}
        days |= {day.on: row.swapped or row.hours(0) for day in public.swapped}
    days |= {day.on: day.hours for day in row.days}
    return Calendar(
        name=row.name, zone=row.timezone or zone, week=tuple(row.hours(weekday) for weekday in range(7)),
        closed=tuple(sorted(day for day, hours in days.items() if not hours)),
        opened=tuple(OpenDay(on=day, hours=hours) for day, hours in sorted(days.items()) if hours),
        known_until=public.last if public else None,
    )  # fmt: skip
