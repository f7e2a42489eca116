"""Rules between which only their place in the file decides: each with a request for which both hold. Pure.

Only what has been shown is reported: the request is made and asked of the law (witness.py). An error where the words of
one are enough for both, a warning where it takes words of each.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product

from services.router import findings, overlaps, specificity, witness
from services.router.ahead import Pieces, wanted
from services.router.findings import Check, Finding, Level, Lines
from services.router.specificity import Row
from services.router.witness import Witness
from services.router.wording import Said

MOST_TRIED = 300  # of rules alike, those that one is compared with
MOST_NAMED = 3
Differ = Callable[[Row, Row], bool]


def otherwise(one: Row, other: Row) -> bool:
    return one.rule.then != other.rule.then


def another_class(one: Row, other: Row) -> bool:
    return one.rule.then.triage_class != other.rule.then.triage_class


def ties(rows: Iterable[Row], lines: Lines, differ: Differ = otherwise) -> Iterator[Finding]:
    """`rows`: those that can be reached. One finding a rule and level, at the later rule; it names up to three others."""
    met: dict[int, dict[int, tuple[Row, Row, Witness]]] = {}
    for alike in _equals(rows).values():
        if len(alike) > 1:
            for row, other, found in _meeting(alike, differ):
                known = met.setdefault(row.place, {})
                if other.place not in known or not found.split:
                    known[other.place] = (row, other, found)
    for place in sorted(met):
        for split in (False, True):
            some = [one for _, one in sorted(met[place].items()) if one[2].split is split]
            if some:
                yield _tied(some[:MOST_NAMED], lines)


Place = tuple[specificity.Rank, str | None, str | None]


def _equals(rows: Iterable[Row]) -> dict[Place, list[Row]]:
    """Rows of one rank that name the same category and area: of one depth, so that no others can meet."""
    found: dict[Place, list[Row]] = {}
    for row in rows:
        for category, area in product(row.categories or (None,), row.areas or (None,)):
            found.setdefault((row.rank, category, area), []).append(row)
    return found


def _meeting(alike: Sequence[Row], differ: Differ) -> Iterator[tuple[Row, Row, Witness]]:
    """Each row with earlier ones: all that have a word of its own in common, then others until enough are found."""
    rows = sorted(alike, key=lambda row: row.place)
    by_word, by_value = _by_word(rows), _by_value(rows)
    for number, row in enumerate(rows):
        near = by_word(number)
        near_by = set(near)
        far = (one for one in by_value(number) if one not in near_by)
        yield from _with(row, (rows[one] for one in islice(near, MOST_TRIED)), differ)
        yield from _with(row, (rows[one] for one in islice(far, MOST_TRIED)), differ)


def _with(row: Row, others: Iterable[Row], differ: Differ) -> Iterator[tuple[Row, Row, Witness]]:
    found = 0
    for other in others:
        if other.rule is row.rule or not differ(other, row):
            continue
        if (shown := witness.of(other, row)) is not None:
            yield row, other, shown
            found += 1
        if found == MOST_NAMED:
            return


def _by_word(rows: Sequence[Row]) -> Callable[[int], list[int]]:
    """Earlier rows that look for a word which stands in a word of the row's, or the other way round."""
    pieces = Pieces(word for row in rows for word in wanted(row) if word is not None)
    held = [pieces.of((*row.any, *row.all)) for row in rows]
    looking: dict[str, list[int]] = {}
    having: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for word in filter(None, wanted(row)):
            looking.setdefault(word, []).append(number)
        for word in held[number]:
            having.setdefault(word, []).append(number)

    def near(number: int) -> list[int]:
        found = [one for word in held[number] for one in looking[word]]
        found += [one for word in filter(None, wanted(rows[number])) for one in having[word]]
        return sorted({one for one in found if one < number})

    return near


def _by_value(rows: Sequence[Row]) -> Callable[[int], Iterator[int]]:
    """Earlier rows that share a value of the first condition in ONE_OF that they state: rows of one rank all do, or none."""
    name = next((one for one in overlaps.ONE_OF if getattr(rows[0].rule.when, one)), None)
    if name is None:
        return lambda number: iter(range(number))
    known: dict[object, list[int]] = {}
    for number, row in enumerate(rows):
        for value in getattr(row.rule.when, name):
            known.setdefault(value, []).append(number)

    def far(number: int) -> Iterator[int]:
        values = getattr(rows[number].rule.when, name)
        return iter(sorted({one for value in values for one in known[value] if one < number}))

    return far


def _tied(some: Sequence[tuple[Row, Row, Witness]], lines: Lines) -> Finding:
    row, first, shown = some[0]
    others = [other for _, other, _ in some]
    line, said = lines(("rules", first.place)), shown.said
    more = "、".join(other.rule.id for other in others[1:])
    also = Said(f"（{more} 亦然）", f" (and {more.replace('、', ', ')})") if more else Said("", "")
    reason = Said(
        f"与 {first.rule.id}（第 {line} 行）同样具体且可同时成立{also.zh}，只凭先后决定：请区分条件，或写明 precedence。"
        f"例：{said.zh}",
        f"as specific as {first.rule.id} (line {line}), and both may hold{also.en}: only the file's order decides; tell "
        f"them apart, or state precedence. Both hold for {said.en}",
    )
    level = Level.WARNING if shown.split else Level.ERROR
    return findings.of_rule(level, Check.TIE, row, (), reason, lines, *others, example=shown.request)
