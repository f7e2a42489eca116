"""The duty list compiled: from facts to the rule that decides, and what nearly did. Pure, total, swapped whole.

reference.py says what the answer is; specificity.py, which of two rules is the more specific. What is missing backs
off by itself: a category or area holds for everything below it, and a rule that names an area is passed over while
the area is unknown.

One pass finds the rules' words in the text (reading.py). The rules of the case's category are a book (book.py), bound
when it is first asked for. Which rule decides follows from how the case stands to the rows of its book and from the
rows that its words open: cases alike in these are answered once, and each is then told where its own words stand.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.contracts.city import Department
from services.router import answers, areas, book, owners, patterns, reading, specificity
from services.router import rules as duties
from services.router.answers import Answer, Case
from services.router.book import Called, Entry, Profile
from services.router.dimensions import CONDITIONS
from services.router.facts import Chosen, Facts, Found, Given, Match, NoRule
from services.router.moments import Moment, Moments
from services.router.owners import Units
from services.router.reading import Reader
from services.router.rules import Rule, Rules
from services.router.shelf import Shelf

ANSWERS = 64  # for each profile


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`digest`: sha256 of what the rules say, whatever comments and layout the file has.

    `prohibiting`: to whom a matter must not be pushed down, by the rule that says so.
    """

    classifying: Shelf
    deciding: Shelf
    reader: Reader
    moments: Moments
    units: Units
    digest: str
    size: int
    prohibiting: Mapping[str, frozenset[str]]


def compiled(rules: Rules, departments: Iterable[Department] = (), keep: int = book.PROFILES) -> RuleSet:
    """`departments`: whose parents a case climbs to where it must not be pushed down. `keep`: profiles for each book."""
    rows = specificity.ordered(rules.rules)
    words = {word for row in rows for some in (row.any, row.all, row.none) for word in some}
    return RuleSet(
        Shelf((row for row in rows if not row.rule.then.decides), keep),
        Shelf((row for row in rows if row.rule.then.decides), keep),
        Reader(words), Moments(rows), owners.units(departments), duties.digest(rules), len(rules.rules),
        {rule.id: frozenset(rule.then.prohibited) for rule in rules.rules if rule.then.prohibited},
    )  # fmt: skip


def judge(rules: RuleSet, facts: Facts) -> Found:
    """The most specific rule that holds and may have its way, what matched and where, and what came near."""
    present = rules.reader.words(facts.text)
    moment = rules.moments.of(facts.local)
    given = _given(rules.classifying, facts, moment, present)
    if given.rules:
        facts = facts._replace(triage_class=given.triage_class, tags=given.tags, prohibited=given.prohibited)
    found = _found(rules.deciding, facts, moment, present, rules.units)
    one = found.entry
    if one is None:
        return NoRule(found.near, given)
    return Chosen(one.rule, found.owner, _matched(one, facts, present), found.near, given)


def _found(shelf: Shelf, facts: Facts, moment: Moment, present: frozenset[str], units: Units) -> Answer:
    """Remembered, unless it depends on who may have this case or on more of its text than words."""
    deciding = shelf.book(facts.category)
    profile = deciding.profile(facts, moment)
    words, called = (deciding.wordless, 0), tuple[Called, ...]()
    if present:
        words, called = deciding.open_and_shut(present), shelf.called(facts, present)
    if not profile.by_words or facts.returned_by or facts.prohibited:
        return answers.answer(Case(deciding, profile, words, called, facts, present), units)
    known: Answer | None = profile.answers.get((words, called))
    if known is None:
        known = answers.answer(Case(deciding, profile, words, called, facts, present), units)
        _keep(profile, (words, called), known)
    return known


def _keep(profile: Profile, words: object, answer: object) -> None:
    if len(profile.answers) >= ANSWERS:
        profile.answers.clear()
    profile.answers[words] = answer


def _given(classifying: Shelf, facts: Facts, moment: Moment, present: frozenset[str]) -> Given:
    held = () if classifying.empty else _holding(classifying, facts, moment, present)
    if not held:
        return Given(facts.triage_class, facts.tags, facts.prohibited, ())
    classes = [rule.then.triage_class for rule in held if rule.then.triage_class is not None]
    return Given(
        classes[0] if classes else facts.triage_class,
        facts.tags.union(*(rule.then.tags for rule in held)),
        facts.prohibited.union(*(rule.then.prohibited for rule in held)),
        tuple(rule.id for rule in held),
    )


def _holding(shelf: Shelf, facts: Facts, moment: Moment, present: frozenset[str]) -> tuple[Rule, ...]:
    """Every rule that holds, the most specific first."""
    classifying = shelf.book(facts.category)
    profile = classifying.profile(facts, moment)
    words, called = classifying.open_and_shut(present), shelf.called(facts, present)
    held: tuple[Rule, ...] | None = profile.answers.get((words, called))
    if held is None:
        case = Case(classifying, profile, words, called, facts, present)
        held = tuple({one.rule.id: one.rule for one in answers.holding(case)}.values())
        if profile.by_words:
            _keep(profile, (words, called), held)
    return held


def _matched(one: Entry, facts: Facts, present: frozenset[str]) -> tuple[Match, ...]:
    """What was stated of facts, then the words and patterns, with where they stand in this very text."""
    matched = _of_facts(one, facts) if one.fixed is None else one.fixed
    if one.any or one.all:
        words = dict.fromkeys([word for word in one.any + one.all if word in present])
        matched += tuple([Match("words", word, reading.spans(word, facts.text)) for word in words])
    for pattern in one.pattern:
        if spans := patterns.spans(pattern, facts.text):
            matched += (Match("pattern", pattern, spans),)
    return matched


def _of_facts(one: Entry, facts: Facts) -> tuple[Match, ...]:
    """As the case has it; of category and area, as the rule names it."""
    told = [("category", _at(facts.category, one.row.categories))] if one.row.categories else []
    for index, values in one.states:
        condition = CONDITIONS[index]
        told.append((condition.name, _told(condition.name, facts[condition.index], values, facts)))
    if one.row.minutes is not None:
        told.append(("time", str(one.rule.when.time)))
    if one.row.valid:
        told.append(("valid", one.rule.validity))
    return tuple([Match(condition, value) for condition, value in told])


def _told(condition: str, value: Any, stated: tuple[object, ...], facts: Facts) -> str:
    if condition == "area":
        return _at(facts.area, stated)
    if isinstance(value, frozenset):
        return ",".join(sorted(value.intersection(stated)))
    return str(value)


def _at(path: str | None, stated: Container[object]) -> str:
    """The one of these that is the path or above it: they are of one depth, so there is one."""
    return next(one for one in areas.above(path or "") if one in stated)
