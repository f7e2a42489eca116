"""A duty list as cities keep it: a table of 事项, 主办, 协办, 依据, 区域, to rules and back. Pure.

A line is read whole or not at all; what could not be read is said, each cell with its reason. Rules that ask for more
than the table can say (words, times, channels, …) have no line in it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from services.contracts.city import City
from services.router import names, units
from services.router.conditions import When
from services.router.names import Names
from services.router.rules import Rule, Then

ID, ITEM, LEAD, ASSISTS, BASIS, AREA = "编号", "事项", "主办", "协办", "依据", "区域"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    ID: ("编号", "规则编号", "id"),
    ITEM: ("事项", "事项名称", "类别", "item", "category"),
    LEAD: ("主办", "主办单位", "承办单位", "lead"),
    ASSISTS: ("协办", "协办单位", "配合单位", "assists"),
    BASIS: ("依据", "法律依据", "依据及备注", "备注", "basis", "note"),
    AREA: ("区域", "属地", "所属区域", "area"),
}
NEEDED = (ITEM, LEAD)
EVERYWHERE = ("", "全区", "全市", "全域", "-", "/", "all")
NO_BASIS = "未注明依据 / no basis given"
LONGEST_NOTE = 300
_BETWEEN_ITEMS = re.compile(r"[;；\n]+")  # 供、排水及水质问题 is one item
_BETWEEN = re.compile(r"[、,，;；\n]+")
_STEP = re.compile(r"\s*[/>＞》]+\s*")
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that says nothing we know. `line` is that of the file."""

    line: int
    column: str
    value: str
    reason: str
    reason_zh: str


Note = Callable[[str, str, tuple[str, str]], None]  # column, value, (reason, reason_zh)


@dataclass(slots=True)
class Reading:
    rules: list[Rule] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    lines: int = 0


def place_of(header: Sequence[str]) -> dict[str, int]:
    """Which column stands where, by any of its names; what is not there is not in the answer."""
    folded = {units.fold(name): place for place, name in reversed(list(enumerate(header)))}
    found = {
        column: next((folded[n] for n in known if n in folded), None) for column, known in COLUMNS.items()
    }
    return {column: place for column, place in found.items() if place is not None}


def twice(header: Sequence[str]) -> list[str]:
    """Columns that the header names twice, by one name or by two."""
    folded = [units.fold(name) for name in header]
    return [column for column, known in COLUMNS.items() if sum(folded.count(name) for name in set(known)) > 1]


def read(header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], city: City) -> Reading:
    """`rows` are (line, cells); `header` has at least the NEEDED columns."""
    at, reader, reading = place_of(header), _Reader(city), Reading()
    for line, cells in rows:
        said = {column: cells[place].strip() if place < len(cells) else "" for column, place in at.items()}
        reading.lines += 1
        found = reader.line(line, said)
        if isinstance(found, Rule):
            reading.rules.append(found)
        else:
            reading.unread += found
    return reading


