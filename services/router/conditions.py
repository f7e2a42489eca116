"""What a rule may ask: the conditions of `when`, as they are written in rules.yaml. All stated ones must hold."""

import re
from calendar import monthrange
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.contracts import faults, shifts, spelling
from services.contracts.city import AreaCode, CategoryPath, Slug
from services.contracts.shifts import Days
from services.contracts.values import ChannelKind, Kind, Segment, TriageClass
from services.router import patterns

Tag = Annotated[str, Field(pattern=r"^[^\s,]{1,40}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEASON = re.compile(r"(\d\d)-(\d\d)\.\.(\d\d)-(\d\d)")
LEAP = 2024
MonthDay = tuple[int, int]


def listed(value: object) -> object:
    """One value may be written without brackets."""
    return [value] if isinstance(value, str) else value


def _readable(pattern: str) -> str:
    if why := patterns.refusal(pattern):
        raise faults.fault(f"this pattern is refused: {why}", f"不支持该模式：{why}")
    return pattern


def _visible(word: str) -> str:
    if not spelling.folded(word):
        raise faults.fault("nothing of this word is left in its normal form", "该词规范化后为空")
    return word


Word = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_visible)]
Pattern = Annotated[str, Field(min_length=1, max_length=patterns.LONGEST), AfterValidator(_readable)]


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Words(Row):
    """Words in the citizen's text, both in the form of spelling.folded: some of `any`, all of `all`, none of `none`."""

    any: Annotated[tuple[Word, ...], BeforeValidator(listed)] = ()
    all: Annotated[tuple[Word, ...], BeforeValidator(listed)] = ()
    none: Annotated[tuple[Word, ...], BeforeValidator(listed)] = ()


class Time(Row):
    """When it was received, in the city's local time; hours that end before they begin pass midnight.

    `days`: mon-fri, sat-sun, daily, or a list of weekdays, on which the hours begin. `season`: from a day of the year
    to another, both in it, `11-15..03-15` across the new year.
    """

    days: Days | Annotated[tuple[Weekday, ...], Field(min_length=1)] = "daily"
    hours: Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")] = "00:00-24:00"
    season: Annotated[str, Field(pattern=r"^\d\d-\d\d\.\.\d\d-\d\d$")] | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        shifts.read_hours(self.hours)
        if self.season is not None:
            read_season(self.season)
        return self

    @property
    def minutes(self) -> int:
        """The minutes of the week, as a bit set from Monday 00:00."""
        days = self.days
        chosen = shifts.DAYS[days] if isinstance(days, str) else [WEEKDAYS.index(day) for day in days]
        return shifts.minutes_on(chosen, self.hours)

    def __str__(self) -> str:
        days = self.days if isinstance(self.days, str) else ",".join(self.days)
        return " ".join(filter(None, (days, self.hours, self.season)))


def read_season(season: str) -> tuple[MonthDay, MonthDay]:
    """`11-15..03-15` as ((11, 15), (3, 15)); raises city_data faults for pydantic."""
    found = _SEASON.fullmatch(season)
    parts = [int(part) for part in found.groups()] if found else [0, 0, 0, 0]
    first, last = (parts[0], parts[1]), (parts[2], parts[3])
    if not all(1 <= month <= 12 and 1 <= day <= monthrange(LEAP, month)[1] for month, day in (first, last)):
        reason = "a season is written 11-15..03-15: month and day of the first and the last day"
        raise faults.fault(reason, "季节写作 11-15..03-15：首日与末日的月-日", ("season",))
    return first, last


class Bounces(Row):
    """How often the case has been returned so far."""

    min: Annotated[int, Field(ge=0)] = 0
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise faults.fault("max is not less than min", "上限不得小于下限", ("max",))
        return self


class When(Row):
    """Within one condition any value does. `category` and `area` hold for everything below the one named."""

    category: Annotated[tuple[CategoryPath, ...], BeforeValidator(listed)] = ()
    area: Annotated[tuple[AreaCode, ...], BeforeValidator(listed)] = ()
    channel: Annotated[tuple[Slug, ...], BeforeValidator(listed)] = ()
    channel_kind: Annotated[tuple[ChannelKind, ...], BeforeValidator(listed)] = ()
    segment: Annotated[tuple[Segment, ...], BeforeValidator(listed)] = ()
    kind: Annotated[tuple[Kind, ...], BeforeValidator(listed)] = ()
    triage_class: Annotated[tuple[TriageClass, ...], Field(alias="class"), BeforeValidator(listed)] = ()
    words: Words | None = None
    pattern: Annotated[tuple[Pattern, ...], BeforeValidator(listed)] = ()
    time: Time | None = None
    bounces: Bounces | None = None
    returned_by: Annotated[tuple[Slug, ...], BeforeValidator(listed)] = ()
    tags: Annotated[tuple[Tag, ...], BeforeValidator(listed)] = ()


class Validity(Row):
    """The days, in the city's local time, on which a rule is in force; both ends are in it."""

    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise faults.fault("it ends before it begins", "失效日期早于生效日期", ("valid_to",))
        return self

    @property
    def validity(self) -> str:
        """As written: `2026-11-01..`; empty where nothing is stated."""
        stated = self.valid_from or self.valid_to
        return f"{self.valid_from or ''}..{self.valid_to or ''}" if stated else ""
