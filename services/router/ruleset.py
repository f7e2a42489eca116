"""The duty list compiled: from facts to the rule that decides, and what nearly did. Pure, total, swapped whole.

reference.py says what the answer is; specificity.py, which of two rules is the more specific. What is missing backs
off by itself: a category or area holds for everything below it, and a rule that names an area is passed over while
the area is unknown.

One pass finds the rules' words in the text (reading.py). The rules of the case's category are a book (book.py), bound
when it is first asked for. An answer is a function of the facts up to `prohibited`, the moment, and the words found: it
is remembered, so that cases alike in these cost no more than saying where the words stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from services.contracts.city import Department
from services.router import areas, book, owners, patterns, reading, specificity
from services.router import rules as duties
from services.router.book import Book, Mask
from services.router.facts import Chosen, Facts, Found, Given, Match, NearMiss, NoRule
from services.router.moments import Moment, Moments
from services.router.owners import Barred, Units
from services.router.reading import Reader
from services.router.rules import Rules
from services.router.specificity import Row

BOOKS = 5_000
ANSWERS = 16_384
MOST_BARRED = 3


class Shelf:
    """Rows by category, bound into books on demand; categories that no rule tells apart share one."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._silent: list[tuple[int, Row]] = []
        self._named: dict[str, list[tuple[int, Row]]] = {}
        self._bound: dict[tuple[str, ...], Book] = {}
        self._books: dict[str | None, Book] = {}
        for place, row in enumerate(rows):
            if not row.categories:
                self._silent.append((place, row))
            for path in row.categories:
                self._named.setdefault(path, []).append((place, row))

    def book(self, category: str | None) -> Book:
        if (known := self._books.get(category)) is not None:
            return known
        named = tuple(path for path in (areas.above(category) if category else ()) if path in self._named)
        if len(self._books) >= BOOKS:
            self._books.clear()
        if named not in self._bound:
            self._bound[named] = self._bind(named)
        made = self._books[category] = self._bound[named]
        return made

    def _bind(self, named: tuple[str, ...]) -> Book:
        rows = [*self._silent, *(one for path in named for one in self._named[path])]
        rows.sort(key=lambda one: one[0])
        return book.bound([row for _, row in rows])


