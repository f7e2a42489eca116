"""The rules that may concern one category: rows naming it or one above it, and rows naming none, in their order.

A condition on a fact is a pair of bit sets over the rows for each value the fact takes: rows for which it holds, rows
that lack it. A handful of ANDs weighs all rows against all conditions; the lowest bit left is the most specific row.
Cases that every condition of the book takes alike share a profile, which keeps what has been answered to them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.router import moments, patterns
from services.router.dimensions import CONDITIONS, Dimension, Sides, Timed
from services.router.facts import Facts, Match
from services.router.moments import Moment
from services.router.rules import Rule
from services.router.specificity import Row

PROFILES = 256  # kept for each book


@dataclass(eq=False, slots=True)
class Entry:
    """A row as books hold it. `states`: for each condition on a fact that it states, the values.

    `fixed`: what it matches of facts, where that is the same for every case; None: it differs. `checked`: it has `all`
    words or a pattern, and is looked at by itself.
    """

    row: Row
    place: int
    rule: Rule
    rule_id: str
    lead: str | None
    any: tuple[str, ...]
    all: tuple[str, ...]
    none: tuple[str, ...]
    pattern: tuple[str, ...]
    states: tuple[tuple[int, tuple[object, ...]], ...]
    fixed: tuple[Match, ...] | None
    checked: bool

    def shares(self, lacking: str) -> bool:
        """Whether its category, or the words or pattern it looks for, are the case's, where it lacks this alone."""
        return bool(
            self.row.categories
            or (self.any and lacking != "words.any")
            or (self.all and lacking != "words.all")
            or (self.pattern and lacking != "pattern")
        )

    @property
    def positive(self) -> bool:
        return bool(self.any or self.all or self.pattern)

    def passes(self, present: frozenset[str], text: str) -> bool:
        """Whether its `all` words are there and its pattern is found."""
        return present.issuperset(self.all) and pattern_holds(self, text)


def entry(row: Row, place: int) -> Entry:
    """`place`: its place in the order of all rows."""
    stated = ((index, tuple(one.stated(row))) for index, one in enumerate(CONDITIONS))
    states = tuple((index, values) for index, values in stated if values)
    checked = bool(row.all or row.rule.when.pattern)
    return Entry(
        row,
        place,
        row.rule,
        row.rule.id,
        row.rule.then.lead,
        row.any,
        row.all,
        row.none,
        row.rule.when.pattern,
        states,
        _fixed(row, states),
        checked,
    )


def _fixed(row: Row, states: Iterable[tuple[int, tuple[object, ...]]]) -> tuple[Match, ...] | None:
    """What a row that names one category and one area and asks for no other fact matches."""
    if any(index or len(values) > 1 for index, values in states) or len(row.categories) > 1:
        return None
    told = (
        ("category", next(iter(row.categories), "")), ("area", next(iter(row.areas), "")),
        ("time", str(row.rule.when.time or "")), ("valid", row.rule.validity),
    )  # fmt: skip
    return tuple(Match(condition, value) for condition, value in told if value)


class Called(NamedTuple):
    """An entry outside the book that a word of the text has called. `lacking`: the one condition that does not hold."""

    entry: Entry
    lacking: str | None


Words = tuple[int, int]
"""Rows that the words of a text open, rows that they shut."""


@dataclass(slots=True)
class Profile:
    """How cases stand to the rows of a book by facts: all conditions hold, one is lacking; `sides` tell which.

    `answers` are kept by the words' rows, where these are all that rows ask of the text (`by_words`).
    """

    holding: int
    short: int
    names: tuple[str, ...]
    sides: Sequence[Sides]
    by_words: bool
    answers: dict[object, Any] = field(default_factory=dict)

    def lacking(self, place: int) -> str:
        """The name of the first condition that this row lacks."""
        return next(name for name, one in zip(self.names, self.sides, strict=True) if one.lacks >> place & 1)


