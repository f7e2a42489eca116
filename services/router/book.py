"""The rules that may concern one category: rows naming it or one above it, and rows naming none, in their order.

A condition is a bit set over the rows for what a case has there: the rows that lack it. A handful of ANDs and ORs weighs
all rows against all conditions; of those that lack none the lowest bit is the most specific row.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from services.router import areas, dimensions, moments, patterns
from services.router.dimensions import CLOSED, CONDITIONS, KEPT, Dimension, Timed
from services.router.facts import Facts, Match
from services.router.moments import Moments
from services.router.rules import Rule
from services.router.specificity import Row

States = tuple[tuple[str, int, frozenset[object], Callable[[Any], Iterable[object]] | None], ...]
"""Name of a condition, index of its fact, what a row states of it, and how the fact is looked for: None, as it is."""


@dataclass(eq=False, slots=True)
class Entry:
    """A row as books hold it. `words`: those it looks for, each once.

    `fixed`: what it matches of facts, where that is the same for every case; None: it differs. `checked`: it has `all`
    words or a pattern, and is looked at by itself.
    """

    place: int
    weight: int
    rule: Rule
    rule_id: str
    lead: str | None
    fixed: tuple[Match, ...] | None
    words: tuple[str, ...]
    pattern: tuple[str, ...]
    checked: bool
    states: States
    any: tuple[str, ...]
    all: tuple[str, ...]
    none: tuple[str, ...]
    row: Row

    def passes(self, present: frozenset[str], text: str) -> bool:
        """Whether its `all` words are there and its pattern is found."""
        return present.issuperset(self.all) and self.finds(text)

    def finds(self, text: str) -> bool:
        return not self.pattern or any(patterns.found(pattern, text) for pattern in self.pattern)


def entry(row: Row, place: int) -> Entry:
    """`place`: its place in the order of all rows."""
    rule, pattern = row.rule, row.rule.when.pattern
    stated = ((one, frozenset(one.stated(row))) for one in CONDITIONS)
    states = tuple(
        (one.name, one.index, values, None if one.plain else one.keys) for one, values in stated if values
    )
    words = tuple(dict.fromkeys(row.any + row.all))
    return Entry(
        place, row.weight, rule, rule.id, rule.then.lead, _fixed(row, states), words, pattern, bool(row.all or pattern),
        states, row.any, row.all, row.none, row,
    )  # fmt: skip


def _fixed(row: Row, states: States) -> tuple[Match, ...] | None:
    """What a row that states one value of each condition matches, but for its words."""
    if len(row.categories) > 1 or any(name == "bounces" or len(values) > 1 for name, _, values, _ in states):
        return None
    told = [("category", next(iter(row.categories), ""))]
    told += [(name, str(next(iter(values)))) for name, _, values, _ in states]
    told += [("time", str(row.rule.when.time or "")), ("valid", row.rule.validity)]
    return tuple(Match(condition, value) for condition, value in told if value)


Lacks = tuple[int, int, int]
"""Rows of a book that lack a condition, those of them that lack more than one, and those that lack the area."""


@dataclass(slots=True)
class Book:
    """Bit sets of its entries: `worded` state `any` words, `checked` as Entry says, `matter`: a category or words by

    which they can be near. Conditions: `located` state an area, which `naming` has by area; `channelled` a channel, and
    `other_channel` has those that lack it; `closed` others on facts with few values, and `known` what came of them;
    `open` on other facts; `any` and `none` words. `ground`: the bits of its categories in Ground. `kin`: the rows of the
    same rule, where it has several. `order`: the places of all.
    """

    entries: tuple[Entry, ...]
    ground: int
    full: int
    located: int
    channelled: int
    worded: int
    checked: int
    matter: int
    naming: Mapping[object, int]
    other_channel: Mapping[object, int]
    closed: tuple[Dimension, ...]
    open: tuple[Dimension, ...]
    timed: tuple[Timed, ...]
    any: Mapping[str, int]
    none: Mapping[str, int]
    kin: Mapping[int, tuple[int, ...]]
    order: Sequence[int]
    known: dict[object, tuple[int, int]] = field(default_factory=dict)

    def lacking(self, facts: Facts, near: int, moments: Moments, present: frozenset[str]) -> Lacks:
        """By all conditions but `all` words and patterns. `near`: what Ground says of the area."""
        once = afar = self.located & ~self._here(facts.area) if near & self.ground else self.located
        twice = 0
        if self.channelled:
            lacks = self.other_channel.get(facts.channel, self.channelled)
            twice = once & lacks
            once |= lacks
        if self.closed:
            lacks, more = self.known.get(facts[CLOSED]) or self._weighed(facts)
            twice |= once & lacks | more
            once |= lacks
        if self.timed:
            moment = moments.of(facts.local)
            for timed in self.timed:
                if (lacks := timed.known.get(moment, -1)) < 0:
                    lacks = timed.lacks(moment, facts)
                twice |= once & lacks
                once |= lacks
        for one in self.open:
            lacks = one.lacks(facts)
            twice |= once & lacks
            once |= lacks
        lacks = self.worded
        if present:
            opened, shut = self._opened_and_shut(present)
            twice |= once & shut
            once |= shut
            lacks &= ~opened
        return once | lacks, twice | once & lacks, afar

    def _here(self, area: str | None) -> int:
        """Rows naming the area or one above it."""
        return reduce(or_, (self.naming.get(code, 0) for code in areas.above(area or "")))

    def _weighed(self, facts: Facts) -> tuple[int, int]:
        """Rows that lack one of the closed conditions, and those that lack more; kept for cases alike in these."""
        once = twice = 0
        for one in self.closed:
            lacks = one.lacks(facts)
            twice |= once & lacks
            once |= lacks
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[facts[CLOSED]] = once, twice
        return once, twice

    def _opened_and_shut(self, present: frozenset[str]) -> tuple[int, int]:
        """Rows that one of their `any` words opens; rows that one of `none` shuts."""
        opened = shut = 0
        for word in present:
            if word in self.any:
                opened |= self.any[word]
            if word in self.none:
                shut |= self.none[word]
        return opened, shut

    def ahead_of(self, entry: Entry) -> int:
        """Those that come before it, whether it stands in this book or not."""
        return (1 << bisect_left(self.order, entry.place)) - 1


def bound(entries: Sequence[Entry], ground: int) -> Book:
    """`entries` in their order."""
    naming: dict[str, dict[object, int]] = {one.name: {} for one in CONDITIONS}
    anys, nones, kin = dict[str, int](), dict[str, int](), dict[int, list[int]]()
    worded = checked = matter = 0
    for place, one in enumerate(entries):
        bit = 1 << place
        for name, _, values, _ in one.states:
            _add(naming[name], values, bit)
        _add(anys, one.any, bit)
        _add(nones, one.none, bit)
        worded |= bit if one.any else 0
        checked |= bit if one.checked else 0
        matter |= bit if one.row.categories or one.words or one.pattern else 0
        kin.setdefault(one.row.place, []).append(place)
    located, channels, *others = (dimensions.dimension(one, naming[one.name]) for one in CONDITIONS)
    return Book(
        tuple(entries), ground, (1 << len(entries)) - 1, located.stating, channels.stating, worded, checked, matter,
        located.naming, {value: channels.stating & ~rows for value, rows in channels.naming.items()},
        tuple(one for one in others if one.stating and one.closed),
        tuple(one for one in others if one.stating and not one.closed),
        tuple(_timed(entries)), anys, nones,
        {place: tuple(some) for some in kin.values() if len(some) > 1 for place in some}, [one.place for one in entries],
    )  # fmt: skip


def _add(rows: dict[Any, int], values: Iterable[Any], bit: int) -> None:
    for value in values:
        rows[value] = rows.get(value, 0) | bit


def _timed(entries: Sequence[Entry]) -> Iterator[Timed]:
    if hours := [(place, one.row) for place, one in enumerate(entries) if one.row.minutes is not None]:
        yield Timed(hours, moments.holds, {})
    if days := [(place, one.row) for place, one in enumerate(entries) if one.row.valid]:
        yield Timed(days, moments.valid, {})


def lacks(one: Entry, facts: Facts, present: frozenset[str]) -> list[str]:
    """The conditions that an entry lacks, but for `all` words and patterns."""
    found = []
    for name, index, values, keys in one.states:
        if facts[index] not in values if keys is None else values.isdisjoint(keys(facts[index])):
            found.append(name)
    if one.row.minutes is not None and not moments.holds(one.row, facts.local):
        found.append("time")
    if one.row.valid and not moments.valid(one.row, facts.local):
        found.append("valid")
    if one.any and present.isdisjoint(one.any):
        found.append("words.any")
    if one.none and not present.isdisjoint(one.none):
        found.append("words.none")
    return found


def checks_lacking(one: Entry, facts: Facts, present: frozenset[str]) -> list[str]:
    """Of its `all` words and its pattern, which do not hold."""
    found = []
    if not present.issuperset(one.all):
        found.append("words.all")
    if not one.finds(facts.text):
        found.append("pattern")
    return found
