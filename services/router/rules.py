"""The duty list 事项清单: rules.yaml as models, and what it may not say against the other files of the city.

A rule is *when* (conditions.py: all must hold; within one any value does) and *then* (whose it is). A rule that names
nobody classifies: it is asked first, and the class and tags it gives may stand in the conditions of the others.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Self

import orjson
from pydantic import BaseModel, BeforeValidator, Field, JsonValue, model_validator

from services.contracts import city as cities
from services.contracts import faults, schemas
from services.contracts.city import City, DepartmentLevel, Slug
from services.contracts.faults import Fault, Place
from services.contracts.values import Emergency, TriageClass
from services.router import shapes
from services.router.conditions import Row, Tag, Validity, When, listed
from services.router.shapes import Shapes

FILE = "rules.yaml"
MOST_PATTERNS = 500
RuleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]


class Then(Row):
    """Whose it is. `class` and `plan`, where given, win over what else would be chosen.

    `hold`: the desk decides. `emergency`: handed to 110, 119, 120 or 122 at once; `lead`, if any, follows it up.
    `again`: also to a department that has returned this very case. `tags` stay with the case. `prohibited`: departments,
    or levels of them (street, community), that this must not be pushed down to; the case climbs past them.
    """

    lead: Slug | None = None
    assists: Annotated[tuple[Slug, ...], BeforeValidator(listed)] = ()
    triage_class: Annotated[TriageClass | None, Field(alias="class")] = None
    plan: Slug | None = None
    tags: Annotated[tuple[Tag, ...], BeforeValidator(listed)] = ()
    hold: bool = False
    emergency: Emergency | None = None
    again: bool = False
    prohibited: Annotated[tuple[Slug, ...], BeforeValidator(listed)] = ()

    @property
    def decides(self) -> bool:
        """Whether it says whose the case is; else it classifies only."""
        return self.lead is not None or self.hold or self.emergency is not None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        gives = self.triage_class is not None or self.tags or self.prohibited
        if not self.decides and (not gives or self.assists or self.plan or self.again):
            reason = "a rule has lead, hold or emergency; or none of assists, plan and again, but class, tags or prohibited"
            reason_zh = "规则须有 lead、hold 或 emergency；否则只能给出 class、tags 或 prohibited"
            raise faults.fault(reason, reason_zh)
        if self.hold and (self.lead or self.assists or self.emergency):
            reason = "a rule that holds for the desk names nobody else"
            raise faults.fault(reason, "留分拨台的规则不再指定单位", ("hold",))
        if self.lead in self.assists:
            raise faults.fault("the lead does not assist itself", "主办单位不能同时协办", ("assists",))
        if self.lead in self.prohibited:
            raise faults.fault("the lead is prohibited here", "主办单位在禁派之列", ("prohibited",))
        return self


class Rule(Validity):
    """A line of the duty list. `note` says on what it rests: a regulation, a division of duties, a ruling.

    `precedence`: of rules as specific as each other the one with the higher number decides; what is a tie without it.
    """

    id: RuleId
    note: Annotated[str, Field(min_length=1, max_length=300)]
    when: When
    then: Then
    precedence: Annotated[int, Field(ge=0, le=999)] = 0

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

    @model_validator(mode="after")
    def _patterns_in_bounds(self) -> Self:
        stated = [index for index, rule in enumerate(self.rules) if rule.when.pattern]
        if len(stated) > MOST_PATTERNS:
            at = ("rules", stated[MOST_PATTERNS], "when", "pattern")
            reason = f"more than {MOST_PATTERNS} rules have a pattern: use words where they do"
            raise faults.fault(reason, f"使用模式的规则超过 {MOST_PATTERNS} 条，请改用词语", at)
        return self


def digest(listed: Rules) -> str:
    """The sha256 (hex) of what the rules say, whatever comments and layout the file has.

    What is not said does not count, so that a later version, whose rules may say more, finds the same.
    """
    said = listed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class DutyList:
    """A city with its rules: what comes into force together, or not at all."""

    city: City
    rules: Rules
    shapes: Shapes = shapes.NONE


LEVELS = frozenset(DepartmentLevel)
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
    yield from cities.unknown_departments(city, FILE, _named(rules, "when", "returned_by"))
    units = (one for one in _named(rules, "then", "prohibited") if one[1] not in LEVELS)
    yield from cities.unknown_departments(city, FILE, units)
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
