"""What the rule that decides matched: of facts, as the case has it; of words and patterns, with where they stand."""

from collections.abc import Container
from typing import Any

from services.router import areas, patterns, reading
from services.router.book import Entry
from services.router.facts import Facts, Match, new


def matched(one: Entry, facts: Facts, present: frozenset[str]) -> tuple[Match, ...]:
    """What was stated of facts, then the words and patterns, with where they stand in this very text."""
    found = _of_facts(one, facts) if one.fixed is None else one.fixed
    if one.words:
        text = facts.text
        words = [word for word in one.words if word in present]
        found += tuple([new(Match, ("words", word, reading.spans(word, text))) for word in words])
    for pattern in one.pattern:
        if spans := patterns.spans(pattern, facts.text):
            found += (Match("pattern", pattern, spans),)
    return found


def _of_facts(one: Entry, facts: Facts) -> tuple[Match, ...]:
    """As the case has it; of category and area, as the rule names it."""
    told = (
        [new(Match, ("category", _at(facts.category, one.row.categories), ()))] if one.row.categories else []
    )
    for name, index, stated, keys in one.states:
        value = str(facts[index]) if keys is None else _told(name, facts[index], stated)
        told.append(new(Match, (name, value, ())))
    if one.row.minutes is not None:
        told.append(Match("time", str(one.rule.when.time)))
    if one.row.valid:
        told.append(Match("valid", one.rule.validity))
    return tuple(told)


def _told(condition: str, value: Any, stated: frozenset[object]) -> str:
    """Of a condition that several values may satisfy."""
    if condition == "area":
        return _at(value, stated)
    return str(value) if condition == "bounces" else ",".join(sorted(value & stated))


def _at(path: str | None, stated: Container[object]) -> str:
    """The one of these that is the path or above it: they are of one depth, so there is one."""
    return next(one for one in areas.above(path or "") if one in stated)
