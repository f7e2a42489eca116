"""A city as data: its areas, departments, duty rosters, categories and channels, one model a file.

A model sees to its own file; `problems` sees to what the files say of one another. Nothing here reads a file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, JsonValue, field_validator, model_validator

from services.contracts import calendars, faults, schemas, shifts
from services.contracts.areas import LEVELS
from services.contracts.areas import Area as Area
from services.contracts.areas import AreaLevel as AreaLevel
from services.contracts.areas import AreasFile as AreasFile
from services.contracts.areas import Level as Level
from services.contracts.calendars import Calendar, CalendarsFile, HolidaysFile
from services.contracts.channels import CanonicalField as CanonicalField
from services.contracts.channels import Channel as Channel
from services.contracts.channels import ChannelsFile as ChannelsFile
from services.contracts.channels import Preset as Preset
from services.contracts.disputes import Disputes, Returns
from services.contracts.faults import Fault, Place
from services.contracts.plans import Plans, Target
from services.contracts.policy import Policy
from services.contracts.rows import AreaCode as AreaCode
from services.contracts.rows import CategoryPath as CategoryPath
from services.contracts.rows import Name as Name
from services.contracts.rows import Row as Row
from services.contracts.rows import Short as Short
from services.contracts.rows import Slug as Slug
from services.contracts.shifts import DepartmentRoster
from services.contracts.values import EvidenceKind

Named = Iterable[tuple[Place, str | None]]


class CityFile(Row):
    """city.yaml. `desk` is the dispatcher's desk, `supervision` who is told at the top of a ladder.

    `silent_close`: how long after a resolve a case closes by itself; `return_window`: how long after it was opened an
    assignment may be returned 退单. `public_url`: where citizens reach intake from outside; links in messages begin so.
    """

    name: Name
    slug: Slug
    timezone: str
    desk: Slug
    supervision: Slug
    silent_close: Target = timedelta(days=3)
    return_window: Target = timedelta(hours=2)
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+$", max_length=60)] | None = None
    returns: Returns = Returns()
    disputes: Disputes = Disputes()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise faults.fault("no time zone has this name", "没有这个时区") from unknown
        return name


class DepartmentLevel(StrEnum):
    DESK = "desk"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    ENTERPRISE = "enterprise"


class Department(Row):
    """A unit that can own a case. `duties` says in one line what it is responsible for."""

    slug: Slug
    name: Name
    short: Short
    level: DepartmentLevel
    parent: Slug | None = None
    area: AreaCode | None = None
    duties: Annotated[str, Field(min_length=1, max_length=200)]


class DepartmentsFile(Row):
    """departments.yaml."""

    departments: Annotated[tuple[Department, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _slugs(self) -> Self:
        slugs = {department.slug for department in self.departments}
        if places := faults.repeated((row.slug for row in self.departments), "departments", "slug"):
            raise faults.fault("this slug is taken by an earlier department", "部门代码重复", *places)
        if places := [
            ("departments", index, "parent")
            for index, row in enumerate(self.departments)
            if row.parent is not None and row.parent not in slugs
        ]:
            raise faults.fault("no department has this slug", "上级部门不存在", *places)
        return self


class RosterFile(Row):
    """roster.yaml: who is on duty, by department and shift."""

    departments: dict[Slug, DepartmentRoster]

    @model_validator(mode="after")
    def _one_id_one_person(self) -> Self:
        known: dict[str, str] = {}
        for slug, roster in self.departments.items():
            for place, officer in roster.officers():
                if known.setdefault(officer.id, officer.name) != officer.name:
                    at = ("departments", slug, *place, "id")
                    raise faults.fault("this id is another officer's", "该编号属于另一人", at)
        return self


class Category(Row):
    """A node of the category tree.

    `evidence`: what a resolve must bring: true, some; a list, each of these parts; false, none. What a node does not
    say, the node above it does.
    """

    path: CategoryPath
    en: Annotated[str, Field(min_length=1, max_length=120)]
    evidence: bool | tuple[EvidenceKind, ...] | None = None

    @property
    def parent(self) -> str | None:
        return self.path.rpartition("/")[0] or None


class CategoriesFile(Row):
    """categories.yaml."""

    categories: Annotated[tuple[Category, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tree(self) -> Self:
        paths = {row.path for row in self.categories}
        if places := faults.repeated((row.path for row in self.categories), "categories", "path"):
            raise faults.fault("this path stands here already", "类别重复", *places)
        if places := [
            ("categories", index, "path")
            for index, row in enumerate(self.categories)
            if row.parent and row.parent not in paths
        ]:
            raise faults.fault("no category has the path above this one", "上级类别不存在", *places)
        return self


@dataclass(frozen=True)
class City:
    """Everything the services know of a city, put together."""

    file: CityFile
    areas: tuple[Area, ...]
    departments: tuple[Department, ...]
    roster: Mapping[str, DepartmentRoster]
    categories: tuple[Category, ...]
    channels: tuple[Channel, ...]
    plans: Plans
    policy: Policy = field(default_factory=Policy)
    levels: tuple[Level, ...] = LEVELS
    areas_version: str | None = None
    calendars: Mapping[tuple[str, bool], Calendar] = field(default_factory=dict)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.file.timezone)

    @cached_property
    def area_by_code(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def owner_by_area(self) -> dict[str, str]:
        """Who answers for each area 属地单位, whoever handles its cases; the desk, which sees them all, is left out."""
        named: dict[str, str | None] = {}
        for area in sorted(self.areas, key=lambda area: area.code.count("/")):
            named[area.code] = area.owner or named.get(area.parent or "")
        owners = {area.code: named[area.code] or area.fallback for area in self.areas}
        return {code: owner for code, owner in owners.items() if owner != self.file.desk}

    @cached_property
    def department_by_slug(self) -> dict[str, Department]:
        return {department.slug: department for department in self.departments}

    @cached_property
    def category_by_path(self) -> dict[str, Category]:
        return {category.path: category for category in self.categories}

    @cached_property
    def channel_by_id(self) -> dict[str, Channel]:
        return {channel.id: channel for channel in self.channels}

    @cached_property
    def channel_by_alias(self) -> dict[str, Channel]:
        """By id, Chinese name or alias: how another system's record names it."""
        return {name: row for row in self.channels for name in (row.id, row.name.zh, *row.aliases)}

    def evidence(self, path: str | None) -> bool | tuple[EvidenceKind, ...]:
        """What a resolve must bring in this category: what the nearest node says that says something."""
        while path:
            row = self.category_by_path.get(path)
            if row is not None and row.evidence is not None:
                return row.evidence
            path = path.rpartition("/")[0]
        return False

    def known_category(self, path: str | None) -> str | None:
        """The nearest category at or above `path` that the city has; None when its first part is unknown."""
        while path and path not in self.category_by_path:
            path = path.rpartition("/")[0]
        return path or None


