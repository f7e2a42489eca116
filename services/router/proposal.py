"""A duty list that a machine proposes, as one file that stands by itself: rules, and the names they use.

A city's own rules.yaml takes its names from the files beside it. A proposal may come from a city we know nothing of, so
it brings its departments (with the other names a history calls them by), areas and categories along. Whoever accepts a
rule copies it, and the names the city lacks, into the city's files.
"""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.contracts import faults
from services.contracts.city import (
    Area,
    AreaLevel,
    Category,
    City,
    CityFile,
    Department,
    DepartmentLevel,
    Name,
)
from services.contracts.plans import Plans
from services.contracts.rows import AreaCode, CategoryPath, Row, Slug
from services.router.rules import DutyList, Rule, Rules

LEVELS = (AreaLevel.DISTRICT, AreaLevel.STREET, AreaLevel.COMMUNITY)
Written = Annotated[str, Field(min_length=1, max_length=200)]
PLANS = {
    "plans": [
        {
            "name": "standard", "title": {"zh": "普通", "en": "Standard"}, "ladder": [{"percent": 100, "audience": ["head"]}],
            "response": {"target": "PT30M"}, "close": {"target": "PT24H"},
        }
    ],
    "default": "standard",
}  # fmt: skip


class Source(Row):
    """What the rules were learnt from. `category`, `area`, `owner`, `time` are the columns it was read by."""

    file: Written
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    cases: Annotated[int, Field(ge=1)]
    since: datetime | None = None
    until: datetime | None = None
    category: tuple[Written, ...]
    area: tuple[Written, ...] = ()
    owner: Written
    time: Written | None = None
    missing: tuple[str, ...] = ()


class Unit(Row):
    """An owner. `aliases` are other names of the same unit; `known`: the slug is one of the city's departments."""

    slug: Slug
    name: Written
    aliases: tuple[Written, ...] = ()
    known: bool = False
    cases: Annotated[int, Field(ge=0)] = 0


class Node(Row):
    """An area. `fallback` got most of what happened there; None: the desk."""

    code: AreaCode
    name: Written
    fallback: Slug | None = None


class Proposal(Row):
    """The file that `learn` writes."""

    source: Source
    desk: Slug
    departments: Annotated[tuple[Unit, ...], Field(min_length=1)]
    areas: tuple[Node, ...] = ()
    categories: Annotated[tuple[CategoryPath, ...], Field(min_length=1)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names(self) -> Self:
        slugs = {self.desk, *(unit.slug for unit in self.departments)}
        unknown = [
            ("rules", row, "then", "lead")
            for row, rule in enumerate(self.rules)
            if rule.then.lead is not None and rule.then.lead not in slugs
        ]
        if unknown:
            raise faults.fault("no department here has this slug", "本文件没有这个部门", *unknown)
        if taken := faults.repeated((unit.slug for unit in self.departments), "departments", "slug"):
            raise faults.fault("this slug is taken by an earlier department", "部门代码重复", *taken)
        return self


def duty(proposal: Proposal) -> DutyList:
    """The proposal as a city with its rules, so that everything that is done with a duty list can be done with it."""
    return DutyList(_city(proposal), Rules(rules=proposal.rules))


def _city(proposal: Proposal) -> City:
    desk = Department(
        slug=proposal.desk, name=_name("分拨台", "Dispatcher's desk"), short="分拨台", level=DepartmentLevel.DESK, duties="分拨"
    )  # fmt: skip
    units = (_department(unit) for unit in proposal.departments if unit.slug != proposal.desk)
    return City(
        file=CityFile(
            name=_name("建议", "Proposal"), slug="proposal", timezone="UTC", desk=proposal.desk, supervision=proposal.desk
        ),
        areas=tuple(_area(node, proposal.desk) for node in proposal.areas),
        departments=(desk, *units),
        roster={},
        categories=tuple(Category(path=path, en=path) for path in proposal.categories),
        channels=(),
        plans=Plans.model_validate(PLANS),
    )  # fmt: skip


def _department(unit: Unit) -> Department:
    return Department(
        slug=unit.slug, name=_name(unit.name), short=unit.name[:60], level=DepartmentLevel.DISTRICT, duties=unit.name
    )  # fmt: skip


def _area(node: Node, desk: str) -> Area:
    level = LEVELS[min(node.code.count("/"), len(LEVELS) - 1)]
    return Area(code=node.code, level=level, name=_name(node.name), fallback=node.fallback or desk)


def _name(zh: str, en: str | None = None) -> Name:
    return Name(zh=zh[:60], en=(en or zh)[:120])
