"""Rules that never decide because another, or others together, always come first."""

from collections.abc import Iterator, Sequence

from services.router import findings, overlaps, specificity, unions
from services.router.ahead import Ahead
from services.router.findings import Check, Finding, Level, Lines
from services.router.specificity import FILE_ORDER, Row
from services.router.wording import Said

TOLD = 5  # rules named in a finding


def unreachable(rows: Sequence[Row], lines: Lines) -> Iterator[Finding]:
    """`rows` in order, all deciding or all classifying. A rule is unreachable when all of its rows are."""
    ahead = Ahead(rows)
    shadows: dict[int, list[tuple[Row, ...]]] = {}
    for number, row in enumerate(rows):
        if not overlaps.contradicts_itself(row):
            shadows.setdefault(row.place, []).append(_before(ahead, number))
    first = {row.place: row for row in reversed(rows)}
    for place, row in sorted(first.items()):
        if place not in shadows:
            said = Said("所列词语含有排除词，永不成立", "the words it looks for hold a word that it excludes")
            yield findings.of_rule(Level.ERROR, Check.UNREACHABLE, row, ("when", "words"), said, lines)
        elif all(shadows[place]):
            yield _shadowed(row, shadows[place], lines)


def _before(ahead: Ahead, number: int) -> tuple[Row, ...]:
    """Who leaves this row nothing: one, else several; empty when it has its say."""
    row = ahead.rows[number]
    before = ahead.of(number)
    alone = next((one for one in before if one.rule is not row.rule and overlaps.covers(one, row)), None)
    if alone is not None:
        return (alone,)
    excluded = {word for one in before if one.none for word in overlaps.unexcluded(one, row)}
    return unions.takers(row, ahead.of(number, excluded) if excluded else before)


def _shadowed(row: Row, by_whom: Sequence[tuple[Row, ...]], lines: Lines) -> Finding:
    others = list({one.place: one for some in by_whom for one in some}.values())
    said = _by_one(row, others[0], lines) if len(others) == 1 else _by_several(others, lines)
    return findings.of_rule(Level.ERROR, Check.UNREACHABLE, row, (), said, lines, *others)


def _by_one(row: Row, by: Row, lines: Lines) -> Said:
    line = lines(("rules", by.place))
    name = specificity.line_between(by.rank, row.rank)
    why = Said("同样具体但排在前面", "as specific, and earlier in the file") if name == FILE_ORDER else None
    why = why or Said(f"次序在前（{name}）", f"ahead of it on the line {name}")
    return Said(
        f"永远轮不到：凡其成立时 {by.rule.id}（第 {line} 行）也成立，且{why.zh}{AGAIN.zh}",
        f"never decides: {by.rule.id} (line {line}) holds whenever it does and is {why.en}{AGAIN.en}",
    )


def _by_several(others: Sequence[Row], lines: Lines) -> Said:
    named = [f"{one.rule.id}（第 {lines(('rules', one.place))} 行）" for one in others[:TOLD]]
    more = len(others) - TOLD
    zh = "、".join(named) + (f"等 {len(others)} 条" if more > 0 else "")
    en = ", ".join(f"{one.rule.id} (line {lines(('rules', one.place))})" for one in others[:TOLD])
    en += f" and {more} more" if more > 0 else ""
    return Said(
        f"永远轮不到：凡其成立时，{zh}之中总有一条成立且在前{AGAIN.zh}",
        f"never decides: of {en} one always holds when it does, and comes first{AGAIN.en}",
    )


# Only a return makes it the next in turn, and then it should say so.
AGAIN = Said("；若是退单后的下家，请写 returned_by", "; to be next after a return, let it state returned_by")
