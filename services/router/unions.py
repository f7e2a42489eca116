"""Rules that together leave another nothing, though none of them does alone: complaints here, all else there. Pure.

What the rule holds for is cut down by each rule ahead of it, until nothing is left. That is a proof; where something is
left, or too much to go on, none is claimed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from services.contracts.values import ChannelKind, Kind, Segment, TriageClass
from services.router import overlaps
from services.router.dimensions import MANY
from services.router.specificity import Row

MOST_LEFT = 300  # parts of what is left, before we give up
MOST_AHEAD = 200
MOST_PRUNED = 12
MEMBERS = {"channel_kind": ChannelKind, "segment": Segment, "kind": Kind, "triage_class": TriageClass}
Box = tuple[int, ...]
"""Values of channel, channel kind, segment, kind, class, bounces, minutes, days of the year, days of validity, as bit sets."""


@dataclass(frozen=True, slots=True)
class Left:
    """A part of what the rule holds for: `row` with words that are there for certain, and the values in `box`."""

    row: Row
    box: Box


def takers(row: Row, ahead: Sequence[Row]) -> tuple[Row, ...]:
    """Rows that between them hold whenever `row` does, none of them to spare; empty when that cannot be shown."""
    used: dict[int, Row] = {}
    for category, area in product(row.categories or (None,), row.areas or (None,)):
        narrow = replace(row, categories=_one(category), areas=_one(area))
        found = _among(narrow, ahead)
        if not found:
            return ()
        used.update({id(one): one for one in found})
    return tuple(used.values())


def _one(path: str | None) -> frozenset[str]:
    return frozenset(() if path is None else (path,))


def _among(row: Row, ahead: Iterable[Row]) -> Sequence[Row]:
    words = _told_apart(row, ahead)
    useful = [one for one in ahead if one.rule is not row.rule and _in_part(one, row, words)][:MOST_AHEAD]
    if not _taken(row, useful):
        return ()
    if len(useful) <= MOST_PRUNED:
        for one in tuple(useful):
            fewer = [other for other in useful if other is not one]
            useful = fewer if _taken(row, fewer) else useful
    return useful


def _told_apart(row: Row, ahead: Iterable[Row]) -> tuple[str, ...]:
    """Words that some exclude: where they are there, others may hold."""
    found = (
        word for one in ahead if overlaps.covers_in_part(one, row) for word in overlaps.unexcluded(one, row)
    )
    return tuple(dict.fromkeys(found))


def _in_part(one: Row, row: Row, words: Sequence[str]) -> bool:
    return overlaps.covers_in_part(one, replace(row, all=(*row.all, *words)) if words else row)


def _taken(row: Row, useful: Sequence[Row]) -> bool:
    """Whether nothing is left of the row."""
    box = _space((row, *useful))
    left = [Left(row, box(row))]
    excluding = [
        one for one in useful if one.none
    ]  # first: they say which words are there in what they leave
    for one in (*excluding, *useful):
        left = [part for region in left for part in _less(region, one, box(one))]
        if len(left) > MOST_LEFT:
            return False
    return not left


def _less(region: Left, one: Row, box: Box) -> Iterator[Left]:
    """The region without what the rule holds for."""
    common = tuple(a & b for a, b in zip(region.box, box, strict=True))
    certain = any(word in held for word in one.none for held in region.row.all)
    if not all(common) or certain or not overlaps.covers_in_part(one, region.row):
        yield region
        return
    for place, (mine, shared) in enumerate(zip(region.box, common, strict=True)):
        if mine & ~shared:
            yield Left(region.row, (*common[:place], mine & ~shared, *region.box[place + 1 :]))
    for word in overlaps.unexcluded(one, region.row):
        yield Left(replace(region.row, all=(*region.row.all, word)), common)


def _space(rows: Sequence[Row]) -> Callable[[Row], Box]:
    """How these rows' values are written as bit sets."""
    channels = sorted({channel for row in rows for channel in row.rule.when.channel})
    cuts = sorted({day for row in rows for day in (overlaps.valid(row)[0], overlaps.valid(row)[1] + 1)})

    def box(row: Row) -> Box:
        least, most = overlaps.returns(row)
        begins, ends = overlaps.valid(row)
        named = row.rule.when.channel
        lists = (_listed(getattr(row.rule.when, name), tuple(members)) for name, members in MEMBERS.items())
        return (
            _listed(named, channels)
            if named
            else (2 << len(channels)) - 1,  # the last: any that nobody names
            *lists,
            (2 << min(most, MANY)) - (1 << min(least, MANY)),
            overlaps.minutes(row),
            overlaps.days(row.season),
            sum(1 << place for place, cut in enumerate(cuts) if begins <= cut <= ends),
        )

    return box


def _listed(stated: Sequence[object], members: Sequence[object]) -> int:
    return sum(1 << place for place, one in enumerate(members) if not stated or one in stated)
