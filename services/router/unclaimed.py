"""Categories and areas for which no rule says without further conditions whose they are."""

from collections.abc import Iterable, Iterator, Sequence

from services.contracts.city import Area, City
from services.router import areas
from services.router.findings import Check, Finding, Level
from services.router.rules import FILE
from services.router.specificity import Row
from services.router.wording import Said

NAMED = 3  # areas named in a finding


def unclaimed(rows: Sequence[Row], city: City) -> Iterator[Finding]:
    """One finding a category, at the highest of those that lack the same areas."""
    claims = _claims(rows)
    missing = {row.path: _missing(row.path, claims, city) for row in city.categories}
    for category in city.categories:
        found = missing[category.path]
        if found and found != missing.get(category.parent or ""):
            yield _finding(category.path, found, city)


def _claims(rows: Iterable[Row]) -> dict[str | None, set[str | None]]:
    """Category → areas that a rule claims by these two alone; None: whatever it is, wherever it is."""
    found: dict[str | None, set[str | None]] = {}
    for row in rows:
        if (
            row.rule.then.decides
            and not row.rule.when.model_fields_set - {"category", "area"}
            and not row.valid
        ):
            for category in row.categories or (None,):
                found.setdefault(category, set()).update(row.areas or (None,))
    return found


def _missing(path: str, claims: dict[str | None, set[str | None]], city: City) -> tuple[str, ...]:
    """Areas without a claimant; of several below one another, the highest."""
    claimed = set[str | None]().union(*(claims.get(one, ()) for one in (None, *areas.above(path))))
    if None in claimed:
        return ()
    without = {area.code for area in city.areas if claimed.isdisjoint(areas.above(area.code))}
    return tuple(sorted(code for code in without if without.isdisjoint(areas.above(code)[1:])))


def _finding(path: str, codes: Sequence[str], city: City) -> Finding:
    found = [city.area_by_code[code] for code in codes]
    to_desk = [area for area in found if area.fallback == city.file.desk]
    zh, en = _names(found)
    desk = Said("，其中部分由分拨台兜底", ", in part the desk's") if to_desk else Said("", "")
    said = Said(
        f"{path} 在{zh}没有无条件认领的规则：由区域兜底单位接手{desk.zh}",
        f"no rule claims {path} in {en} without further conditions: the area's fallback owner has it{desk.en}",
    )
    level = Level.WARNING if to_desk else Level.NOTE
    return Finding(level, Check.UNCLAIMED, FILE, None, "(file)", said)


def _names(found: Sequence[Area]) -> tuple[str, str]:
    zh, en = [area.name.zh for area in found[:NAMED]], [area.name.en for area in found[:NAMED]]
    more = len(found) - NAMED
    if more > 0:
        return f"{'、'.join(zh)}等 {len(found)} 个区域", f"{', '.join(en)} and {more} more areas"
    return "、".join(zh), ", ".join(en)
