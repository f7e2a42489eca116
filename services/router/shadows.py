"""Rules that never decide because another always comes first, and rules between which only the file decides."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

from services.router import areas, findings, overlaps, specificity
from services.router.findings import Check, Finding, Level, Lines
from services.router.specificity import FILE_ORDER, Row
from services.router.wording import Said


class Ordered:
    """Rows in their order, by the category they name."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._named: dict[str | None, list[int]] = {}
        for number, row in enumerate(rows):
            for path in row.categories or (None,):
                self._named.setdefault(path, []).append(number)

    def ahead_of(self, number: int) -> Iterator[Row]:
        """Rows before this one that name one of its categories, or one above it, or none."""
        category = next(iter(self.rows[number].categories), None)
        for path in (None, *(areas.above(category) if category else ())):
            known = self._named.get(path, [])
            yield from (self.rows[before] for before in known[: bisect_left(known, number)])


def unreachable(rows: Sequence[Row], lines: Lines) -> Iterator[Finding]:
    """`rows` in order, all deciding or all classifying. A rule is unreachable when all of its rows are."""
    ordered = Ordered(rows)
    shadows: dict[int, list[Row | None]] = {}
    for number, row in enumerate(rows):
        if overlaps.contradicts_itself(row):
            continue
        by = next((one for one in ordered.ahead_of(number) if _takes_all(one, row)), None)
        shadows.setdefault(row.place, []).append(by)
    first = {row.place: row for row in reversed(rows)}
    for place, row in sorted(first.items()):
        by_whom = [one for one in shadows.get(place, ()) if one is not None]
        if place not in shadows:
            said = Said("所列词语含有排除词，永不成立", "the words it looks for hold a word that it excludes")
            yield findings.of_rule(Level.ERROR, Check.UNREACHABLE, row, ("when", "words"), said, lines)
        elif len(by_whom) == len(shadows[place]):
            yield _shadowed(row, by_whom, lines)


def _takes_all(one: Row, row: Row) -> bool:
    return one.rule is not row.rule and overlaps.covers(one, row)


def _shadowed(row: Row, by_whom: Sequence[Row], lines: Lines) -> Finding:
    by = by_whom[0]
    line = lines(("rules", by.place))
    name = specificity.line_between(by.rank, row.rank)
    why = Said("同样具体但排在前面", "as specific, and earlier in the file") if name == FILE_ORDER else None
    why = why or Said(f"次序在前（{name}）", f"ahead of it on the line {name}")
    said = Said(
        f"永远轮不到：凡其成立时 {by.rule.id}（第 {line} 行）也成立，且{why.zh}",
        f"never decides: {by.rule.id} (line {line}) holds whenever it does and is {why.en}",
    )
    return findings.of_rule(Level.ERROR, Check.UNREACHABLE, row, (), said, lines, *by_whom)


def ties(rows: Sequence[Row], lines: Lines) -> Iterator[Finding]:
    """Two rules as specific as each other that may hold at once and give the case to different units."""
    told: set[tuple[int, int]] = set()
    for some in _equals(rows).values():
        for one, other in combinations(sorted(some, key=lambda row: row.place), 2):
            pair = (one.place, other.place)
            if pair not in told and _tie(one, other):
                told.add(pair)
                yield _tied(one, other, lines)


Place = tuple[specificity.Rank, str | None, str | None]


def _equals(rows: Iterable[Row]) -> dict[Place, list[Row]]:
    """Rows of one rank that name the same category and area: of one depth, so that no others can meet."""
    found: dict[Place, list[Row]] = {}
    for row in rows:
        for category, area in product(row.categories or (None,), row.areas or (None,)):
            found.setdefault((row.rank, category, area), []).append(row)
    return found


def _tie(one: Row, other: Row) -> bool:
    """Not between rules that give the same, nor where only one text in many has the words of both."""
    if one.rule is other.rule or one.rule.then == other.rule.then:
        return False
    apart = _apart(one.any, other.any) or _apart(one.rule.when.tags, other.rule.when.tags)
    patterns = one.rule.when.pattern, other.rule.when.pattern
    unknown = patterns[0] != patterns[1] and any(patterns)
    return not apart and not unknown and overlaps.may_meet(one, other) and not overlaps.covers(one, other)


def _apart(some: Sequence[str], others: Sequence[str]) -> bool:
    return bool(some and others) and not any(a in b or b in a for a in some for b in others)


def _tied(one: Row, other: Row, lines: Lines) -> Finding:
    line = lines(("rules", one.place))
    said = Said(
        f"与 {one.rule.id}（第 {line} 行）同样具体且可同时成立，只凭先后决定：请区分条件",
        f"as specific as {one.rule.id} (line {line}), and both may hold: only the file's order decides; tell them apart",
    )
    return findings.of_rule(Level.ERROR, Check.TIE, other, (), said, lines, one)
