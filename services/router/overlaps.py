"""How the conditions of two rules stand to each other: does one hold whenever the other does; may both hold at once."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from services.contracts import shifts
from services.contracts.plans import within
from services.router.conditions import Bounces, MonthDay
from services.router.specificity import FOR_EVER, Row

ALWAYS = (1 << shifts.WEEK) - 1
MANY = 10**6
# Conditions that list values of which a case has one, and those of which it may have several.
ONE_OF = ("channel", "channel_kind", "segment", "kind", "triage_class")
SOME_OF = ("tags", "returned_by")


def covers(wide: Row, narrow: Row) -> bool:
    """Whether `wide` holds for every case for which `narrow` does, as far as that can be proven."""
    return all(check(wide, narrow) for check in COVERS)


def covers_in_part(wide: Row, narrow: Row) -> bool:
    """As `covers`, but for what two rules can share out: channels, times and the like, and words that are excluded."""
    return (
        _covers_paths(wide.categories, narrow.categories)
        and _covers_paths(wide.areas, narrow.areas)
        and _covers_values(wide, narrow, SOME_OF)
        and _finds_all(wide, narrow)
    )


def may_meet(one: Row, other: Row) -> bool:
    """Whether there may be a case for which both hold."""
    return all(check(one, other) for check in MEETS)


def contradicts_itself(row: Row) -> bool:
    """Whether the words it looks for hold a word that it excludes."""
    return _excludes(row, row)


def _under(paths: Iterable[str], tops: Iterable[str]) -> bool:
    tops = tuple(tops)
    return all(any(within(path, top) for top in tops) for path in paths)


def _covers_paths(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    return not wide or (bool(narrow) and _under(narrow, wide))


def _covers_lists(wide: Row, narrow: Row) -> bool:
    return _covers_values(wide, narrow, (*ONE_OF, *SOME_OF))


def _covers_values(wide: Row, narrow: Row, names: Iterable[str]) -> bool:
    for name in names:
        stated, closer = getattr(wide.rule.when, name), getattr(narrow.rule.when, name)
        if stated and not (closer and set(closer) <= set(stated)):
            return False
    return True


def _covers_bounces(wide: Row, narrow: Row) -> bool:
    (least, most), (from_, to) = returns(wide), returns(narrow)
    return least <= from_ and to <= most


def _covers_time(wide: Row, narrow: Row) -> bool:
    other_minutes = minutes(narrow) & ~minutes(wide)
    other_days = days(narrow.season) & ~days(wide.season)
    (begins, ends), (from_, to) = valid(wide), valid(narrow)
    return not other_minutes and not other_days and begins <= from_ and to <= ends


def _covers_words(wide: Row, narrow: Row) -> bool:
    return _finds_all(wide, narrow) and not unexcluded(wide, narrow)


def _finds_all(wide: Row, narrow: Row) -> bool:
    """Whether what `wide` looks for is in every text for which `narrow` holds."""
    some = not wide.any or _finds_one(narrow, wide.any)
    every = all(_finds_one(narrow, (word,)) for word in wide.all)
    pattern, closer = set(wide.rule.when.pattern), set(narrow.rule.when.pattern)
    return some and every and (not pattern or (bool(closer) and closer <= pattern))


def unexcluded(wide: Row, narrow: Row) -> tuple[str, ...]:
    """Words that `wide` excludes and `narrow` does not."""
    return tuple(word for word in wide.none if not any(absent in word for absent in narrow.none))


def _finds_one(row: Row, words: Iterable[str]) -> bool:
    """Whether a text for which the row holds has one of the words for certain."""
    words = tuple(words)
    if any(word in held for held in row.all for word in words):
        return True
    return bool(row.any) and all(any(word in held for word in words) for held in row.any)


def _meet_paths(one: frozenset[str], other: frozenset[str]) -> bool:
    if not one or not other:
        return True
    return any(within(a, b) or within(b, a) for a in one for b in other)


def _meet_lists(one: Row, other: Row) -> bool:
    for name in ONE_OF:
        stated, also = getattr(one.rule.when, name), getattr(other.rule.when, name)
        if stated and also and set(stated).isdisjoint(also):
            return False
    return True


def _meet_time(one: Row, other: Row) -> bool:
    (begins, ends), (from_, to) = valid(one), valid(other)
    (least, most), (fewest, highest) = returns(one), returns(other)
    together = minutes(one) & minutes(other) and days(one.season) & days(other.season)
    return bool(together) and max(begins, from_) <= min(ends, to) and max(least, fewest) <= min(most, highest)


def _meet_words(one: Row, other: Row) -> bool:
    return not _excludes(one, other) and not _excludes(other, one)


def _excludes(row: Row, other: Row) -> bool:
    """Whether every text in which `row` finds its words has one that `other` excludes."""
    return bool(other.none) and _finds_one(row, other.none)


def minutes(row: Row) -> int:
    return ALWAYS if row.minutes is None else row.minutes


@lru_cache(maxsize=1000)
def days(season: tuple[MonthDay, MonthDay] | None) -> int:
    """The days of a year as a bit set, with room for 32 days a month."""
    year = [(month, day) for month in range(1, 13) for day in range(1, 32)]
    if season is None:
        return sum(1 << month * 32 + day for month, day in year)
    first, last = season
    inside = [one for one in year if (first <= one <= last if first <= last else one >= first or one <= last)]
    return sum(1 << month * 32 + day for month, day in inside)


def valid(row: Row) -> tuple[int, int]:
    return row.valid or (0, FOR_EVER)


def returns(row: Row) -> tuple[int, int]:
    stated = row.rule.when.bounces or Bounces()
    return stated.min, MANY if stated.max is None else stated.max


Check = Callable[[Row, Row], bool]
COVERS: tuple[Check, ...] = (
    lambda wide, narrow: _covers_paths(wide.categories, narrow.categories),
    lambda wide, narrow: _covers_paths(wide.areas, narrow.areas),
    _covers_words,
    _covers_lists,
    _covers_bounces,
    _covers_time,
)
MEETS: tuple[Check, ...] = (
    lambda one, other: _meet_paths(one.categories, other.categories),
    lambda one, other: _meet_paths(one.areas, other.areas),
    _meet_lists,
    _meet_words,
    _meet_time,
)
