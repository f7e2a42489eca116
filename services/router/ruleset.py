"""The duty list compiled: from facts to the rule that decides, and what nearly did. Pure, total, swapped whole.

reference.py says what the answer is; specificity.py, which of two rules is the more specific. What is missing backs
off by itself: a category or area holds for everything below it, and a rule that names an area is passed over while
the area is unknown.

One pass finds the rules' words in the text (reading.py). The rules of the case's category are a book (book.py), bound
when it is first asked for: a few bit sets tell which of its rows lack a condition, and which lack more. The first that
lacks none decides (answers.py). Nothing of a case is remembered for the next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.contracts.city import Department
from services.router import answers, owners, specificity
from services.router import rules as duties
from services.router.facts import Facts, Found, Given, new
from services.router.moments import Moments
from services.router.owners import Units
from services.router.reading import Reader
from services.router.rules import Rules
from services.router.shelf import Shelf


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


def compiled(rules: Rules, departments: Iterable[Department] = ()) -> RuleSet:
    """`departments`: whose parents a case climbs to where it must not be pushed down."""
    rows = specificity.ordered(rules.rules)
    words = {word for row in rows for some in (row.any, row.all, row.none) for word in some}
    return RuleSet(
        Shelf(row for row in rows if not row.rule.then.decides),
        Shelf(row for row in rows if row.rule.then.decides),
        Reader(words), Moments(rows), owners.units(departments), duties.digest(rules), len(rules.rules),
        {rule.id: frozenset(rule.then.prohibited) for rule in rules.rules if rule.then.prohibited},
    )  # fmt: skip


def judge(rules: RuleSet, facts: Facts) -> Found:
    """The most specific rule that holds and may have its way, what matched and where, and what came near."""
    present = rules.reader.words(facts.text)
    given = new(Given, (facts.triage_class, facts.tags, facts.prohibited, ()))
    if not rules.classifying.empty:
        given = _given(rules, facts, given, present)
        if given.rules:
            facts = facts._replace(
                triage_class=given.triage_class, tags=given.tags, prohibited=given.prohibited
            )
    return answers.answer(rules.deciding, facts, rules.moments, present, given, rules.units)


def _given(rules: RuleSet, facts: Facts, before: Given, present: frozenset[str]) -> Given:
    """By every classifying rule that holds."""
    holding = answers.holding(rules.classifying, facts, rules.moments, present)
    held = {one.rule_id: one.rule.then for one in holding}
    if not held:
        return before
    classes = [then.triage_class for then in held.values() if then.triage_class is not None]
    return Given(
        classes[0] if classes else facts.triage_class,
        facts.tags.union(*(then.tags for then in held.values())),
        facts.prohibited.union(*(then.prohibited for then in held.values())),
        tuple(held),
    )
