"""Plans: what is promised for a case. A response in 30 minutes, a close in 24 hours, unless a row says else.

`Plan` is the promise itself and travels whole inside `case.registered`: the log alone says what was promised.
`PlanRow` is a line of plans.yaml: the promise and the cases it is for. What travels ignores fields that a
newer sender added; in a file an unknown field is a fault, which the loader sees to (`extra="forbid"`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, WrapValidator, model_validator

from services.contracts import countings, faults
from services.contracts.calendars import ALWAYS, Calendar
from services.contracts.countings import Counting, Ruler
from services.contracts.rows import AreaCode
from services.contracts.values import (
    Audience,
    ChannelKind,
    ClockKind,
    Kind,
    ResponseBasis,
    Segment,
    TriageClass,
)

Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Target = Annotated[
    timedelta,
    Field(gt=timedelta(0), le=timedelta(days=365), description="ISO 8601: PT30M, PT24H, P15D"),
]
Offset = Annotated[
    timedelta, Field(ge=-timedelta(days=365), le=timedelta(days=365), description="ISO 8601: -PT1H, P1D")
]
Promised = Annotated[
    timedelta,
    Field(
        gt=timedelta(0),
        le=timedelta(days=1830),
        description="ISO 8601, at most five years: PT30M, PT24H, P15D",
    ),
]
Then = Literal["raise", "supervise"]
BREACH = 100
NOTHING = timedelta(0)


class Text(BaseModel):
    """The same words for both kinds of readers."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    zh: Annotated[str, Field(min_length=1, max_length=1000)]
    en: Annotated[str, Field(min_length=1, max_length=1000)]


class Rung(BaseModel):
    """A step of the ladder: at `percent` of the target, or at `offset` from due, these are told. 100 is the breach.

    Both are counted in the plan's own time: an hour before due is an hour of the calendar's. `then`: what sla asks of
    the router besides: that the level above takes part, or that supervision watches. It moves no clock.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    percent: Annotated[int, Field(ge=1, le=1000)] | None = None
    offset: Offset | None = None
    audience: Annotated[tuple[Audience, ...], Field(min_length=1)]
    then: Then | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.percent is None) == (not self.offset):
            reason = "a rung stands at a percent or at an offset from due, not at due itself"
            raise faults.fault(reason, "阶梯写百分比或距到期的时长，二者取一")
        return self

    def of(self, target: timedelta) -> timedelta:
        """How much of the plan's own time has passed when it falls due, to the microsecond."""
        if self.percent is None:
            return target + (self.offset or NOTHING)
        return target * self.percent / 100


class Counted(BaseModel):
    """How a target is counted when not simply elapsed. `days` is the calendar itself, put there with the city's files.

    `calendar`: the plan's own when not given. `cut_off`: what comes then or later counts from the next opening.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    by: Counting
    calendar: Slug | None = None
    public_holidays: bool = True
    cut_off: time | None = None
    days: Calendar | None = None


class Measure(BaseModel):
    """A promised length, and what it is counted in: 24 hours, 16 hours of office, 5 working days."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    target: Promised
    counted: Counted | None = None

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.by is Counting.WORKING_DAYS and self.target % countings.DAY:
            raise faults.fault("working days are counted whole: P5D", "工作日须为整数：P5D", ("target",))
        if self.by is Counting.CALENDAR_DAYS and self.target < timedelta(hours=2):
            raise faults.fault(
                "what is counted by the wall clock takes two hours or more",
                "按当地时间计算的时限不得短于两小时",
                ("target",),
            )
        return self

    @property
    def by(self) -> Counting:
        return self.counted.by if self.counted else Counting.ELAPSED

    @cached_property
    def ruler(self) -> Ruler:
        """Raises ValueError when a calendar is needed and none came with the plan."""
        asked = self.counted or Counted(by=Counting.ELAPSED)
        return countings.ruler(asked.by, asked.days, asked.cut_off)


class Response(Measure):
    """响应: how long, and which acts count. No automatic act is in the vocabulary."""

    counts: Annotated[tuple[ResponseBasis, ...], Field(min_length=1)] = tuple(ResponseBasis)


class Close(Measure):
    """办结: how long."""


