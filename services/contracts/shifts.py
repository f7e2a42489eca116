"""Shifts: who is on duty when. A department answers every hour of the week; a shift may run past midnight."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.contracts import faults
from services.contracts.faults import Place

Days = Literal["mon-fri", "sat-sun", "daily"]
DAYS: dict[Days, range] = {"mon-fri": range(5), "sat-sun": range(5, 7), "daily": range(7)}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = 24 * 60
WEEK = 7 * DAY
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class Officer(BaseModel):
    """Somebody on duty. `phone` is where the department's own notices go, never shown to citizens."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    phone: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]


class Shift(BaseModel):
    """A stretch of the day on some days. `18:00-08:30` begins on those days and ends on the next morning."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=40)]
    days: Days
    hours: Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]
    handlers: Annotated[tuple[Officer, ...], Field(min_length=1)]
    duty_officer: Officer
    head: Officer

    @field_validator("hours")
    @classmethod
    def _readable(cls, hours: str) -> str:
        read_hours(hours)
        return hours

    @cached_property
    def minutes(self) -> int:
        """The minutes of the week it covers, as a bit set; bit 0 is Monday 00:00."""
        return minutes_of(self.days, self.hours)

    def covers(self, local: datetime) -> bool:
        """`local` is the city's local time."""
        return bool(self.minutes >> minute_of_week(local) & 1)


class DepartmentRoster(BaseModel):
    """A department's shifts; where two cover a minute the first in the file is on duty."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    shifts: Annotated[tuple[Shift, ...], Field(min_length=1)]

    def on_duty(self, local: datetime) -> Shift:
        """The shift on duty at this local time. A sound city has one always (`first_gap`); else the first."""
        return next((shift for shift in self.shifts if shift.covers(local)), self.shifts[0])

    def officers(self) -> Iterator[tuple[Place, Officer]]:
        """Everybody, with the place in the file: one may stand in several shifts."""
        for i, shift in enumerate(self.shifts):
            yield from ((("shifts", i, "handlers", j), officer) for j, officer in enumerate(shift.handlers))
            yield ("shifts", i, "duty_officer"), shift.duty_officer
            yield ("shifts", i, "head"), shift.head


def read_hours(hours: str) -> tuple[int, int]:
    """`08:30-18:00` as minutes of the day, first and after-last; raises city_data faults for pydantic."""
    found = _HOURS.fullmatch(hours)
    start, end = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (0, 0)
    if start == end or end > DAY:
        raise faults.fault("hours are written 08:30-18:00, up to 24:00", "时段写作 08:30-18:00，至 24:00 止")
    return start, end


def minutes_of(days: Days, hours: str) -> int:
    """As `minutes_on`, for days by name."""
    return minutes_on(DAYS[days], hours)


def minutes_on(days: Iterable[int], hours: str) -> int:
    """Days (0 is Monday) and hours as a bit set of the minutes of a week. Hours ending before they begin pass midnight."""
    start, end = read_hours(hours)
    length = (end - start) % DAY or DAY
    bits = 0
    for day in days:
        bits |= ((1 << length) - 1) << day * DAY + start
    return (bits | bits >> WEEK) & (1 << WEEK) - 1


def minute_of_week(local: datetime) -> int:
    return local.weekday() * DAY + local.hour * 60 + local.minute


def first_gap(shifts: Iterable[Shift]) -> str | None:
    """The first minute of the week that no shift covers, in words; None when there is none."""
    covered = 0
    for shift in shifts:
        covered |= shift.minutes
    missing = ~covered & (1 << WEEK) - 1
    if not missing:
        return None
    minute = (missing & -missing).bit_length() - 1
    return f"on {WEEKDAYS[minute // DAY]} at {minute % DAY // 60:02d}:{minute % 60:02d}"