class Answer(NamedTuple):
    """What is remembered: the verdict, and the row if where its words stand is still to be told."""

    found: Found
    row: Row | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`digest`: sha256 of what the rules say, whatever comments and layout the file has. `answers`: how many are kept."""

    classifying: Shelf
    deciding: Shelf
    reader: Reader
    moments: Moments
    units: Units
    digest: str
    size: int
    answers: int
    known: dict[tuple[object, Moment, frozenset[str]], Answer] = field(default_factory=dict, repr=False)


def compiled(rules: Rules, departments: Iterable[Department] = (), answers: int = ANSWERS) -> RuleSet:
    """`departments`: whose parents a case climbs to where it must not be pushed down."""
    rows = specificity.ordered(rules.rules)
    words = {word for row in rows for some in (row.any, row.all, row.none) for word in some}
    return RuleSet(
        Shelf(row for row in rows if not row.rule.then.decides),
        Shelf(row for row in rows if row.rule.then.decides),
        Reader(words), Moments(rows), owners.units(departments), duties.digest(rules), len(rules.rules), answers,
    )  # fmt: skip


def judge(rules: RuleSet, facts: Facts) -> Found:
    """The most specific rule that holds and may have its way, what matched and where, and what came near."""
    present = rules.reader.words(facts.text)
    moment = rules.moments.of(facts.local)
    key = (facts[2:], moment, present)
    answer = rules.known.get(key)
    if answer is None:
        answer, lasting = _answer(rules, facts, moment, present)
        if lasting and rules.answers:
            if len(rules.known) >= rules.answers:
                rules.known.clear()
            rules.known[key] = answer
    if answer.row is None:
        return answer.found
    return _located(answer, answer.row, facts.text)


def _located(answer: Answer, row: Row, text: str) -> Found:
    """With the places of the words and patterns in this very text."""
    found = answer.found
    assert isinstance(found, Chosen)
    words = [Match("words", word, reading.spans(word, text)) for word in answer.words]
    for one in row.rule.when.pattern:
        if spans := patterns.spans(one, text):
            words.append(Match("pattern", one, spans))
    return Chosen(found.rule, found.owner, (*found.matched, *words), found.near, found.given)


def _answer(rules: RuleSet, facts: Facts, moment: Moment, present: frozenset[str]) -> tuple[Answer, bool]:
    """The answer, and whether it is that of every case with the same key: no pattern was asked."""
    given, lasting = _given(rules.classifying.book(facts.category), facts, moment, present)
    if given.rules:
        facts = facts._replace(triage_class=given.triage_class, tags=given.tags, prohibited=given.prohibited)
    deciding = rules.deciding.book(facts.category)
    mask = book.weigh(deciding, facts, moment, present)
    lasting = lasting and not (mask.holding | mask.one_short) & deciding.patterned
    return _decided(deciding, mask, facts, moment, present, given, rules.units), lasting


def _given(classifying: Book, facts: Facts, moment: Moment, present: frozenset[str]) -> tuple[Given, bool]:
    if not classifying.rows:
        return Given(facts.triage_class, facts.tags, facts.prohibited, ()), True
    mask = book.weigh(classifying, facts, moment, present)
    rows = [
        classifying.rows[place]
        for place in book.places(mask.live)
        if book.passes(classifying, place, present, facts.text)
    ]
    held = list({row.rule.id: row.rule for row in rows}.values())
    classes = [rule.then.triage_class for rule in held if rule.then.triage_class is not None]
    given = Given(
        classes[0] if classes else facts.triage_class,
        facts.tags.union(*(rule.then.tags for rule in held)),
        facts.prohibited.union(*(rule.then.prohibited for rule in held)),
        tuple(rule.id for rule in held),
    )
    return given, not mask.holding & classifying.patterned


def _decided(
    deciding: Book,
    mask: Mask,
    facts: Facts,
    moment: Moment,
    present: frozenset[str],
    given: Given,
    units: Units,
) -> Answer:
    free = not (facts.returned_by or facts.prohibited)
    barred: list[NearMiss] = []
    for place in book.places(mask.live):
        if not book.passes(deciding, place, present, facts.text):
            continue
        row = deciding.rows[place]
        then = row.rule.then
        owner = owners.Given(then.lead) if free else owners.of_rule(then, facts, units)
        if not isinstance(owner, Barred):
            near = (
                *barred[:MOST_BARRED], *_nearest(deciding, mask, (1 << place) - 1, facts, moment, present),
                *_runner_up(deciding, mask, place, facts, present),
            )  # fmt: skip
            words = tuple(dict.fromkeys(word for word in (*row.any, *row.all) if word in present))
            told = Chosen(row.rule, owner.unit, _matched(row, facts), near, given)
            return Answer(told, row if words or row.rule.when.pattern else None, words)
        miss = NearMiss(row.rule.id, owner.by, True)
        barred += [] if miss in barred else [miss]
    nearest = _nearest(deciding, mask, deciding.full, facts, moment, present)
    return Answer(NoRule((*barred[:MOST_BARRED], *nearest), given), None, ())


def _nearest(
    deciding: Book, mask: Mask, ahead: int, facts: Facts, moment: Moment, present: frozenset[str]
) -> tuple[NearMiss, ...]:
    """Of the rows `ahead`, the first that lacks one condition only and shares the matter (reference.py)."""
    holding, short, opened, shut = mask
    matter = deciding.named | deciding.positive
    candidates = (
        short & opened & ~shut & matter
        | holding & opened & shut & matter
        | holding & opened & ~shut & deciding.checked
        | holding & ~opened & ~shut & (deciding.named | deciding.checked)
    )
    for place in book.places(candidates & ahead):
        lacks = book.words_lacking(deciding.rows[place], present, facts.text)
        if short >> place & 1:
            lacks.append(book.lacking(deciding, place, facts, moment))
        if len(lacks) == 1 and _shares(deciding.rows[place], lacks[0]):
            kin = deciding.kin.get(place, ())
            if not any(
                mask.live >> one & 1 and book.passes(deciding, one, present, facts.text) for one in kin
            ):
                return (NearMiss(deciding.rows[place].rule.id, lacks[0]),)
    return ()


def _shares(row: Row, lacking: str) -> bool:
    """Whether its category, or the words or pattern it looks for, are the case's."""
    return bool(
        row.categories
        or (row.any and lacking != "words.any")
        or (row.all and lacking != "words.all")
        or (row.rule.when.pattern and lacking != "pattern")
    )


def _runner_up(
    deciding: Book, mask: Mask, winner: int, facts: Facts, present: frozenset[str]
) -> tuple[NearMiss, ...]:
    won = deciding.rows[winner]
    for more in book.places(mask.live >> winner + 1):
        row = deciding.rows[winner + 1 + more]
        if row.rule is not won.rule and book.passes(deciding, winner + 1 + more, present, facts.text):
            return (NearMiss(row.rule.id, specificity.line_between(won.rank, row.rank), True),)
    return ()


def _matched(row: Row, facts: Facts) -> tuple[Match, ...]:
    """What was stated of facts, as the case has it; of category and area, as the rule names it."""
    when = row.rule.when
    told = [
        ("category", row.categories and _at(facts.category, row.categories)),
        ("area", row.areas and _at(facts.area, row.areas)),
        ("channel", when.channel and facts.channel),
        ("channel_kind", when.channel_kind and str(facts.channel_kind)),
        ("segment", when.segment and str(facts.segment)),
        ("kind", when.kind and str(facts.kind)),
        ("class", when.triage_class and str(facts.triage_class)),
        ("tags", when.tags and ",".join(sorted(facts.tags.intersection(when.tags)))),
        (
            "returned_by",
            when.returned_by and ",".join(sorted(facts.returned_by.intersection(when.returned_by))),
        ),
        ("bounces", when.bounces and str(facts.bounces)),
        ("time", when.time and str(when.time)),
        ("valid", row.valid and row.rule.validity),
    ]
    return tuple(Match(condition, str(value)) for condition, value in told if value)


def _at(path: str | None, stated: frozenset[str]) -> str:
    """The one of these that is the path or above it: they are of one depth, so there is one."""
    return next(one for one in areas.above(path or "") if one in stated)
