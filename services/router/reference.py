"""The law of the duty list, to be read: what ruleset.py must answer, without an index, a memo or a bit set.

Every rule is looked at, in the order of specificity.py; tests compare the two over random rules and cases. A condition
that is not stated holds. The order in which CONDITIONS stand is the order in which they are told of.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import NamedTuple

from services.contracts import plans, shifts, spelling
from services.contracts.city import Department
from services.router import conditions, owners, patterns, reading, specificity
from services.router.conditions import WEEKDAYS
from services.router.facts import Chosen, Facts, Found, Given, Match, NearMiss, NoRule
from services.router.owners import Barred, Units
from services.router.rules import Rule
from services.router.specificity import Rank

MOST_BARRED = 3


class Claim(NamedTuple):
    """A rule with its categories of one depth and its areas of one depth."""

    rank: Rank
    place: int
    rule: Rule
    categories: tuple[str, ...]
    areas: tuple[str, ...]


class Law(NamedTuple):
    """The most specific claim first."""

    classifying: tuple[Claim, ...]
    deciding: tuple[Claim, ...]
    units: Units


def law(rules: Iterable[Rule], departments: Iterable[Department] = ()) -> Law:
    claims = sorted(_claims(rules), key=lambda claim: ([-count for count in claim.rank], claim.place))
    classifying = tuple(claim for claim in claims if not claim.rule.then.decides)
    deciding = tuple(claim for claim in claims if claim.rule.then.decides)
    return Law(classifying, deciding, owners.units(departments))


def judge(law: Law, facts: Facts) -> Found:
    """Whose the case is, by the most specific rule that holds and may have its way; and what came near."""
    given = _given(law.classifying, facts)
    facts = facts._replace(triage_class=given.triage_class, tags=given.tags, prohibited=given.prohibited)
    return _decided(law.deciding, facts, given, law.units)


def _claims(rules: Iterable[Rule]) -> Iterable[Claim]:
    for place, rule in enumerate(rules):
        for categories, areas in product(_levels(rule.when.category), _levels(rule.when.area)):
            depths = [specificity.depth(some[0]) if some else 0 for some in (categories, areas)]
            yield Claim(specificity.rank(rule, *depths), place, rule, categories, areas)


def _levels(paths: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The paths by depth."""
    depths = sorted({specificity.depth(path) for path in paths})
    return [tuple(path for path in paths if specificity.depth(path) == one) for one in depths] or [()]


def _given(claims: Sequence[Claim], facts: Facts) -> Given:
    """Every rule that holds gives its tags and prohibitions; the most specific that gives a class gives the class."""
    held: list[Rule] = []
    for claim in claims:
        if claim.rule not in held and not lacking(claim, facts):
            held.append(claim.rule)
    classes = [rule.then.triage_class for rule in held if rule.then.triage_class is not None]
    return Given(
        classes[0] if classes else facts.triage_class,
        facts.tags.union(*(rule.then.tags for rule in held)),
        facts.prohibited.union(*(rule.then.prohibited for rule in held)),
        tuple(rule.id for rule in held),
    )


def _decided(claims: Sequence[Claim], facts: Facts, given: Given, units: Units) -> Found:
    lacks = [lacking(claim, facts) for claim in claims]
    holding = [number for number, lack in enumerate(lacks) if not lack]
    barred: list[NearMiss] = []
    winner = None
    for number in holding:
        owner = owners.of_rule(claims[number].rule.then, facts, units)
        if not isinstance(owner, Barred):
            winner = number
            break
        miss = NearMiss(claims[number].rule.id, owner.by, True)
        barred += [] if miss in barred else [miss]
    near = _nearest(claims, lacks, holding, len(claims) if winner is None else winner)
    if winner is None:
        return NoRule((*barred[:MOST_BARRED], *near), given)
    won = claims[winner]
    near = (*barred[:MOST_BARRED], *near, *_runner_up(claims, holding, winner))
    assert not isinstance(owner, Barred)
    return Chosen(won.rule, owner, matched(won, facts), near, given)


def _nearest(
    claims: Sequence[Claim], lacks: Sequence[Sequence[str]], holding: Sequence[int], before: int
) -> tuple[NearMiss, ...]:
    """The first rule ahead of the winner that lacks one condition only, and whose matter is the case's.

    Its matter: its category, or the words and patterns it looks for. A rule on another category is no near miss, nor
    is one that holds by another of its categories or areas.
    """
    held = {claims[number].rule.id for number in holding}
    for claim, lack in list(zip(claims, lacks, strict=True))[:before]:
        alone = len(lack) == 1 and lack[0] != "category" and claim.rule.id not in held
        if alone and _matters(claim) - set(lack):
            return (NearMiss(claim.rule.id, lack[0]),)
    return ()


def _matters(claim: Claim) -> set[str]:
    words = claim.rule.when.words
    stated = {
        "category": claim.categories, "words.any": words and words.any, "words.all": words and words.all,
        "pattern": claim.rule.when.pattern,
    }  # fmt: skip
    return {name for name, values in stated.items() if values}


def _runner_up(claims: Sequence[Claim], holding: Sequence[int], winner: int) -> tuple[NearMiss, ...]:
    """The next rule that holds too, and on which line of the order it is less specific."""
    won = claims[winner]
    for number in holding:
        if number > winner and claims[number].rule is not won.rule:
            less = specificity.line_between(won.rank, claims[number].rank)
            return (NearMiss(claims[number].rule.id, less, True),)
    return ()


