"""The duty list compiled: from facts to the one rule that decides, and what nearly did. Pure and total.

The order, best first, ties by the next line; it depends on the rule alone, so it is the same every time:

  1. hands to an emergency service                         6. states words: how many of any / all / none
  2. states bounces: it is for cases that come back       7. names the channel, then the channel's kind
  3. gives the class `special`: danger comes first         8. names the segment, then the kind, then the class
  4. depth of the category it names                        9. states a time; then: stands earlier in the file
  5. depth of the area it names

What is missing backs off by itself: a category or area holds for every prefix of the case's own, and a rule that
names an area is passed over while the area is unknown.

A rule with several categories or areas is compiled into one row each, so that every row has one place in the order.
Conditions on single values are bit sets over the rows: AND them, and the lowest bit left is the best rule.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import accumulate, groupby, product
from operator import and_

import orjson

from services.contracts import shifts
from services.contracts.values import ChannelKind, Kind, Segment, TriageClass
from services.router import areas
from services.router.rules import Rule, Rules

NEAR_MISSES = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may ask about. `text` is the normalised form; `local` the city's local time of receipt."""

    category: str | None
    area: str | None
    channel: str
    channel_kind: ChannelKind
    segment: Segment
    kind: Kind
    text: str
    local: datetime
    bounces: int = 0
    returned_by: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    triage_class: TriageClass = TriageClass.ORDINARY


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that nearly decided, and the condition it lacked; `rank`: it held too, and was less specific."""

    rule_id: str
    lacking: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """`matched` names condition and value, as `category=市容环卫`."""

    rule: Rule
    matched: tuple[str, ...]
    near: tuple[NearMiss, ...]


@dataclass(frozen=True, slots=True)
class NoRule:
    near: tuple[NearMiss, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One rule with one of its categories and one of its areas."""

    rule: Rule
    category: str | None
    area: str | None
    any: tuple[str, ...]
    all: tuple[str, ...]
    none: tuple[str, ...]
    minutes: int | None

    def lacking(self, facts: Facts) -> list[str]:
        """The conditions that have no bit set: few rules state them."""
        lacks = []
        if self.all and not all(word in facts.text for word in self.all):
            lacks.append("words.all")
        if self.none and any(word in facts.text for word in self.none):
            lacks.append("words.none")
        if self.minutes is not None and not self.minutes >> shifts.minute_of_week(facts.local) & 1:
            lacks.append("time")
        return lacks


@dataclass(frozen=True, slots=True)
class _Dimension:
    """A condition on one value: `stated` value → rows naming it; `silent` rows that do not ask.

    `keys` are the stated values that a case's value satisfies: itself, or itself and everything above it.
    """

    name: str
    silent: int
    stated: Mapping[object, int]
    keys: Callable[[Facts], Iterable[object]]

    def holds(self, facts: Facts) -> int:
        mask = self.silent
        for key in self.keys(facts):
            mask |= self.stated.get(key, 0)
        return mask