MODELS: dict[str, type[BaseModel]] = {
    "city.yaml": CityFile,
    "areas.yaml": AreasFile,
    "departments.yaml": DepartmentsFile,
    "roster.yaml": RosterFile,
    "categories.yaml": CategoriesFile,
    "channels.yaml": ChannelsFile,
    "plans.yaml": Plans,
    "policy.yaml": Policy,
    "calendars.yaml": CalendarsFile,
    "holidays.yaml": HolidaysFile,
}


def assemble(parts: Mapping[str, BaseModel]) -> City:
    """One city of its files, by the names of MODELS."""
    files = tuple(parts[name] for name in MODELS)
    match files:
        case (
            CityFile() as head, AreasFile() as areas, DepartmentsFile() as departments, RosterFile() as roster,
            CategoriesFile() as categories, ChannelsFile() as channels, Plans() as promises, Policy() as policy,
            CalendarsFile() as own, HolidaysFile() as public,
        ):  # fmt: skip
            known = calendars.snapshots(own.calendars, public, head.timezone)
            return City(
                head, areas.areas, departments.departments, roster.departments,
                categories.categories, channels.channels, promises.bound(known), policy, areas.levels, areas.version, known,
            )  # fmt: skip
    raise TypeError(f"not a city's files: {[type(part).__name__ for part in files]}")


def problems(city: City) -> tuple[Fault, ...]:
    """What the files say of one another and is not so; empty when the city is sound."""
    return (*_units(city), *_areas(city), *_roster(city), *_channels(city), *_plans(city))


