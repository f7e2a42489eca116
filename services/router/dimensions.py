"""One condition over the rows of a book: for each value that a fact takes, the rows for which it holds, as bit sets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from services.router import areas
from services.router.facts import Facts
from services.router.moments import Moment
from services.router.specificity import Row

MANY = 20  # bounces beyond this are all the same to a rule
KEPT = 256  # values of a fact that a book remembers


@dataclass(eq=False, slots=True)
class Sides:
    """Rows for which a condition holds, rows that lack it. Compared by identity: equal ones are made once."""

    holds: int
    lacks: int


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


class Dimension(dict[object, Sides]):
    """A condition on a fact, by the fact's value. `stated`: value → rows naming it; other rows are silent."""

    def __init__(self, condition: Condition, full: int, stated: Mapping[object, int]) -> None:
        super().__init__()
        self.condition = condition
        self._full = full
        self._silent = full & ~reduce(or_, stated.values())
        self._stated = stated
        self._made: dict[tuple[object, ...], Sides] = {}

    def _of(self, value: object) -> Sides:
        named = tuple([key for key in self.condition.keys(value) if key in self._stated])
        if (known := self._made.get(named)) is not None:
            return known
        holds = reduce(or_, [self._stated[key] for key in named], self._silent)
        if len(self._made) >= KEPT:
            self._made.clear()
        made = self._made[named] = Sides(holds, self._full & ~holds)
        return made

    def __missing__(self, value: object) -> Sides:
        if len(self) >= KEPT:
            self.clear()
        found = self[value] = self._of(value)
        return found


@dataclass(slots=True)
class Timed:
    """A condition on the moment: asked of each row that states it, once for each stretch of equal moments."""

    name: str
    full: int
    rows: Sequence[tuple[int, Row]]
    holds: Callable[[Row, Any], bool]
    known: dict[Moment, Sides]

    def of(self, moment: Moment, facts: Facts) -> Sides:
        lacks = reduce(or_, (1 << place for place, row in self.rows if not self.holds(row, facts.local)), 0)
        if len(self.known) >= KEPT:
            self.known.clear()
        made = self.known[moment] = Sides(self.full & ~lacks, lacks)
        return made