class Plan(BaseModel):
    """The promise. Both clocks start at our receipt and climb the same ladder.

    `auto_accept`: silence of a department this long after its assignment opened is acceptance; None: never.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: Slug
    title: Text
    response: Response
    close: Close
    calendar: Slug = ALWAYS
    auto_accept: Target | None = None
    clocks: dict[ClockKind, Measure] = {}
    ladder: Annotated[tuple[Rung, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _clocks_beside(self) -> Self:
        if twice := [
            ("clocks", kind) for kind in (ClockKind.RESPONSE, ClockKind.CLOSE) if kind in self.clocks
        ]:
            raise faults.fault("has a line of its own above", "该时钟另有一行", *twice)
        return self

    @model_validator(mode="after")
    def _ladder_climbs(self) -> Self:
        if BREACH not in {rung.percent for rung in self.ladder} or not all(
            _climbs([rung.of(measure.target) for rung in self.ladder]) for measure in self.measures
        ):
            reason = "a ladder climbs, each percent once, with a rung at 100"
            raise faults.fault(reason, "阶梯须递增、不重复且含 100%", ("ladder",))
        if self.response.by is self.close.by and self.response.target > self.close.target:
            reason = "a response is due no later than the close"
            raise faults.fault(reason, "响应时限不得长于办结时限", ("response", "target"))
        return self

    @cached_property
    def written(self) -> bytes:
        """The promise as JSON, once: it is written into every case.registered, and there are a few dozen in force."""
        return Plan.__pydantic_serializer__.to_json(self)

    @property
    def measures(self) -> tuple[Measure, ...]:
        return self.response, self.close, *self.clocks.values()

    def measure(self, kind: ClockKind) -> Measure | None:
        if kind is ClockKind.RESPONSE:
            return self.response
        return self.close if kind is ClockKind.CLOSE else self.clocks.get(kind)

    def rung(self, percent: int) -> Rung | None:
        return next((rung for rung in self.ladder if rung.percent == percent), None)


_KNOWN: dict[bytes, Plan] = {}


def _known(said: Any, read: Callable[[Any], Plan]) -> Plan:
    """A plan that was read before is not read again: it travels in every case.registered, and is one of a few dozen."""
    if isinstance(said, Plan):
        return said
    try:
        written = orjson.dumps(said)
    except TypeError:
        return read(said)
    if (plan := _KNOWN.get(written)) is None:
        if len(_KNOWN) > 1000:
            _KNOWN.clear()
        plan = _KNOWN[written] = read(said)
    return plan


Travelling = Annotated[Plan, WrapValidator(_known)]
"""A plan as an event carries it."""


def _climbs(places: list[timedelta]) -> bool:
    return places == sorted(set(places)) and places[0] > NOTHING


class When(BaseModel):
    """Which cases a plan is for. Every stated condition must hold; within one, any value does.

    A row that states none is for no case by itself: a rule names it, or it is the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)
    category: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    triage_class: Annotated[tuple[TriageClass, ...], Field(alias="class")] = ()
    segment: tuple[Segment, ...] = ()
    area: tuple[AreaCode, ...] = ()
    channel_kind: tuple[ChannelKind, ...] = ()
    kind: tuple[Kind, ...] = ()


class PlanRow(Plan):
    """A line of plans.yaml."""

    when: When = When()

    @cached_property
    def promise(self) -> Plan:
        """The plan without its conditions: the snapshot an event carries."""
        return Plan.model_construct(**{name: getattr(self, name) for name in Plan.model_fields})


