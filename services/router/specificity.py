"""Which rule is the more specific: one total order over the rules, in the rules alone, the same every time.

Line by line, the first on which two differ decides; the higher number comes first. What is left equal is decided by
the place in the file, and `rules check` calls it a tie.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from services.contracts import spelling
from services.contracts.values import TriageClass
from services.router import conditions
from services.router.conditions import MonthDay, When
from services.router.rules import Rule

FILE_ORDER = "file"
Rank = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One rule with its categories of one depth and its areas of one depth, so that it has one place in the order.

    `place`: the rule's index in the file. Words are folded; `minutes` of the week, `season` and days of validity
    (ordinals) are None where the rule does not state them. `weight`: the rank as one number.
    """

    rule: Rule
    place: int
    categories: frozenset[str]
    areas: frozenset[str]
    any: tuple[str, ...]
    all: tuple[str, ...]
    none: tuple[str, ...]
    minutes: int | None
    season: tuple[MonthDay, MonthDay] | None
    valid: tuple[int, int] | None
    rank: Rank
    weight: int


Line = tuple[str, Callable[[Rule, When, int, int], int]]
# name · what it counts: rule, its conditions, depth of the category and of the area (0: not stated)
LINES: tuple[Line, ...] = (
    ("emergency",    lambda rule, when, category, area: rule.then.emergency is not None),           # it cannot wait
    ("bounces",      lambda rule, when, category, area: bool(when.bounces or when.returned_by)),    # it knows of returns
    ("danger",       lambda rule, when, category, area: rule.then.decides and rule.then.triage_class is TriageClass.SPECIAL),
    ("category",     lambda rule, when, category, area: category),                                  # the deeper
    ("area",         lambda rule, when, category, area: area),                                      # the deeper
    ("words",        lambda rule, when, category, area: words_stated(when)),     # of any, all, none and pattern: how many
    ("channel",      lambda rule, when, category, area: bool(when.channel)),
    ("channel_kind", lambda rule, when, category, area: bool(when.channel_kind)),
    ("tags",         lambda rule, when, category, area: bool(when.tags)),
    ("segment",      lambda rule, when, category, area: bool(when.segment)),
    ("kind",         lambda rule, when, category, area: bool(when.kind)),
    ("class",        lambda rule, when, category, area: bool(when.triage_class)),
    ("time",         lambda rule, when, category, area: when.time is not None),
    ("valid",        lambda rule, when, category, area: bool(rule.valid_from or rule.valid_to)),    # the passing one
    ("precedence",   lambda rule, when, category, area: rule.precedence),                           # somebody has said so
)  # fmt: skip


def words_stated(when: When) -> int:
    words = when.words
    return bool(when.pattern) + (bool(words.any) + bool(words.all) + bool(words.none) if words else 0)


def rank(rule: Rule, category_depth: int, area_depth: int) -> Rank:
    return tuple(int(line(rule, rule.when, category_depth, area_depth)) for _, line in LINES)


@lru_cache(maxsize=10_000)
def line_between(better: Rank, worse: Rank) -> str:
    """The name of the first line on which they differ; FILE_ORDER: on none."""
    for (name, _), one, other in zip(LINES, better, worse, strict=True):
        if one != other:
            return name
    return FILE_ORDER


def weight(rank: Rank) -> int:
    """The rank as one number, of which the same comes first."""
    found = 0
    for count in rank:
        found = found << COUNT | count
    return found


def less(better: int, worse: int) -> str:
    """As `line_between`, of weights."""
    return _LINE_OF[(better ^ worse).bit_length()]


def ordered(rules: Iterable[Rule]) -> tuple[Row, ...]:
    """Every rule's rows, the most specific first."""
    rows = [row for place, rule in enumerate(rules) for row in _rows(rule, place)]
    rows.sort(key=lambda row: row.place)
    rows.sort(key=lambda row: row.weight, reverse=True)  # stable: equals keep the order of the file
    return tuple(rows)


def depth(path: str) -> int:
    return path.count("/") + 1


def _rows(rule: Rule, place: int) -> Iterable[Row]:
    shared = _shared(rule)
    for category, area in product(_by_depth(rule.when.category), _by_depth(rule.when.area)):
        its = rank(rule, category[0], area[0])
        yield Row(
            rule=rule, place=place, categories=category[1], areas=area[1], rank=its, weight=weight(its), **shared
        )  # fmt: skip


def _by_depth(paths: tuple[str, ...]) -> list[tuple[int, frozenset[str]]]:
    """(depth, the paths of that depth); none stated: depth 0."""
    depths = {path.count("/") + 1 for path in paths}
    return [(each, frozenset(p for p in paths if depth(p) == each)) for each in depths] or [(0, frozenset())]


def _shared(rule: Rule) -> dict[str, Any]:
    """What all rows of a rule have in common."""
    words, time = rule.when.words, rule.when.time
    folded = {kind: tuple(map(spelling.folded, getattr(words, kind) if words else ())) for kind in WORDS}
    valid = (
        (rule.valid_from.toordinal() if rule.valid_from else 0),
        (rule.valid_to.toordinal() if rule.valid_to else FOR_EVER),
    )
    return {
        **folded, "minutes": time.minutes if time else None,
        "season": conditions.read_season(time.season) if time and time.season else None,
        "valid": valid if valid != (0, FOR_EVER) else None,
    }  # fmt: skip


WORDS = ("any", "all", "none")
FOR_EVER = 10**7  # a day that does not come
COUNT = 8  # bits for each count in a weight
_LINE_OF = (
    FILE_ORDER,
    *(name for name, _ in reversed(LINES) for _ in range(COUNT)),
)  # by the highest bit that differs
