"""A duty list proposed from past dispatching: from a history to rules a person can accept one by one. Pure.

What decides whose it is stands in backoff.py; here the table becomes rules. A rule that says what a wider one says
anyway is not written. Each note tells the rule's support and precision: of how many past cases under its key, how many
went to the unit. The same history gives the same file.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.router import backoff, names, units
from services.router.backoff import Key, Owners, Tally
from services.router.conditions import When
from services.router.history import Past, Path
from services.router.names import Names
from services.router.proposal import Node, Proposal, Source, Unit
from services.router.rules import Rule, Then

DESK = "dispatch-desk"
LONGEST_AREA = 24  # characters of one part of a proposed code, so that four fit


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A key below them gives no rule: `support` past cases, of which `precision` (0–1) went to the unit."""

    support: int = 1
    precision: float = 0.0

    def reached(self, owners: Owners, unit: str) -> bool:
        """Whether the cases of a key are enough to name the unit."""
        whole, hits = sum(owners.values()), owners.get(unit, 0)
        return whole >= self.support and hits >= self.precision * whole


ALL = Thresholds()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the back-off table that becomes a rule: of `support` past cases under the key `hits` went to `unit`."""

    category: Path
    area: Path
    unit: str
    support: int
    hits: int


NOTHING_KNOWN = Names({}, {}, {})


def propose(
    history: Sequence[Past],
    source: Source,
    thresholds: Thresholds = ALL,
    city: Names = NOTHING_KNOWN,
    desk: str = DESK,
) -> Proposal | None:
    """`history` in order of time. None: not one rule, as no case has both a category and an owner."""
    depth = len(source.category)
    written = units.spellings(case.owner for case in history if case.owner)
    aliases = units.same(history)
    cases = [_folded(case, aliases) for case in history if case.owner]
    past = backoff.tally(cases)
    kept = backoff.proven(past)
    named = backoff.named(past, kept)
    lines = table(past, named, thresholds)
    if not lines:
        return None
    slugs = _slugs(past.latest, written, city, desk)
    codes = _codes(past.owners, units.spellings(name for case in history for name in case.area), city)
    paths = _paths(past.owners, depth)
    fallbacks, span = _fallbacks(past, named, thresholds), _span(cases)
    rules = [
        _rule(line, paths[line.category], codes.get(line.area), slugs[line.unit], span) for line in lines
    ]
    return Proposal(
        source=source,
        desk=desk,
        departments=_units(past, slugs, written, aliases, city),
        areas=tuple(
            Node(code=code, name=name, fallback=_nearest(fallbacks, area, slugs))
            for area, (code, name) in sorted(codes.items(), key=lambda item: item[1][0])
        ),
        categories=tuple(sorted(paths.values())),
        rules=tuple(sorted(rules, key=lambda rule: (rule.when.category, rule.when.area))),
    )


def table(past: Tally, named: Mapping[Key, str], thresholds: Thresholds = ALL) -> list[Line]:
    """The lines worth a rule, wide ones first: those that say something a wider one does not, with a case to show."""
    written: dict[Path, dict[Path, str]] = {}
    found = []
    for key in backoff.by_width(named):
        category, area = key
        owners, unit = past.owners[key], named[key]
        support, hits = sum(owners.values()), owners.get(unit, 0)
        if not category or not hits or not thresholds.reached(owners, unit):
            continue
        if _said_anyway(written, category, area) != unit:
            written.setdefault(category, {})[area] = unit
            found.append(Line(category, area, unit, support, hits))
    return found


def _said_anyway(written: Mapping[Path, Mapping[Path, str]], category: Path, area: Path) -> str | None:
    """The unit every case of this key would get from the wider rules; None when it depends, or none would decide."""
    for wide in backoff.heads(category):
        rules = written.get(wide, {})
        over = next((rules[head] for head in backoff.heads(area) if head in rules), None)
        if wide == category:
            if over is not None:
                return over
            continue
        if within := {unit for at, unit in rules.items() if at[: len(area)] == area[: len(at)]}:
            return over if within == {over} else None
    return None


def _fallbacks(past: Tally, named: Mapping[Key, str], thresholds: Thresholds) -> dict[Path, str]:
    """Area → who got most of what happened there, where that is enough to say so."""
    return {
        area: unit
        for (category, area), unit in named.items()
        if area and not category and thresholds.reached(past.owners[(), area], unit)
    }


def _nearest(fallbacks: Mapping[Path, str], area: Path, slugs: Mapping[str, str]) -> str | None:
    """The area's own, or that of the nearest area above."""
    found = (fallbacks[head] for head in backoff.heads(area) if head in fallbacks)
    return slugs.get(next(found, ""))


