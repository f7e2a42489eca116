"""One condition over the rows of a book: for each value that a fact takes, the rows that lack it, as bit sets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from services.router import areas
from services.router.facts import Facts
from services.router.moments import Moment
from services.router.specificity import Row

MANY = 20  # bounces beyond this are all the same to a rule
KEPT = 64  # stretches of time, and cases alike in CLOSED, that a book remembers


def _itself(value: Any) -> Iterable[object]:
    return (value,)


def _each(values: Any) -> Iterable[object]:
    return values  # type: ignore[no-any-return]


def _up(code: Any) -> Iterable[object]:
    return areas.above(code) if code else ()


def _at_most(bounces: Any) -> Iterable[object]:
    return (min(bounces, MANY),)


def _counts(row: Row) -> Iterable[object]:
    stated = row.rule.when.bounces
    if stated is None:
        return ()
    return range(min(stated.min, MANY), MANY + 1 if stated.max is None else min(stated.max, MANY) + 1)


@dataclass(frozen=True, slots=True)
class Condition:
    """On one fact: what a row states of it, and which stated values a fact satisfies."""

    name: str
    fact: str
    stated: Callable[[Row], Iterable[Any]]
    keys: Callable[[Any], Iterable[object]] = _itself

    @property
    def index(self) -> int:
        return Facts._fields.index(self.fact)

    @property
    def plain(self) -> bool:
        """Whether a fact satisfies its own value only."""
        return self.keys is _itself


CONDITIONS = (
    Condition("area", "area", lambda row: row.areas, _up),
    Condition("channel", "channel", lambda row: row.rule.when.channel),
    Condition("channel_kind", "channel_kind", lambda row: row.rule.when.channel_kind),
    Condition("segment", "segment", lambda row: row.rule.when.segment),
    Condition("kind", "kind", lambda row: row.rule.when.kind),
    Condition("class", "triage_class", lambda row: row.rule.when.triage_class),
    Condition("tags", "tags", lambda row: row.rule.when.tags, _each),
    Condition("returned_by", "returned_by", lambda row: row.rule.when.returned_by, _each),
    Condition("bounces", "bounces", _counts, _at_most),
)


CLOSED = slice(Facts._fields.index("channel_kind"), Facts._fields.index("triage_class") + 1)
"""Facts with a handful of values, which are looked up together."""


class Dimension(NamedTuple):
    """`naming` has the rows for each value stated; `stating`, all of them."""

    condition: Condition
    naming: Mapping[object, int]
    stating: int

    @property
    def closed(self) -> bool:
        return CLOSED.start <= self.condition.index < CLOSED.stop

    def lacks(self, facts: Facts) -> int:
        keys = self.condition.keys(facts[self.condition.index])
        return self.stating & ~reduce(or_, (self.naming.get(key, 0) for key in keys), 0)


def dimension(condition: Condition, naming: Mapping[object, int]) -> Dimension:
    return Dimension(condition, naming, reduce(or_, naming.values(), 0))


@dataclass(slots=True)
class Timed:
    """A condition on the moment: asked of each row that states it, once for each stretch of equal moments."""

    rows: Sequence[tuple[int, Row]]
    holds: Callable[[Row, Any], bool]
    known: dict[Moment, int]

    def lacks(self, moment: Moment, facts: Facts) -> int:
        lacks = reduce(or_, (1 << place for place, row in self.rows if not self.holds(row, facts.local)), 0)
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[moment] = lacks
        return lacks