class Plans(BaseModel):
    """plans.yaml: every plan of the city, and the name of the one for all other cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    plans: Annotated[tuple[PlanRow, ...], Field(min_length=1)]
    default: Slug

    @model_validator(mode="after")
    def _names(self) -> Self:
        if places := faults.repeated((row.name for row in self.plans), "plans", "name"):
            raise faults.fault("this name is taken by an earlier plan", "方案名称重复", *places)
        if self.default not in self.by_name:
            raise faults.fault("no plan has this name", "没有这个方案", ("default",))
        return self

    def bound(self, calendars: Mapping[tuple[str, bool], Calendar]) -> "Plans":
        """With the days of every calendar they name: as they travel. `calendars` by name and public holidays."""
        return Plans.model_construct(
            plans=tuple(_bound(row, calendars) for row in self.plans), default=self.default
        )

    @cached_property
    def asks_area(self) -> bool:
        """Whether any plan is for an area: else where a case is changes nothing."""
        return any(row.when.area for row in self.plans)

    @cached_property
    def by_name(self) -> dict[str, Plan]:
        """Every promise by its name; rules look up the plan they name here."""
        return {row.name: row.promise for row in self.plans}


def _bound(row: PlanRow, calendars: Mapping[tuple[str, bool], Calendar]) -> PlanRow:
    fields = {name: getattr(row, name) for name in PlanRow.model_fields}
    fields |= {name: _dated(fields[name], row.calendar, calendars) for name in ("response", "close")}
    fields["clocks"] = {kind: _dated(each, row.calendar, calendars) for kind, each in row.clocks.items()}
    return PlanRow.model_construct(**fields)


def _dated(measure: Measure, named: str, calendars: Mapping[tuple[str, bool], Calendar]) -> Measure:
    """`named`: the plan's own calendar, for a measure that names none."""
    if measure.counted is None:
        return measure
    key = measure.counted.calendar or named, measure.counted.public_holidays
    counted = measure.counted.model_copy(update={"days": calendars.get(key)})
    whole = {each: getattr(measure, each) for each in type(measure).model_fields}
    return type(measure).model_construct(**whole | {"counted": counted})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case when its plan is chosen."""

    category: str | None = None
    triage_class: TriageClass = TriageClass.ORDINARY
    segment: Segment = Segment.CITIZEN
    kind: Kind = Kind.COMPLAINT
    area: str | None = None
    channel_kind: ChannelKind | None = None


def choose(plans: Plans, facts: Facts) -> Plan:
    """The plan of a case that no rule has given one.

    Of the rows whose every condition holds, the most specific: the longest category prefix first, then a row
    that names the class, then one that names the segment, then the longest area, then one that names the channel
    kind, then one that names the kind; among equals the first in the file. No row: the default.
    """
    best, best_rank = None, NOT_SPECIFIC
    for row in plans.plans:
        rank = _rank(row.when, facts)
        if rank is not None and rank > best_rank:
            best, best_rank = row, rank
    return best.promise if best else plans.by_name[plans.default]


Rank = tuple[int, bool, bool, int, bool, bool]
NOT_SPECIFIC: Rank = (0, False, False, 0, False, False)


def _rank(when: When, facts: Facts) -> Rank | None:
    """How specific a row is for these facts; None when one of its conditions does not hold."""
    category, area = _depth(when.category, facts.category), _depth(when.area, facts.area)
    among = (
        (when.triage_class, facts.triage_class),
        (when.segment, facts.segment),
        (when.channel_kind, facts.channel_kind),
        (when.kind, facts.kind),
    )
    if category is None or area is None or any(named and fact not in named for named, fact in among):
        return None
    triage, segment, channel, kind = (bool(named) for named, _ in among)
    return category, triage, segment, area, channel, kind


def _depth(prefixes: tuple[str, ...], path: str | None) -> int | None:
    """Of the longest prefix that the path is within; 0 when none is asked for, None when none fits."""
    fitting = [len(prefix.split("/")) for prefix in prefixes if within(path, prefix)]
    return max(fitting) if fitting else None if prefixes else 0


def within(path: str | None, prefix: str) -> bool:
    """Whether `path` is `prefix` or below it: 市容环卫/占道经营 is within 市容环卫, and not within 市容."""
    return path is not None and (path == prefix or path.startswith(prefix + "/"))


def due_at(measure: Measure, start: datetime, credit: timedelta = NOTHING) -> datetime:
    """The last instant that is in time. `credit`: the plan's own time that does not count, e.g. of pauses."""
    ruler = measure.ruler
    return ruler.due(ruler.begins(start) + measure.target + credit)


def rung_name(rung: Rung) -> str:
    """`50`, or `-1 day, 23:00:00`: what tells a rung from the others of its ladder."""
    return str(rung.offset if rung.percent is None else rung.percent)


def rung_at(measure: Measure, rung: Rung, start: datetime, credit: timedelta = NOTHING) -> datetime:
    """When a rung falls due; the one at 100 at `due_at`, and never one above it before."""
    place, ruler = rung.of(measure.target), measure.ruler
    if place == measure.target:
        return due_at(measure, start, credit)
    at = ruler.instant(ruler.begins(start) + place + credit)
    return at if place < measure.target else max(at, due_at(measure, start, credit))
