"""Plans: what is promised for a case. A response in 30 minutes, a close in 24 hours, unless a row says else.

`Plan` is the promise itself and travels whole inside `case.registered`: the log alone says what was promised.
`PlanRow` is a line of plans.yaml: the promise and the cases it is for. What travels ignores fields that a
newer sender added; in a file an unknown field is a fault, which the loader sees to (`extra="forbid"`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.contracts import faults
from services.contracts.values import Audience, Kind, ResponseBasis, Segment, TriageClass

Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Target = Annotated[
    timedelta,
    Field(gt=timedelta(0), le=timedelta(days=365), description="ISO 8601: PT30M, PT24H, P15D"),
]
Calendar = Literal["24x7"]


class Text(BaseModel):
    """The same words for both kinds of readers."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    zh: Annotated[str, Field(min_length=1, max_length=1000)]
    en: Annotated[str, Field(min_length=1, max_length=1000)]


class Rung(BaseModel):
    """A step of the ladder: at `percent` of the target these are told. 100 is the breach."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    percent: Annotated[int, Field(ge=1, le=1000)]
    audience: Annotated[tuple[Audience, ...], Field(min_length=1)]


class Response(BaseModel):
    """响应: how long, and which acts count. No automatic act is in the vocabulary."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    target: Target
    counts: Annotated[tuple[ResponseBasis, ...], Field(min_length=1)] = tuple(ResponseBasis)


class Close(BaseModel):
    """办结: how long."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    target: Target


class Plan(BaseModel):
    """The promise. Both clocks start at our receipt and climb the same ladder.

    `auto_accept`: silence of a department this long after its assignment opened is acceptance; None: never.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: Slug
    title: Text
    response: Response
    close: Close
    calendar: Calendar = "24x7"
    auto_accept: Target | None = None
    ladder: Annotated[tuple[Rung, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ladder_climbs(self) -> Self:
        percents = [rung.percent for rung in self.ladder]
        if percents != sorted(set(percents)) or 100 not in percents:
            reason = "a ladder climbs, each percent once, with a rung at 100"
            raise faults.fault(reason, "阶梯须递增、不重复且含 100%", ("ladder",))
        if self.response.target > self.close.target:
            reason = "a response is due no later than the close"
            raise faults.fault(reason, "响应时限不得长于办结时限", ("response", "target"))
        return self

    def rung(self, percent: int) -> Rung | None:
        return next((rung for rung in self.ladder if rung.percent == percent), None)


class When(BaseModel):
    """Which cases a plan is for. Every stated condition must hold; within one, any value does.

    A row that states none is for no case by itself: a rule names it, or it is the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)
    category: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    triage_class: Annotated[tuple[TriageClass, ...], Field(alias="class")] = ()
    segment: tuple[Segment, ...] = ()
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

    @cached_property
    def by_name(self) -> dict[str, Plan]:
        """Every promise by its name; rules look up the plan they name here."""
        return {row.name: row.promise for row in self.plans}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case when its plan is chosen."""

    category: str | None = None
    triage_class: TriageClass = TriageClass.ORDINARY
    segment: Segment = Segment.CITIZEN
    kind: Kind = Kind.COMPLAINT


def choose(plans: Plans, facts: Facts) -> Plan:
    """The plan of a case that no rule has given one.

    Of the rows whose every condition holds, the most specific: the longest category prefix first, then a row
    that names the class, then one that names the segment, then one that names the kind; among equals the
    first in the file. No row: the default.
    """
    best, best_rank = None, (0, False, False, False)
    for row in plans.plans:
        rank = _rank(row.when, facts)
        if rank is not None and rank > best_rank:
            best, best_rank = row, rank
    return best.promise if best else plans.by_name[plans.default]


def _rank(when: When, facts: Facts) -> tuple[int, bool, bool, bool] | None:
    """How specific a row is for these facts; None when one of its conditions does not hold."""
    fitting = [prefix for prefix in when.category if within(facts.category, prefix)]
    depth = max((len(prefix.split("/")) for prefix in fitting), default=0)
    if when.category and not depth:
        return None
    if when.triage_class and facts.triage_class not in when.triage_class:
        return None
    if when.segment and facts.segment not in when.segment:
        return None
    if when.kind and facts.kind not in when.kind:
        return None
    return depth, bool(when.triage_class), bool(when.segment), bool(when.kind)


def within(path: str | None, prefix: str) -> bool:
    """Whether `path` is `prefix` or below it: 市容环卫/占道经营 is within 市容环卫, and not within 市容."""
    return path is not None and (path == prefix or path.startswith(prefix + "/"))


def due_at(target: timedelta, start: datetime, calendar: Calendar = "24x7") -> datetime:
    """The last instant that is in time, in elapsed time from `start`: 24x7 has no closing hours."""
    return start + target


def rung_at(target: timedelta, percent: int, start: datetime, calendar: Calendar = "24x7") -> datetime:
    """When the rung at `percent` of the target falls due, to the microsecond; at 100 it is `due_at`."""
    return start + target * percent / 100
