"""Which rule decides, what it matched, and what came near."""

from collections.abc import Iterator, Sequence

from services.router import book, matching, owners, specificity
from services.router.book import Book, Entry, Lacks
from services.router.facts import Chosen, Facts, Found, Given, NearMiss, NoRule, new
from services.router.moments import Moments
from services.router.owners import Barred, Units
from services.router.shelf import NOWHERE, Shelf

MOST_BARRED = 3


def answer(
    shelf: Shelf, facts: Facts, moments: Moments, present: frozenset[str], given: Given, units: Units
) -> Found:
    """The first entry that holds and whose owner may have the case; with what came near."""
    here = shelf[facts.category]
    if not here.full and not (present and shelf.called(present)):
        return new(NoRule, ((), given))
    lacks = once, twice, _ = here.lacking(facts, shelf.ground[facts.area], moments, present)
    live = here.full ^ once
    if here.checked & ~twice or facts.returned_by or facts.prohibited:
        return _answer(here, lacks, shelf.called(present), facts, present, given, units)
    won = behind = None
    ahead = here.full
    if live:
        low = live & -live
        ahead, won = low - 1, here.entries[low.bit_length() - 1]
        behind = _behind(here, live ^ low, won)
    if present and (behind is None or shelf.earliest < behind.place):
        called = shelf.called(present)
        if called and (won is None or called[0].place < won.place):
            return _answer(here, lacks, called, facts, present, given, units)
        behind = _sooner(called, facts, present, behind)
    near = _nearest(here, lacks, ahead, facts, present)
    if won is None:
        return new(NoRule, (near, given))
    if behind is not None:
        near += (new(NearMiss, (behind.rule_id, specificity.less(won.weight, behind.weight), True)),)
    return new(Chosen, (won.rule, won.lead, matching.matched(won, facts, present), near, given))


def _behind(here: Book, live: int, won: Entry) -> Entry | None:
    """The first of these rows that is of another rule."""
    while live:
        low = live & -live
        one = here.entries[low.bit_length() - 1]
        if one.rule is not won.rule:
            return one
        live ^= low
    return None


def _sooner(
    called: Sequence[Entry], facts: Facts, present: frozenset[str], behind: Entry | None
) -> Entry | None:
    """One that words have called and that holds, where it comes before this one."""
    for one in called:
        if behind is not None and behind.place < one.place:
            break
        if not book.lacks(one, facts, present):
            return one
    return behind


def _nearest(
    here: Book, lacks: Lacks, ahead: int, facts: Facts, present: frozenset[str]
) -> tuple[NearMiss, ...]:
    """The first of the rows `ahead` that lacks one condition only and shares the matter (reference.py)."""
    found = _nearest_in_book(here, lacks, ahead, facts, present)
    return (new(NearMiss, (found[0].rule_id, found[1], False)),) if found else ()


def _nearest_in_book(
    here: Book, lacking: Lacks, ahead: int, facts: Facts, present: frozenset[str]
) -> tuple[Entry, str] | None:
    once, twice, afar = lacking
    candidates = (once ^ twice) & here.matter & ahead
    if here.checked:
        candidates |= ~once & here.checked & ahead
    while candidates:
        low = candidates & -candidates
        place = low.bit_length() - 1
        one = here.entries[place]
        if not one.checked and place not in here.kin:
            return one, "area" if low & afar else book.lacks(one, facts, present)[0]
        lacks = book.lacks(one, facts, present) + book.checks_lacking(one, facts, present)
        held = here.full ^ once
        alone = len(lacks) == 1 and _shares(one, lacks[0])
        if alone and not _held_otherwise(here, held, place, facts, present):
            return one, lacks[0]
        candidates ^= low
    return None


def _shares(one: Entry, lacking: str) -> bool:
    """Whether its category, or the words or pattern it looks for, are the case's, where it lacks this alone."""
    return bool(
        one.row.categories
        or (one.any and lacking != "words.any")
        or (one.all and lacking != "words.all")
        or (one.pattern and lacking != "pattern")
    )


def _held_otherwise(here: Book, live: int, place: int, facts: Facts, present: frozenset[str]) -> bool:
    """Whether the rule holds by another of its categories or areas."""
    others = here.kin.get(place, ())
    return any(live >> other & 1 and here.entries[other].passes(present, facts.text) for other in others)


Calls = list[tuple[Entry, list[str]]]
"""Entries that words have called, in order, with what each lacks."""


def _answer(
    here: Book, lacking: Lacks, called: Sequence[Entry], facts: Facts, present: frozenset[str], given: Given, units: Units,
) -> Found:  # fmt: skip
    """As `answer`, where more is to be looked at than bit sets."""
    calls = [(one, book.lacks(one, facts, present)) for one in called]
    holds = _holding(here, here.full ^ lacking[0], [one for one, lacks in calls if not lacks], facts, present)
    limited = bool(facts.returned_by or facts.prohibited)
    barred: list[NearMiss] = []
    for one in holds:
        owner = owners.of_rule(one.rule.then, facts, units) if limited else one.lead
        if not isinstance(owner, Barred):
            near = _nearest_of_all(here, lacking, calls, one, facts, present) + _runner_up(holds, one)
            matched = matching.matched(one, facts, present)
            return new(Chosen, (one.rule, owner, matched, (*barred[:MOST_BARRED], *near), given))
        miss = NearMiss(one.rule_id, owner.by, True)
        barred += [] if miss in barred else [miss]
    near = _nearest_of_all(here, lacking, calls, None, facts, present)
    return new(NoRule, ((*barred[:MOST_BARRED], *near), given))


def holding(shelf: Shelf, facts: Facts, moments: Moments, present: frozenset[str]) -> Iterator[Entry]:
    """Entries that hold, in order."""
    here = shelf[facts.category]
    once, _, _ = here.lacking(facts, shelf.ground[facts.area], moments, present)
    called = [one for one in shelf.called(present) if not book.lacks(one, facts, present)]
    return _holding(here, here.full ^ once, called, facts, present)


def _holding(
    here: Book, live: int, called: Sequence[Entry], facts: Facts, present: frozenset[str]
) -> Iterator[Entry]:
    """`called`: those that hold of the entries that words have called."""
    at = 0
    while live:
        low = live & -live
        one = here.entries[low.bit_length() - 1]
        while at < len(called) and called[at].place < one.place:
            yield called[at]
            at += 1
        if not one.checked or one.passes(present, facts.text):
            yield one
        live ^= low
    yield from called[at:]


def _runner_up(behind: Iterator[Entry], won: Entry) -> tuple[NearMiss, ...]:
    """The next that holds and is of another rule."""
    for one in behind:
        if one.rule is not won.rule:
            return (new(NearMiss, (one.rule_id, specificity.less(won.weight, one.weight), True)),)
    return ()


def _nearest_of_all(
    here: Book, lacking: Lacks, calls: Calls, won: Entry | None, facts: Facts, present: frozenset[str]
) -> tuple[NearMiss, ...]:
    """As `_nearest`, of those that words have called too."""
    ahead = here.full if won is None else here.ahead_of(won)
    found = _nearest_in_book(here, lacking, ahead, facts, present)
    last = found[0].place if found else NOWHERE if won is None else won.place
    for one, lacks in calls:
        if one.place > last:
            break
        if len(lacks) == 1 and not any(other.rule is one.rule and not missed for other, missed in calls):
            found = one, lacks[0]
            break
    return (new(NearMiss, (found[0].rule_id, found[1], False)),) if found else ()
