"""areas.yaml: the area tree, to any depth, with the city's own names for its levels."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.contracts import faults
from services.contracts.faults import Place
from services.contracts.rows import AreaCode, Name, Row, Short, Slug


class AreaLevel(StrEnum):
    """The levels of a city that names none of its own, from the top."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    INSTITUTION = "institution"


class Level(Row):
    """A level of the tree. An area's is below its parent's; levels between them may be missing."""

    id: Slug
    name: Name


def _level(id_: AreaLevel, zh: str, en: str) -> Level:
    return Level(id=id_.value, name=Name(zh=zh, en=en))


LEVELS = (
    _level(AreaLevel.CITY, "市", "City"),
    _level(AreaLevel.DISTRICT, "区", "District"),
    _level(AreaLevel.STREET, "街道", "Street"),
    _level(AreaLevel.COMMUNITY, "社区", "Community"),
    _level(AreaLevel.GRID, "网格", "Grid"),
    _level(AreaLevel.INSTITUTION, "学校、公园、车站等单位", "Institution"),
)


class Area(Row):
    """A node of the area tree; its parent: the code less the last part. `fallback` owns what no rule does 兜底单位.

    `owner` answers for the place 属地单位 and sees its cases beside whoever handles them; without one the owner above,
    else the fallback. `roads` run through it, and may run through others.
    """

    code: AreaCode
    level: Slug
    name: Name
    aliases: tuple[Short, ...] = ()
    roads: tuple[Short, ...] = ()
    fallback: Slug
    owner: Slug | None = None

    @property
    def parent(self) -> str | None:
        return self.code.rpartition("/")[0] or None


class AreasFile(Row):
    """areas.yaml. `version` is the city's own name for this state of the tree; verdicts keep it."""

    version: Short | None = None
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = LEVELS
    areas: Annotated[tuple[Area, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _level_ids(self) -> Self:
        if places := faults.repeated((level.id for level in self.levels), "levels", "id"):
            raise faults.fault("this id is taken by an earlier level", "层级代码重复", *places)
        return self

    @model_validator(mode="after")
    def _tree(self) -> Self:
        codes = {area.code for area in self.areas}
        if places := faults.repeated((area.code for area in self.areas), "areas", "code"):
            raise faults.fault("this code is taken by an earlier area", "区域代码重复", *places)
        if places := [
            ("areas", index, "code")
            for index, area in enumerate(self.areas)
            if area.parent and area.parent not in codes
        ]:
            raise faults.fault("no area has the code above this one", "上级区域不存在", *places)
        return self

    @model_validator(mode="after")
    def _levels_known(self) -> Self:
        known = [level.id for level in self.levels]
        if places := [("areas", i, "level") for i, area in enumerate(self.areas) if area.level not in known]:
            raise faults.fault(f"levels are {', '.join(known)}", f"层级只有 {'、'.join(known)}", *places)
        if too_high := list(self._too_high()):
            reason = "the level is not below that of the area above"
            raise faults.fault(reason, "层级须低于上级区域的层级", *too_high)
        return self

    def _too_high(self) -> Iterator[Place]:
        rank = {level.id: place for place, level in enumerate(self.levels)}
        by_code = {area.code: area for area in self.areas}
        for index, area in enumerate(self.areas):
            if area.parent and rank[area.level] <= rank[by_code[area.parent].level]:
                yield "areas", index, "level"