def unknown_departments(city: City, file: str, named: Named) -> Iterator[Fault]:
    return faults.unknown(file, named, city.department_by_slug, "department has the slug", "部门")


def unknown_areas(city: City, file: str, named: Named) -> Iterator[Fault]:
    return faults.unknown(file, named, city.area_by_code, "area has the code", "区域")


def unknown_categories(city: City, file: str, named: Named) -> Iterator[Fault]:
    return faults.unknown(file, named, city.category_by_path, "category has the path", "类别")


def _units(city: City) -> Iterator[Fault]:
    named: list[tuple[Place, str]] = [(("desk",), city.file.desk), (("supervision",), city.file.supervision)]
    yield from unknown_departments(city, "city.yaml", named)
    desk = city.department_by_slug.get(city.file.desk)
    if desk and desk.level is not DepartmentLevel.DESK:
        yield Fault("city.yaml", ("desk",), "this department's level is not desk", "该部门不是分拨台")
    areas = ((("departments", i, "area"), row.area) for i, row in enumerate(city.departments))
    yield from unknown_areas(city, "departments.yaml", areas)


def _areas(city: City) -> Iterator[Fault]:
    fallbacks = ((("areas", i, "fallback"), area.fallback) for i, area in enumerate(city.areas))
    yield from unknown_departments(city, "areas.yaml", fallbacks)
    owners = ((("areas", i, "owner"), area.owner) for i, area in enumerate(city.areas))
    yield from unknown_departments(city, "areas.yaml", owners)


def _roster(city: City) -> Iterator[Fault]:
    for row in city.departments:
        if row.slug not in city.roster:
            yield Fault("roster.yaml", ("departments",), f"no roster for {row.slug}", "部门缺少值班表")
    at = (((("departments", slug)), slug) for slug in city.roster)
    yield from unknown_departments(city, "roster.yaml", at)
    for slug, roster in city.roster.items():
        if gap := shifts.first_gap(roster.shifts):
            place = ("departments", slug, "shifts")
            yield Fault("roster.yaml", place, f"nobody is on duty {gap}", "班次未覆盖全周")


def _channels(city: City) -> Iterator[Fault]:
    presets = [(("channels", i, "preset"), row.preset) for i, row in enumerate(city.channels) if row.preset]
    areas = (((*at, "area"), preset.area) for at, preset in presets)
    yield from unknown_areas(city, "channels.yaml", areas)
    categories = (((*at, "category"), preset.category) for at, preset in presets)
    yield from unknown_categories(city, "channels.yaml", categories)


def _plans(city: City) -> Iterator[Fault]:
    named = (
        (("plans", i, "when", "category", j), path)
        for i, row in enumerate(city.plans.plans)
        for j, path in enumerate(row.when.category)
    )
    yield from unknown_categories(city, "plans.yaml", named)
    places = (
        (("plans", i, "when", "area", j), code)
        for i, row in enumerate(city.plans.plans)
        for j, code in enumerate(row.when.area)
    )
    yield from unknown_areas(city, "plans.yaml", places)
    sampled = (
        (("verification", "samples", i, "category", j), path)
        for i, row in enumerate(city.policy.verification.samples)
        for j, path in enumerate(row.category)
    )
    yield from unknown_categories(city, "policy.yaml", sampled)
    yield from faults.unknown(
        "plans.yaml", _dated(city), {name for name, _ in city.calendars}, "calendar has the name", "日历"
    )


def _dated(city: City) -> Iterator[tuple[Place, str]]:
    """The calendar each target of each plan is counted by."""
    for i, row in enumerate(city.plans.plans):
        places: list[tuple[str | int, ...]] = [
            ("response",),
            ("close",),
            *(("clocks", kind) for kind in row.clocks),
        ]
        for place, measure in zip(places, row.measures, strict=True):
            if measure.counted:
                yield ("plans", i, *place, "counted"), measure.counted.calendar or row.calendar


def json_schemas() -> dict[str, dict[str, JsonValue]]:
    """The published JSON Schemas of the city files, by file name: `areas.json` for areas.yaml."""
    return {name.replace(".yaml", ".json"): schemas.json_schema(model) for name, model in MODELS.items()}