@dataclass(frozen=True, slots=True)
class Index:
    """Rows in the order above, and a bit set of them for each condition; `several`: rows with more than one."""

    rows: tuple[_Row, ...]
    dimensions: tuple[_Dimension, ...]
    several: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`digest`: sha256 of what the rules say, whatever comments and layout the file has."""

    classifying: Index
    deciding: Index
    digest: str
    size: int


def compiled(rules: Rules) -> RuleSet:
    said = orjson.dumps(rules.model_dump(mode="json", by_alias=True), option=orjson.OPT_SORT_KEYS)
    classifying = [rule for rule in rules.rules if not rule.then.decides]
    deciding = [rule for rule in rules.rules if rule.then.decides]
    return RuleSet(_index(classifying), _index(deciding), hashlib.sha256(said).hexdigest(), len(rules.rules))


def match(index: Index, facts: Facts) -> Chosen | NoRule:
    """The first row whose every condition holds, what matched, and what nearly did."""
    masks = [dimension.holds(facts) for dimension in index.dimensions]
    best: _Row | None = None
    near: dict[str, str] = {}
    for row in _rows(index, reduce(and_, masks)):
        lacks = row.lacking(facts)
        if best is not None and not lacks:
            near.setdefault(row.rule.id, "rank")
            break
        if not lacks and _refused(row.rule, facts):
            near.setdefault(row.rule.id, "returned_by")
        elif not lacks:
            best = row
        elif len(lacks) == 1:
            near.setdefault(row.rule.id, lacks[0])
    for miss, lack in _one_short(index, masks, facts):
        near.setdefault(miss, lack)
    if best is None:
        return NoRule(_misses(near, None))
    return Chosen(best.rule, _matched(best, facts), _misses(near, best.rule.id))


def _refused(rule: Rule, facts: Facts) -> bool:
    """Whether its lead has returned this case: it is not asked again."""
    return rule.then.lead in facts.returned_by and not rule.then.again


def first(index: Index, facts: Facts) -> Rule | None:
    """The rule `match` would choose, without the account of it; None: no rule."""
    mask = (1 << len(index.rows)) - 1
    for dimension in index.dimensions:
        if not (mask := mask & dimension.holds(facts)):
            return None
    return next((row.rule for row in _rows(index, mask) if not row.lacking(facts)), None)


def _one_short(index: Index, masks: Sequence[int], facts: Facts) -> Iterator[tuple[str, str]]:
    """For each condition the best row that lacks it alone, of those that state another one too."""
    before = list(accumulate(masks, and_, initial=index.several))
    after = list(accumulate(reversed(masks), and_, initial=index.several))[-2::-1]
    for place, dimension in enumerate(index.dimensions):
        if short := before[place] & after[place] & ~masks[place]:
            for row in _rows(index, short):
                if not row.lacking(facts):
                    yield row.rule.id, dimension.name
                    break


def _misses(near: Mapping[str, str], winner: str | None) -> tuple[NearMiss, ...]:
    found = [NearMiss(rule_id, lacking) for rule_id, lacking in near.items() if rule_id != winner]
    found.sort(key=lambda miss: miss.lacking != "rank")
    return tuple(found[:NEAR_MISSES])


def _rows(index: Index, mask: int) -> Iterator[_Row]:
    while mask:
        yield index.rows[(mask & -mask).bit_length() - 1]
        mask &= mask - 1


def _matched(row: _Row, facts: Facts) -> tuple[str, ...]:
    when = row.rule.when
    said = [f"category={row.category}" if row.category else "", f"area={row.area}" if row.area else ""]
    if row.any or row.all:
        words = [word for word in row.any if word in facts.text][:3] + list(row.all)
        said.append("words=" + ",".join(words))
    said += [
        f"channel={facts.channel}" if when.channel else "",
        f"channel_kind={facts.channel_kind}" if when.channel_kind else "",
        f"segment={facts.segment}" if when.segment else "",
        f"kind={facts.kind}" if when.kind else "",
        f"class={facts.triage_class}" if when.triage_class else "",
        f"time={when.time.days} {when.time.hours}" if when.time else "",
        f"bounces={facts.bounces}" if when.bounces else "",
    ]
    return tuple(filter(None, said))


def _index(rules: Sequence[Rule]) -> Index:
    rows = [
        _row(rule, category, area)
        for rule in rules
        for category, area in product(rule.when.category or (None,), rule.when.area or (None,))
    ]
    rows.sort(key=_rank, reverse=True)  # stable: equals keep the order of the file
    several = sum(1 << place for place, row in enumerate(rows) if sum(map(bool, _rank(row)[3:])) > 1)
    return Index(tuple(rows), tuple(_dimensions(rows)), several)


def _row(rule: Rule, category: str | None, area: str | None) -> _Row:
    words, time = rule.when.words, rule.when.time
    minutes = shifts.minutes_of(time.days, time.hours) if time else None
    if words is None:
        return _Row(rule, category, area, (), (), (), minutes)
    return _Row(rule, category, area, _folded(words.any), _folded(words.all), _folded(words.none), minutes)


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(areas.fold, words))


def _rank(row: _Row) -> tuple[int, ...]:
    when = row.rule.when
    return (
        int(row.rule.then.emergency is not None),
        int(when.bounces is not None),
        int(row.rule.then.triage_class is TriageClass.SPECIAL and row.rule.then.decides),
        len(row.category.split("/")) if row.category else 0,
        len(row.area.split("/")) if row.area else 0,
        bool(row.any) + bool(row.all) + bool(row.none),
        int(bool(when.channel)), int(bool(when.channel_kind)), int(bool(when.segment)), int(bool(when.kind)),
        int(bool(when.triage_class)), int(when.time is not None),
    )  # fmt: skip


def _dimensions(rows: Sequence[_Row]) -> Iterator[_Dimension]:
    yield _dimension("category", rows, lambda row: _one(row.category), lambda facts: _path(facts.category))
    yield _dimension("area", rows, lambda row: _one(row.area), lambda facts: _path(facts.area))
    yield _dimension("channel", rows, lambda row: row.rule.when.channel, lambda facts: (facts.channel,))
    yield _dimension(
        "channel_kind", rows, lambda row: row.rule.when.channel_kind, lambda facts: (facts.channel_kind,)
    )
    yield _dimension("segment", rows, lambda row: row.rule.when.segment, lambda facts: (facts.segment,))
    yield _dimension("kind", rows, lambda row: row.rule.when.kind, lambda facts: (facts.kind,))
    yield _dimension(
        "class", rows, lambda row: row.rule.when.triage_class, lambda facts: (facts.triage_class,)
    )
    vocabulary = _vocabulary(rows)
    yield _dimension("words.any", rows, lambda row: row.any, lambda facts: _present(vocabulary, facts.text))
    yield _dimension("bounces", rows, _bounces, lambda facts: (min(facts.bounces, MANY),))


def _vocabulary(rows: Sequence[_Row]) -> dict[str, tuple[str, ...]]:
    """The words of all rules by their first character: a text has few characters and we have many words."""
    words = sorted({word for row in rows for word in row.any})
    return {first: tuple(some) for first, some in groupby(words, key=lambda word: word[0])}


def _present(vocabulary: Mapping[str, tuple[str, ...]], text: str) -> list[str]:
    found = []
    for first in vocabulary.keys() & set(text):
        for word in vocabulary[first]:
            if word in text:
                found.append(word)
    return found


MANY = 20  # bounces beyond this are all the same to a rule


def _bounces(row: _Row) -> Sequence[object]:
    stated = row.rule.when.bounces
    if stated is None:
        return ()
    return range(stated.min, MANY + 1 if stated.max is None else stated.max + 1)


def _dimension(
    name: str,
    rows: Sequence[_Row],
    states: Callable[[_Row], Sequence[object]],
    keys: Callable[[Facts], Iterable[object]],
) -> _Dimension:
    silent, stated = 0, dict[object, int]()
    for place, row in enumerate(rows):
        values = states(row)
        silent |= 0 if values else 1 << place
        for value in values:
            stated[value] = stated.get(value, 0) | 1 << place
    return _Dimension(name, silent, stated, keys)


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _path(value: str | None) -> tuple[str, ...]:
    return areas.above(value) if value else ()
