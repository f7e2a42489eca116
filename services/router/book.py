"""The rules that may concern one category: rows naming it or one above it, and rows naming none, in their order.

A condition on a fact is a pair of bit sets over the rows for each value the fact takes: rows for which it holds, rows
for which it does not. All rows of all conditions are weighed by a handful of ANDs; the lowest bit left is the best row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.router import areas, moments, patterns
from services.router.facts import Facts
from services.router.specificity import Row

MANY = 20  # bounces beyond this are all the same to a rule
KEPT = 5_000  # values of a fact whose bit sets are kept
Sides = tuple[int, int]
Keys = Callable[[Any], Iterable[object]]


class Mask(NamedTuple):
    """Rows as bit sets. By conditions on facts: all hold, one is lacking. By words: one of `any` is there, one of

    `none` is there.
    """

    holding: int
    one_short: int
    opened: int
    shut: int

    @property
    def live(self) -> int:
        """Rows that hold, but for `all` words and patterns."""
        return self.holding & self.opened & ~self.shut


@dataclass(slots=True)
class Dimension:
    """A condition on one fact. `stated`: value → rows naming it; `keys`: the stated values that a fact satisfies."""

    name: str
    index: int
    full: int
    silent: int
    stated: Mapping[object, int]
    keys: Keys
    sides: dict[object, Sides]

    def of(self, value: object) -> Sides:
        """(rows for which it holds, rows that lack it)"""
        if (known := self.sides.get(value)) is not None:
            return known
        holds = self.silent
        for key in self.keys(value):
            holds |= self.stated.get(key, 0)
        if len(self.sides) >= KEPT:
            self.sides.clear()
        self.sides[value] = holds, self.full & ~holds
        return self.sides[value]


@dataclass(slots=True)
class Timed:
    """A condition on the moment: asked of each row that states it, once for each stretch of equal moments."""

    name: str
    full: int
    rows: Sequence[tuple[int, Row]]
    holds: Callable[[Row, Any], bool]
    sides: dict[object, Sides]

    def of(self, moment: object, facts: Facts) -> Sides:
        if (known := self.sides.get(moment)) is not None:
            return known
        lacks = 0
        for place, row in self.rows:
            lacks |= 0 if self.holds(row, facts.local) else 1 << place
        if len(self.sides) >= KEPT:
            self.sides.clear()
        self.sides[moment] = self.full & ~lacks, lacks
        return self.sides[moment]


@dataclass(slots=True)
class Book:
    """`wordless` rows state no `any` words. `checked`: those with `all` words or a pattern, which are looked at one by

    one; `patterned` of these depend on more of the text than words. `named` state a category, `positive` words or a
    pattern that must be there. `kin`: the rows of a rule that has several.
    """

    rows: tuple[Row, ...]
    dimensions: tuple[Dimension, ...]
    timed: tuple[Timed, ...]
    full: int
    wordless: int
    any: Mapping[str, int]
    none: Mapping[str, int]
    checked: int
    patterned: int
    named: int
    positive: int
    kin: Mapping[int, tuple[int, ...]]


def bound(rows: Sequence[Row]) -> Book:
    full = (1 << len(rows)) - 1
    places: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.place, []).append(place)
    return Book(
        rows=tuple(rows),
        dimensions=tuple(one for one in _dimensions(rows, full) if one.silent != full),
        timed=tuple(one for one in _timed(rows, full) if one.rows),
        full=full,
        wordless=_mask(rows, lambda row: not row.any),
        any=_by_value(rows, lambda row: row.any),
        none=_by_value(rows, lambda row: row.none),
        checked=_mask(rows, lambda row: bool(row.all or row.rule.when.pattern)),
        patterned=_mask(rows, lambda row: bool(row.rule.when.pattern)),
        named=_mask(rows, lambda row: bool(row.categories)),
        positive=_mask(rows, lambda row: bool(row.any or row.all or row.rule.when.pattern)),
        kin={place: tuple(some) for some in places.values() if len(some) > 1 for place in some},
    )


def _mask(rows: Sequence[Row], says: Callable[[Row], bool]) -> int:
    return _bits(place for place, row in enumerate(rows) if says(row))


def _bits(places: Iterable[int]) -> int:
    mask = 0
    for place in places:
        mask |= 1 << place
    return mask


def _by_value(rows: Sequence[Row], values: Callable[[Row], Iterable[Any]]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for place, row in enumerate(rows):
        for value in values(row):
            found[value] = found.get(value, 0) | 1 << place
    return found


def _itself(value: Any) -> Iterable[object]:
    return (value,)


def _each(values: Any) -> Iterable[object]:
    return values  # type: ignore[no-any-return]


def _up(code: Any) -> Iterable[object]:
    return areas.above(code) if code else ()


def _counted(bounces: Any) -> Iterable[object]:
    return (min(bounces, MANY),)


def _bounces(row: Row) -> Iterable[object]:
    stated = row.rule.when.bounces
    if stated is None:
        return ()
    return range(min(stated.min, MANY), MANY + 1 if stated.max is None else min(stated.max, MANY) + 1)


DIMENSIONS: tuple[tuple[str, str, Callable[[Row], Iterable[Any]], Keys], ...] = (
    ("area", "area", lambda row: row.areas, _up),
    ("channel", "channel", lambda row: row.rule.when.channel, _itself),
    ("channel_kind", "channel_kind", lambda row: row.rule.when.channel_kind, _itself),
    ("segment", "segment", lambda row: row.rule.when.segment, _itself),
    ("kind", "kind", lambda row: row.rule.when.kind, _itself),
    ("class", "triage_class", lambda row: row.rule.when.triage_class, _itself),
    ("tags", "tags", lambda row: row.rule.when.tags, _each),
    ("returned_by", "returned_by", lambda row: row.rule.when.returned_by, _each),
    ("bounces", "bounces", _bounces, _counted),
)


def _dimensions(rows: Sequence[Row], full: int) -> Iterator[Dimension]:
    for name, fact, states, keys in DIMENSIONS:
        stated = _by_value(rows, states)
        silent = full & ~_mask(rows, lambda row, states=states: bool(states(row)))  # type: ignore[misc]
        yield Dimension(name, Facts._fields.index(fact), full, silent, stated, keys, {})


def _timed(rows: Sequence[Row], full: int) -> Iterator[Timed]:
    hours = [(place, row) for place, row in enumerate(rows) if row.rule.when.time]
    yield Timed("time", full, hours, moments.holds, {})
    days = [(place, row) for place, row in enumerate(rows) if row.valid]
    yield Timed("valid", full, days, moments.valid, {})


def weigh(book: Book, facts: Facts, moment: object, present: frozenset[str]) -> Mask:
    """All conditions but `all` words and patterns, of all rows at once."""
    holding, short = book.full, 0
    for one in book.dimensions:
        value = facts[one.index]
        holds, lacks = one.sides.get(value) or one.of(value)
        if lacks:
            short = short & holds | holding & lacks
            holding &= holds
    for timed in book.timed:
        holds, lacks = timed.sides.get(moment) or timed.of(moment, facts)
        if lacks:
            short = short & holds | holding & lacks
            holding &= holds
    opened, shut = book.wordless, 0
    for word in present:
        opened |= book.any.get(word, 0)
        shut |= book.none.get(word, 0)
    return Mask(holding, short, opened, shut)


def places(mask: int) -> Iterator[int]:
    """The set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def words_lacking(row: Row, present: frozenset[str], text: str) -> list[str]:
    """Which of the row's conditions on the text do not hold."""
    lacks = []
    if row.any and present.isdisjoint(row.any):
        lacks.append("words.any")
    if not present.issuperset(row.all):
        lacks.append("words.all")
    if row.none and not present.isdisjoint(row.none):
        lacks.append("words.none")
    if not pattern_holds(row, text):
        lacks.append("pattern")
    return lacks


def pattern_holds(row: Row, text: str) -> bool:
    stated = row.rule.when.pattern
    return not stated or any(patterns.found(one, text) for one in stated)


def passes(book: Book, place: int, present: frozenset[str], text: str) -> bool:
    """Whether a row that is open holds: its `all` words and its pattern too."""
    if not book.checked >> place & 1:
        return True
    row = book.rows[place]
    return present.issuperset(row.all) and pattern_holds(row, text)


def lacking(book: Book, place: int, facts: Facts, moment: object) -> str:
    """The name of the first condition on a fact that this row lacks."""
    for one in book.dimensions:
        if one.of(facts[one.index])[1] >> place & 1:
            return one.name
    return next(timed.name for timed in book.timed if timed.of(moment, facts)[1] >> place & 1)
