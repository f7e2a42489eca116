"""Which rule decides, and what came near: an answer for all cases that stand alike to the rules of a book."""

from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from services.router import book, owners, specificity
from services.router.book import Book, Called, Entry, Profile, Words
from services.router.facts import Facts, NearMiss
from services.router.owners import Barred, Units

MOST_BARRED = 3
PLACE = attrgetter("place")


class Answer(NamedTuple):
    """`entry` None: no rule decides."""

    entry: Entry | None
    owner: str | None
    near: tuple[NearMiss, ...]


class Case(NamedTuple):
    """How a case stands: to the book by facts and by words, and which other entries its words have called."""

    book: Book
    profile: Profile
    words: Words
    called: tuple[Called, ...]
    facts: Facts
    present: frozenset[str]

    @property
    def live(self) -> int:
        """Rows of the book that hold, but for `all` words and patterns."""
        opened, shut = self.words
        return self.profile.holding & opened & ~shut if shut else self.profile.holding & opened

    def holds(self, one: Entry) -> bool:
        return not one.checked or one.passes(self.present, self.facts.text)


def answer(case: Case, units: Units) -> Answer:
    """The first entry that holds and whose owner may have the case; with what came near."""
    if case.called or case.book.checked or case.facts.returned_by or case.facts.prohibited:
        return _answer(case, units)
    live, entries = case.live, case.book.entries
    if not live:
        return Answer(None, None, _nearest(case, None))
    low = live & -live
    won = entries[low.bit_length() - 1]
    near = _nearest(case, won)
    behind = live ^ low
    while behind:  # what `_runner_up` does, without iterators
        low = behind & -behind
        one = entries[low.bit_length() - 1]
        if one.rule is not won.rule:
            near = (*near, NearMiss(one.rule_id, specificity.line_between(won.row.rank, one.row.rank), True))
            break
        behind ^= low
    return Answer(won, won.lead, near)


def _answer(case: Case, units: Units) -> Answer:
    """As `answer`, where more is to be looked at than bit sets."""
    holds = holding(case)
    barred: list[NearMiss] = []
    for one in holds:
        owner = owners.of_rule(one.rule.then, case.facts, units)
        if not isinstance(owner, Barred):
            near = (*barred[:MOST_BARRED], *_nearest(case, one), *_runner_up(holds, one))
            return Answer(one, owner.unit, near)
        miss = NearMiss(one.rule_id, owner.by, True)
        barred += [] if miss in barred else [miss]
    return Answer(None, None, (*barred[:MOST_BARRED], *_nearest(case, None)))


def holding(case: Case) -> Iterator[Entry]:
    """Entries that hold, in order."""
    entries = case.book.entries
    mine = (one for place in book.places(case.live) if case.holds(one := entries[place]))
    if not case.called:
        return mine
    return merge(mine, [one.entry for one in case.called if one.lacking is None], key=PLACE)


def _runner_up(behind: Iterator[Entry], won: Entry) -> tuple[NearMiss, ...]:
    """The next that holds and is of another rule."""
    for one in behind:
        if one.rule is not won.rule:
            return (NearMiss(one.rule_id, specificity.line_between(won.row.rank, one.row.rank), True),)
    return ()


def _nearest(case: Case, won: Entry | None) -> tuple[NearMiss, ...]:
    """The first ahead of the winner that lacks one condition only and shares the matter (reference.py)."""
    found = _nearest_in_book(case, won)
    if case.called:
        held = {one.entry.rule_id for one in case.called if one.lacking is None}
        for one in case.called:
            if one.lacking is not None and one.entry.rule_id not in held:
                ahead = found is None or one.entry.place < found[0].place
                if ahead and (won is None or one.entry.place < won.place):
                    found = one.entry, one.lacking
                break
    return (NearMiss(found[0].rule_id, found[1]),) if found else ()


def _nearest_in_book(case: Case, won: Entry | None) -> tuple[Entry, str] | None:
    here, (opened, shut) = case.book, case.words
    ahead = here.full if won is None else here.ahead_of(won)
    holding, short = case.profile.holding & ahead, case.profile.short & ahead
    candidates = short & opened & here.matter | holding & ~opened & here.unopened
    if here.checked:
        candidates |= holding & opened & here.checked
    if shut:
        candidates = candidates & ~shut | holding & opened & shut & here.matter
    for place in book.places(candidates):
        one = here.entries[place]
        lacks = book.words_lacking(one, case.present, case.facts.text)
        if short >> place & 1:
            lacks.append(case.profile.lacking(place))
        if len(lacks) == 1 and one.shares(lacks[0]) and not _held_otherwise(case, place):
            return one, lacks[0]
    return None


def _held_otherwise(case: Case, place: int) -> bool:
    """Whether the rule holds by another of its categories or areas."""
    live = case.live
    return any(
        live >> other & 1 and case.holds(case.book.entries[other]) for other in case.book.kin.get(place, ())
    )