def _folded(case: Past, aliases: Mapping[str, str]) -> Past:
    owner = units.fold(case.owner)
    return replace(
        case, owner=aliases.get(owner, owner),
        category=tuple(map(units.tidy, case.category)), area=tuple(map(units.fold, case.area)),
    )  # fmt: skip


def _slugs(names: Iterable[str], written: Mapping[str, str], city: Names, desk: str) -> dict[str, str]:
    """Folded name → slug: the city's own where it has one, else a proposed one."""
    found: dict[str, str] = {}
    taken = {desk, *city.units.values()}
    for name in sorted(names):
        slug = city.units.get(name) or units.slug(written[name], "unit", taken)
        taken.add(slug)
        found[name] = slug
    return found


def _codes(keys: Collection[Key], written: Mapping[str, str], city: Names) -> dict[Path, tuple[str, str]]:
    """Area path → (code, name): the city's own code where it has the area there, else one below its parent's."""
    found: dict[Path, tuple[str, str]] = {}
    beneath: dict[str, set[str]] = defaultdict(set)  # code → last parts given below it
    for area in sorted({area for _, area in keys if area}, key=lambda path: (len(path), path)):
        above = found[area[:-1]][0] if len(area) > 1 else ""
        code = city.areas.get((above, area[-1])) or ""
        over, _, last = code.rpartition("/")
        if not code or last in beneath[over]:
            over, last = above, units.slug(area[-1], "area", beneath[above], LONGEST_AREA)
        beneath[over].add(last)
        found[area] = f"{over}/{last}".removeprefix("/"), written[area[-1]]
    return found


def _paths(keys: Iterable[Key], depth: int) -> dict[Path, str]:
    return {
        category: "/".join(names.segment(name, depth) for name in category)
        for category in {category for category, _ in keys if category}
    }


def _units(
    past: Tally,
    slugs: Mapping[str, str],
    written: Mapping[str, str],
    aliases: Mapping[str, str],
    city: Names,
) -> tuple[Unit, ...]:
    """Those with the most cases first."""
    cases = Counter[str]()
    for (category, _), owners in past.exact.items():
        if not category:
            cases.update(owners)
    found: dict[str, Unit] = {}
    for name in sorted(slugs, key=lambda name: (-cases[name], name)):
        slug = slugs[name]
        others = [written[alias] for alias, unit in sorted(aliases.items()) if unit == name]
        if earlier := found.get(slug):  # two names of the history are one department of the city
            others = [*earlier.aliases, written[name], *others]
            found[slug] = earlier.model_copy(
                update={"aliases": tuple(others), "cases": earlier.cases + cases[name]}
            )
            continue
        found[slug] = Unit(
            slug=slug, name=written[name], aliases=tuple(others), known=name in city.units, cases=cases[name]
        )
    return tuple(found.values())


def _span(cases: Sequence[Past]) -> str:
    times = [case.at for case in cases if case.at is not None]
    return f" {min(times):%Y-%m-%d} – {max(times):%Y-%m-%d}" if times else ""


def _rule(line: Line, path: str, code: tuple[str, str] | None, slug: str, span: str) -> Rule:
    area = code[0] if code else None
    key = hashlib.sha256(f"{path}|{area or ''}".encode()).hexdigest()[:10]
    share = f"{line.hits / line.support:.0%}"
    note = (f"学自过往派单{span}：同类 {line.support} 件中 {line.hits} 件（{share}）由其办理。"
            f" / Learnt: {line.hits} of {line.support} past cases ({share}) went there.")  # fmt: skip
    when = When(category=(path,), area=(area,) if area else ())
    return Rule(id=f"learnt-{key}", note=note, when=when, then=Then(lead=slug))