class _Reader:
    """What a city calls things, and the ids given so far."""

    def __init__(self, city: City) -> None:
        self._names: Names = names.of_city(city)
        self._city = city
        self._items = _by_last_step(city)
        self._ids: set[str] = set()

    def line(self, line: int, said: Mapping[str, str]) -> Rule | list[Unread]:
        unread: list[Unread] = []

        def cell(column: str, value: str, reason: tuple[str, str]) -> None:
            unread.append(Unread(line, column, value, *reason))

        pieces = _split(said.get(ITEM, ""), _BETWEEN_ITEMS)
        categories = [path for piece in pieces for path in self._items_in(piece, cell)]
        areas = [self._area(one, cell) for one in _split(said.get(AREA, ""))]
        lead = self._unit(LEAD, said.get(LEAD, ""), cell)
        assists = [self._unit(ASSISTS, one, cell) for one in _split(said.get(ASSISTS, ""))]
        if not pieces:
            cell(ITEM, "", ("names no item", "未写事项"))
        if lead is not None and lead in assists:
            cell(ASSISTS, said.get(ASSISTS, ""), ("the lead does not assist itself", "主办单位不能同时协办"))
        basis, id_ = said.get(BASIS, "") or NO_BASIS, said.get(ID, "")
        if len(basis) > LONGEST_NOTE:
            cell(
                BASIS,
                f"{basis[:20]}…",
                (f"has more than {LONGEST_NOTE} characters", f"超过 {LONGEST_NOTE} 字"),
            )
        if id_ and (not _ID.match(id_) or id_ in self._ids):
            cell(ID, id_, ("is taken, or not of Latin letters, digits and . _ -", "编号重复或含不允许的字符"))
        if unread:
            return unread
        self._ids.add(id_)
        when = When(category=tuple(categories), area=tuple(filter(None, areas)))
        return Rule(
            id=id_ or self._new_id(when),
            note=basis,
            when=when,
            then=Then(lead=lead, assists=tuple(filter(None, assists))),
        )

    def _items_in(self, piece: str, cell: Note) -> tuple[str, ...]:
        """One item, or several with commas between where each is known."""
        for parts in ([piece], _split(piece)):
            found = [self._paths("/".join(_STEP.split(part))) for part in parts]
            if all(len(paths) == 1 for paths in found):
                return tuple(paths[0] for paths in found)
        if known := self._paths("/".join(_STEP.split(piece))):
            cell(ITEM, piece, (f"is several items: {', '.join(known)}", f"对应多个事项：{'、'.join(known)}"))
        else:
            cell(ITEM, piece, _unknown("item", "事项", piece, (*self._city.category_by_path, *self._items)))
        return ()

    def _paths(self, item: str) -> tuple[str, ...]:
        return (item,) if item in self._city.category_by_path else self._items.get(item, ())

    def _area(self, value: str, cell: Note) -> str | None:
        if units.fold(value) in EVERYWHERE:
            return None
        steps = tuple(_STEP.split(value))
        found = value if value in self._city.area_by_code else self._names.area(steps)
        if found is None or (found != value and units.fold(steps[-1]) not in self._called(found)):
            cell(AREA, value, _unknown("area", "区域", value, [row.name.zh for row in self._city.areas]))
            return None
        return found

    def _called(self, code: str) -> set[str]:
        row = self._city.area_by_code[code]
        return {units.fold(name) for name in (row.code, row.name.zh, row.name.en, *row.aliases)}

    def _unit(self, column: str, value: str, cell: Note) -> str | None:
        slug = self._names.owner(value)
        if slug in self._city.department_by_slug:
            return slug
        known = [name for row in self._city.departments for name in (row.name.zh, row.short)]
        cell(column, value, _unknown("department", "部门", value, known) if value else ("is empty", "未填写"))
        return None

    def _new_id(self, when: When) -> str:
        """The same item and area have the same id in every import; a second line of them is numbered."""
        key = hashlib.sha256("|".join((*when.category, "", *when.area)).encode()).hexdigest()[:10]
        ids = (f"item-{key}" + (f"-{number}" if number else "") for number in range(len(self._ids) + 1))
        found = next(one for one in ids if one not in self._ids)
        self._ids.add(found)
        return found


def _split(cell: str, between: re.Pattern[str] = _BETWEEN) -> list[str]:
    return [one.strip() for one in between.split(cell) if one.strip()]


def _by_last_step(city: City) -> dict[str, tuple[str, ...]]:
    """A category's own name → paths that end so."""
    found: dict[str, tuple[str, ...]] = {}
    for row in city.categories:
        name = row.path.rpartition("/")[2]
        found[name] = (*found.get(name, ()), row.path)
    return found


def _unknown(what: str, what_zh: str, value: str, known: Iterable[str]) -> tuple[str, str]:
    near = get_close_matches(value, set(known), 1, 0.5)
    hint, hint_zh = (f"; did you mean {near[0]}?", f"；是否为“{near[0]}”？") if near else ("", "")
    return f"no {what} has this name{hint}", f"没有这个{what_zh}{hint_zh}"


def write(rules: Iterable[Rule], city: City) -> tuple[list[tuple[str, ...]], list[str]]:
    """(lines without a header, ids of the rules a line cannot say). Units and areas by name where a name is enough."""
    called = _Called(city)
    lines: list[tuple[str, ...]] = []
    left_out: list[str] = []
    for rule in rules:
        if _says_more(rule):
            left_out.append(rule.id)
            continue
        lines.append((
            rule.id, "；".join(rule.when.category), called.unit(rule.then.lead or ""), "、".join(map(called.unit, rule.then.assists)),
            rule.note, "、".join(map(called.area, rule.when.area)),
        ))  # fmt: skip
    return lines, left_out


def _says_more(rule: Rule) -> bool:
    plain = Rule(
        id=rule.id, note=rule.note, when=When(category=rule.when.category, area=rule.when.area),
        then=Then(lead=rule.then.lead, assists=rule.then.assists),
    ) if rule.then.lead and rule.when.category else None  # fmt: skip
    return plain != rule


class _Called:
    """Names that lead back to one unit or area, and the slug or code where none does."""

    def __init__(self, city: City) -> None:
        self._names = names.of_city(city)
        self._city = city

    def unit(self, slug: str) -> str:
        row = self._city.department_by_slug.get(slug)
        known = (
            row is not None and self._names.owner(row.name.zh) == slug and not _BETWEEN.search(row.name.zh)
        )
        return row.name.zh if row is not None and known else slug

    def area(self, code: str) -> str:
        row = self._city.area_by_code.get(code)
        if row is None or _BETWEEN.search(row.name.zh) or _STEP.search(row.name.zh):
            return code
        return row.name.zh if self._names.area((row.name.zh,)) == code else code