@dataclass(slots=True)
class Book:
    """Bit sets of its entries: `wordless` state no `any` words; `checked` as Entry says; `matter`: a category or words by

    which they can be near; `unopened`: they can be near without their `any` words. `asks`: for the sides of a
    fact, which Facts has there; `names` of these conditions and the timed. `kin`: the rows of the same rule.
    """

    entries: tuple[Entry, ...]
    asks: tuple[tuple[Callable[[object], Sides], int], ...]
    timed: tuple[Timed, ...]
    names: tuple[str, ...]
    full: int
    wordless: int
    any: Mapping[str, int]
    none: Mapping[str, int]
    checked: int
    matter: int
    unopened: int
    kin: Mapping[int, tuple[int, ...]]
    order: Sequence[int]
    keep: int
    profiles: dict[object, Profile] = field(default_factory=dict)

    def profile(self, facts: Facts, moment: Moment) -> Profile:
        """How a case stands to every row, but for its text."""
        sides = [ask(facts[index]) for ask, index in self.asks]
        for timed in self.timed:
            sides.append(timed.known.get(moment) or timed.of(moment, facts))
        key = tuple(sides)
        if (known := self.profiles.get(key)) is not None:
            return known
        made = self._weighed(sides)
        if self.keep:
            if len(self.profiles) >= self.keep:
                self.profiles.clear()
            self.profiles[key] = made
        return made

    def _weighed(self, sides: Sequence[Sides]) -> Profile:
        holding, short = self.full, 0
        for side in sides:
            if side.lacks:
                short = short & side.holds | holding & side.lacks
                holding &= side.holds
        return Profile(holding, short, self.names, sides, not (holding | short) & self.checked)

    def ahead_of(self, entry: Entry) -> int:
        """Those that come before it, whether it stands in this book or not."""
        return (1 << bisect_left(self.order, entry.place)) - 1

    def open_and_shut(self, present: frozenset[str]) -> Words:
        """Rows that one of their `any` words opens, with those that have none; rows that one of `none` shuts."""
        opened, shut = self.wordless, 0
        for word in present:
            opened |= self.any.get(word, 0)
            shut |= self.none.get(word, 0)
        return opened, shut


def bound(entries: Sequence[Entry], keep: int) -> Book:
    """`keep`: how many profiles."""
    stated: list[dict[object, int]] = [{} for _ in CONDITIONS]
    anys, nones, kin = dict[str, int](), dict[str, int](), dict[int, list[int]]()
    wordless = checked = named = positive = 0
    for place, one in enumerate(entries):
        bit = 1 << place
        for index, values in one.states:
            _add(stated[index], values, bit)
        _add(anys, one.any, bit)
        _add(nones, one.none, bit)
        wordless |= 0 if one.any else bit
        checked |= bit if one.checked else 0
        named |= bit if one.row.categories else 0
        positive |= bit if one.positive else 0
        kin.setdefault(one.row.place, []).append(place)
    full = (1 << len(entries)) - 1
    several = {place: tuple(some) for some in kin.values() if len(some) > 1 for place in some}
    dimensions, timed = tuple(_dimensions(stated, full)), tuple(_timed(entries, full))
    return Book(
        tuple(entries), tuple((one.__getitem__, one.condition.index) for one in dimensions), timed,
        (*(one.condition.name for one in dimensions), *(one.name for one in timed)), full, wordless, anys, nones,
        checked, named | positive, named | checked, several, [one.place for one in entries], keep,
    )  # fmt: skip


def _add(rows: dict[Any, int], values: Iterable[Any], bit: int) -> None:
    for value in values:
        rows[value] = rows.get(value, 0) | bit


def _dimensions(stated: Sequence[Mapping[object, int]], full: int) -> Iterator[Dimension]:
    for condition, rows in zip(CONDITIONS, stated, strict=True):
        if rows:
            yield Dimension(condition, full, rows)


def _timed(entries: Sequence[Entry], full: int) -> Iterator[Timed]:
    if hours := [(place, one.row) for place, one in enumerate(entries) if one.row.minutes is not None]:
        yield Timed("time", full, hours, moments.holds, {})
    if days := [(place, one.row) for place, one in enumerate(entries) if one.row.valid]:
        yield Timed("valid", full, days, moments.valid, {})


def places(mask: int) -> Iterator[int]:
    """The set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def lacks(one: Entry, facts: Facts, present: frozenset[str]) -> list[str]:
    """The conditions that an entry lacks, of those on facts, on time and on words to be absent."""
    found = []
    for index, values in one.states:
        condition = CONDITIONS[index]
        if not any(key in values for key in condition.keys(facts[condition.index])):
            found.append(condition.name)
    if one.row.minutes is not None and not moments.holds(one.row, facts.local):
        found.append("time")
    if one.row.valid and not moments.valid(one.row, facts.local):
        found.append("valid")
    if one.none and not present.isdisjoint(one.none):
        found.append("words.none")
    return found


def words_lacking(one: Entry, present: frozenset[str], text: str) -> list[str]:
    """Which of its conditions on the text do not hold."""
    lacks = []
    if one.any and present.isdisjoint(one.any):
        lacks.append("words.any")
    if one.all and not present.issuperset(one.all):
        lacks.append("words.all")
    if one.none and not present.isdisjoint(one.none):
        lacks.append("words.none")
    if one.pattern and not pattern_holds(one, text):
        lacks.append("pattern")
    return lacks


def pattern_holds(one: Entry, text: str) -> bool:
    return not one.pattern or any(patterns.found(pattern, text) for pattern in one.pattern)
