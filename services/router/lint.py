"""`rules check`: what is wrong with a duty list although it can be read, before it is put in force. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date

from services.router import bars, rules, shadows, specificity, ties, unclaimed
from services.router import findings as found_in
from services.router.findings import Check, Finding, Level, Lines
from services.router.rules import DutyList
from services.router.specificity import Row
from services.router.wording import Said

GRAVITY = {level: number for number, level in enumerate(Level)}


def findings(duty: DutyList, lines: Lines, today: date | None = None) -> Sequence[Finding]:
    """Every finding, by line, the graver first. `today` in the city's zone; without it nothing is called expired."""
    faults = list(rules.problems(duty))
    found = [found_in.of_fault(fault, lines) for fault in faults]
    if not any(
        fault.file == rules.FILE for fault in faults
    ):  # an unknown name would be found by every other check
        found += _found(duty, lines, today)
    return sorted(found, key=lambda one: (one.line or 0, GRAVITY[one.level], one.check))


def _found(duty: DutyList, lines: Lines, today: date | None) -> Iterator[Finding]:
    rows = specificity.ordered(duty.rules.rules)
    deciding = [row for row in rows if row.rule.then.decides]
    classing = [row for row in rows if not row.rule.then.decides and row.rule.then.triage_class is not None]
    yield from _in_order(deciding, deciding, ties.otherwise, lines)
    yield from _in_order([row for row in classing if _classes_only(row)], classing, ties.another_class, lines)
    yield from bars.prohibited(rows, duty.city, lines)
    yield from unclaimed.unclaimed(rows, duty.city)
    if today is not None:
        yield from _expired(rows, today, lines)


def _in_order(
    rows: Sequence[Row], tied: Sequence[Row], differ: ties.Differ, lines: Lines
) -> Iterator[Finding]:
    """What comes too late; and, among `tied` that do not, what only the file puts in order."""
    found = list(shadows.unreachable(rows, lines))
    yield from found
    late = {one.rule_id for one in found}
    yield from ties.ties([row for row in tied if row.rule.id not in late], lines, differ)


def _classes_only(row: Row) -> bool:
    """Of rules that classify only one gives the class; tags and prohibitions all give theirs."""
    return not row.rule.then.tags and not row.rule.then.prohibited


def _expired(rows: Sequence[Row], today: date, lines: Lines) -> Iterator[Finding]:
    for row in {row.place: row for row in rows}.values():
        begins, ends = row.rule.valid_from, row.rule.valid_to
        if ends is not None and ends < today:
            said = Said(f"已于 {ends} 失效", f"not in force since {ends}")
            yield found_in.of_rule(Level.WARNING, Check.EXPIRED, row, ("valid_to",), said, lines)
        elif begins is not None and begins > today:
            said = Said(f"{begins} 起生效", f"in force only from {begins}")
            yield found_in.of_rule(Level.NOTE, Check.EXPIRED, row, ("valid_from",), said, lines)
