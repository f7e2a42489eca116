"""The duty list 事项清单: rules.yaml as models, and what it may not say against the other files of the city.

A rule is *when* (conditions, all must hold; within one any value does) and *then* (whose it is). A rule that gives
class or tags alone classifies: it is asked first, and what it gives may stand in the conditions of the others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from services.contracts import city as cities
from services.contracts import faults, schemas, shifts
from services.contracts.city import AreaCode, CategoryPath, City, Slug
from services.contracts.faults import Fault, Place
from services.contracts.shifts import Days
from services.contracts.values import ChannelKind, Emergency, Kind, Segment, TriageClass
from services.router import shapes
from services.router.shapes import Shapes

FILE = "rules.yaml"
Word = Annotated[str, Field(min_length=1, max_length=40)]
Tag = Annotated[str, Field(pattern=r"^[^\s,]{1,40}$")]
RuleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]


def _listed(value: object) -> object:
    """One value may be written without brackets."""
    return [value] if isinstance(value, str) else value


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Words(Row):
    """Words in the citizen's text, on its normalised form: at least one of `any`, all of `all`, none of `none`."""

    any: tuple[Word, ...] = ()
    all: tuple[Word, ...] = ()
    none: tuple[Word, ...] = ()


class Time(Row):
    """When it was received, in the city's local time; hours that end before they begin pass midnight."""

    days: Days = "daily"
    hours: Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")] = "00:00-24:00"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        shifts.read_hours(self.hours)
        return self


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
    category: Annotated[tuple[CategoryPath, ...], BeforeValidator(_listed)] = ()
    area: Annotated[tuple[AreaCode, ...], BeforeValidator(_listed)] = ()
    channel: Annotated[tuple[Slug, ...], BeforeValidator(_listed)] = ()
    channel_kind: Annotated[tuple[ChannelKind, ...], BeforeValidator(_listed)] = ()
    segment: Annotated[tuple[Segment, ...], BeforeValidator(_listed)] = ()
    kind: Annotated[tuple[Kind, ...], BeforeValidator(_listed)] = ()
    triage_class: Annotated[tuple[TriageClass, ...], Field(alias="class"), BeforeValidator(_listed)] = ()
    words: Words | None = None
    time: Time | None = None
    bounces: Bounces | None = None


class Then(Row):
    """Whose it is. `class` and `plan`, where given, win over what else would be chosen.

    `hold`: the desk decides. `emergency`: handed to 110, 119, 120 or 122 at once; `lead`, if any, follows it up.
    `again`: also to a department that has returned this very case. `tags` stay with the case.
    """

    lead: Slug | None = None
    assists: Annotated[tuple[Slug, ...], BeforeValidator(_listed)] = ()
    triage_class: Annotated[TriageClass | None, Field(alias="class")] = None
    plan: Slug | None = None
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_listed)] = ()
    hold: bool = False
    emergency: Emergency | None = None
    again: bool = False

    @property
    def decides(self) -> bool:
        """Whether it says whose the case is; else it classifies only."""
        return self.lead is not None or self.hold or self.emergency is not None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        gives = self.triage_class is not None or self.tags
        if not self.decides and (not gives or self.assists or self.plan or self.again):
            reason = (
                "a rule names a lead, holds, or hands to an emergency service; or gives class or tags alone"
            )
            raise faults.fault(reason, "须指定主办单位、留分拨台或移交应急，或仅给出分级、标签")
        if self.hold and (self.lead or self.assists or self.emergency):
            reason = "a rule that holds for the desk names nobody else"
            raise faults.fault(reason, "留分拨台的规则不再指定单位", ("hold",))
        if self.lead in self.assists:
            raise faults.fault("the lead does not assist itself", "主办单位不能同时协办", ("assists",))
        return self


class Rule(Row):
    """A line of the duty list. `note` says on what it rests: a regulation, a division of duties, a ruling."""

    id: RuleId
    note: Annotated[str, Field(min_length=1, max_length=300)]
    when: When
    then: Then

    @model_validator(mode="after")
    def _class_comes_first(self) -> Self:
        if not self.then.decides and self.when.triage_class:
            reason = "a rule that gives the class cannot ask for it"
            raise faults.fault(reason, "分级规则不能以分级为条件", ("when", "class"))
        return self


class Rules(Row):
    """rules.yaml."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids(self) -> Self:
        if places := faults.repeated((rule.id for rule in self.rules), "rules", "id"):
            raise faults.fault("this id is taken by an earlier rule", "规则编号重复", *places)
        return self


@dataclass(frozen=True)
class DutyList:
    """A city with its rules: what comes into force together, or not at all."""

    city: City
    rules: Rules
    shapes: Shapes = shapes.NONE


MODELS: dict[str, type[BaseModel]] = {**cities.MODELS, shapes.FILE: Shapes, FILE: Rules}


def assemble(parts: Mapping[str, BaseModel]) -> DutyList:
    rules, outlines = parts[FILE], parts[shapes.FILE]
    assert isinstance(rules, Rules)
    assert isinstance(outlines, Shapes)
    return DutyList(cities.assemble(parts), rules, outlines)


def problems(duty: DutyList) -> Iterable[Fault]:
    """What the files say of one another and is not so; empty when the set may come into force."""
    yield from cities.problems(duty.city)
    yield from shapes.problems(duty.city, duty.shapes)
    city, rules = duty.city, duty.rules.rules
    yield from cities.unknown_departments(city, FILE, _named(rules, "then", "lead"))
    yield from cities.unknown_departments(city, FILE, _named(rules, "then", "assists"))
    yield from cities.unknown_areas(city, FILE, _named(rules, "when", "area"))
    yield from cities.unknown_categories(city, FILE, _named(rules, "when", "category"))
    yield from faults.unknown(
        FILE, _named(rules, "when", "channel"), city.channel_by_id, "channel has the id", "渠道"
    )
    yield from faults.unknown(
        FILE, _named(rules, "then", "plan"), city.plans.by_name, "plan has the name", "方案"
    )


def _named(rules: Iterable[Rule], part: str, field: str) -> Iterator[tuple[Place, str | None]]:
    """Every name that a field of `when` or `then` gives, with its place in the file."""
    for row, rule in enumerate(rules):
        given = getattr(getattr(rule, part), field)
        if isinstance(given, tuple):
            yield from ((("rules", row, part, field, i), one) for i, one in enumerate(given))
        else:
            yield ("rules", row, part, field), given


def json_schema() -> dict[str, JsonValue]:
    """The published JSON Schema of rules.yaml."""
    return schemas.json_schema(Rules)
