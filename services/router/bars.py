"""Rules that give a duty to whom it must not be pushed down."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from services.contracts.city import City
from services.contracts.plans import within
from services.router import findings, overlaps, owners, wording
from services.router.ahead import Ahead
from services.router.facts import NONE
from services.router.findings import Check, Finding, Level, Lines
from services.router.owners import Units
from services.router.specificity import Row
from services.router.wording import Said

LEAD = ("then", "lead")


def prohibited(rows: Sequence[Row], city: City, lines: Lines) -> Iterator[Finding]:
    """An error where the case would always climb, a warning where it would sometimes."""
    units = owners.units(city.departments)
    guards = [row for row in rows if row.rule.then.prohibited and not row.rule.then.decides]
    ahead = Ahead([row for row in rows if row.rule.then.decides])
    told: set[tuple[int, int]] = set()
    for number, row in enumerate(ahead.rows):
        if row.rule.then.lead is None:
            continue
        if row.place not in {place for place, _ in told} and _bars(row, row, units):
            told.add((row.place, row.place))
            yield _itself(row, city, lines)
        for guard in guards:
            pair = (row.place, guard.place)
            if pair in told or not _bars(guard, row, units) or not overlaps.may_meet(guard, row):
                continue
            if not _forestalled(ahead, number, guard, units):
                told.add(pair)
                yield _barred(row, guard, city, units, lines)


def _forestalled(ahead: Ahead, number: int, guard: Row, units: Units) -> bool:
    """Whether, wherever the guard holds too, a rule ahead of this one always gives it to somebody who may have it."""
    row = ahead.rows[number]
    for category, area in product(_within(row.categories, guard.categories), _within(row.areas, guard.areas)):
        part = replace(row, categories=category, areas=area)
        before = ahead.of(number, narrowed=part)
        if not any(overlaps.covers(one, part) and not _bars(guard, one, units) for one in before):
            return False
    return True


def _within(paths: frozenset[str], guarded: frozenset[str]) -> list[frozenset[str]]:
    """Where both hold, path by path."""
    if not paths or not guarded:
        return [frozenset((path,)) for path in paths or guarded] or [frozenset()]
    pairs = ((a, b) for a, b in product(paths, guarded) if within(a, b) or within(b, a))
    return [frozenset((max(pair, key=len),)) for pair in pairs]


def _bars(guard: Row, row: Row, units: Units) -> bool:
    return units.prohibited(row.rule.then.lead or "", frozenset(guard.rule.then.prohibited))


def _itself(row: Row, city: City, lines: Lines) -> Finding:
    name = wording.unit(row.rule.then.lead or "", city)
    said = Said(f"主办{name.zh}在本规则的禁派之列", f"its own lead {name.en} is prohibited by it")
    return findings.of_rule(Level.ERROR, Check.PROHIBITED, row, LEAD, said, lines)


def _barred(row: Row, guard: Row, city: City, units: Units, lines: Lines) -> Finding:
    always = overlaps.covers(guard, row)
    name, line = wording.unit(row.rule.then.lead or "", city), lines(("rules", guard.place))
    onward = _onward(row, guard, city, units)
    said = Said(
        f"按 {guard.rule.id}（第 {line} 行），该事项{'' if always else '有时'}不得下派{name.zh}：{onward.zh}",
        f"by {guard.rule.id} (line {line}) this must {'' if always else 'sometimes '}not be pushed down to {name.en}: "
        f"{onward.en}",
    )
    level = Level.ERROR if always else Level.WARNING
    return findings.of_rule(level, Check.PROHIBITED, row, LEAD, said, lines, guard)


def _onward(row: Row, guard: Row, city: City, units: Units) -> Said:
    """What happens instead."""
    barred = frozenset(guard.rule.then.prohibited) | NONE
    above = units.above.get(row.rule.then.lead or "", ())
    up = next((unit for unit in above if not units.prohibited(unit, barred)), None)
    if up is None:
        return Said("将由下一条规则决定", "the next rule decides")
    name = wording.unit(up, city)
    return Said(f"将上交{name.zh}", f"it climbs to {name.en}")