def lacking(claim: Claim, facts: Facts) -> tuple[str, ...]:
    """The conditions that are stated and do not hold."""
    return tuple(name for name, holds in CONDITIONS if not holds(claim, facts))


def _category(claim: Claim, facts: Facts) -> bool:
    return not claim.categories or any(plans.within(facts.category, path) for path in claim.categories)


def _area(claim: Claim, facts: Facts) -> bool:
    return not claim.areas or any(plans.within(facts.area, path) for path in claim.areas)


def _bounces(claim: Claim, facts: Facts) -> bool:
    stated = claim.rule.when.bounces
    return stated is None or stated.min <= facts.bounces <= (
        facts.bounces if stated.max is None else stated.max
    )


def _time(claim: Claim, facts: Facts) -> bool:
    time, local = claim.rule.when.time, facts.local
    if time is None:
        return True
    if time.season is not None and not in_season(time.season, (local.month, local.day)):
        return False
    days = shifts.DAYS[time.days] if isinstance(time.days, str) else list(map(WEEKDAYS.index, time.days))
    begin, end = shifts.read_hours(time.hours)
    minute, today = local.hour * 60 + local.minute, local.weekday()
    if begin < end:
        return today in days and begin <= minute < end
    return (today in days and minute >= begin) or ((today - 1) % 7 in days and minute < end)


def in_season(season: str, day: conditions.MonthDay) -> bool:
    first, last = conditions.read_season(season)
    return first <= day <= last if first <= last else day >= first or day <= last


def _valid(claim: Claim, facts: Facts) -> bool:
    rule, day = claim.rule, facts.local.date()
    return (rule.valid_from or day) <= day <= (rule.valid_to or day)


def _words(claim: Claim, kind: str) -> list[str]:
    words = claim.rule.when.words
    return [spelling.folded(word) for word in getattr(words, kind)] if words else []


def _any(claim: Claim, facts: Facts) -> bool:
    words = _words(claim, "any")
    return not words or any(word in facts.text for word in words)


def _all(claim: Claim, facts: Facts) -> bool:
    return all(word in facts.text for word in _words(claim, "all"))


def _none(claim: Claim, facts: Facts) -> bool:
    return not any(word in facts.text for word in _words(claim, "none"))


def _pattern(claim: Claim, facts: Facts) -> bool:
    stated = claim.rule.when.pattern
    return not stated or any(patterns.spans(one, facts.text) for one in stated)


def _one_of(condition: str, fact: str) -> Callable[[Claim, Facts], bool]:
    def holds(claim: Claim, facts: Facts) -> bool:
        stated = getattr(claim.rule.when, condition)
        return not stated or getattr(facts, fact) in stated

    return holds


def _some_of(condition: str) -> Callable[[Claim, Facts], bool]:
    def holds(claim: Claim, facts: Facts) -> bool:
        stated = getattr(claim.rule.when, condition)
        return not stated or not getattr(facts, condition).isdisjoint(stated)

    return holds


CONDITIONS: tuple[tuple[str, Callable[[Claim, Facts], bool]], ...] = (
    ("category", _category),
    ("area", _area),
    ("channel", _one_of("channel", "channel")),
    ("channel_kind", _one_of("channel_kind", "channel_kind")),
    ("segment", _one_of("segment", "segment")),
    ("kind", _one_of("kind", "kind")),
    ("class", _one_of("triage_class", "triage_class")),
    ("tags", _some_of("tags")),
    ("returned_by", _some_of("returned_by")),
    ("bounces", _bounces),
    ("time", _time),
    ("valid", _valid),
    ("words.any", _any),
    ("words.all", _all),
    ("words.none", _none),
    ("pattern", _pattern),
)


def matched(claim: Claim, facts: Facts) -> tuple[Match, ...]:
    """What was stated and held, with the words' positions; that words are absent is not told."""
    when = claim.rule.when
    told = [
        Match(
            "category", next((path for path in claim.categories if plans.within(facts.category, path)), "")
        ),
        Match("area", next((path for path in claim.areas if plans.within(facts.area, path)), "")),
        Match("channel", facts.channel if when.channel else ""),
        Match("channel_kind", facts.channel_kind if when.channel_kind else ""),
        Match("segment", facts.segment if when.segment else ""),
        Match("kind", facts.kind if when.kind else ""),
        Match("class", facts.triage_class if when.triage_class else ""),
        Match("tags", ",".join(sorted(facts.tags.intersection(when.tags)))),
        Match("returned_by", ",".join(sorted(facts.returned_by.intersection(when.returned_by)))),
        Match("bounces", str(facts.bounces) if when.bounces else ""),
        Match("time", str(when.time or "")),
        Match("valid", claim.rule.validity),
    ]
    words = [Match("words", word, reading.spans(word, facts.text)) for word in _found(claim, facts)]
    found = [
        Match("pattern", one, spans) for one in when.pattern if (spans := patterns.spans(one, facts.text))
    ]
    return (*(one for one in told if one.value), *words, *found)


def _found(claim: Claim, facts: Facts) -> list[str]:
    """Words looked for and found, each once."""
    words = [*_words(claim, "any"), *_words(claim, "all")]
    return list(dict.fromkeys(word for word in words if word in facts.text))
