"""What a check of the duty list finds: where, how grave, why. `rules check` prints it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.contracts.faults import Fault, Place
from services.router.rules import FILE
from services.router.specificity import Row
from services.router.wording import Said

Lines = Callable[[Place], int]
"""The line of a place in rules.yaml, from 1: `Document.line`."""


class Level(StrEnum):
    """`error`: must not come into force. `warning`: look at it. `note`: so that nobody is surprised."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Check(StrEnum):
    FAULT = "fault"  # an unknown name, a refused pattern, whatever is no rule at all
    UNREACHABLE = "unreachable"
    TIE = "tie"
    PROHIBITED = "prohibited"
    EXPIRED = "expired"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`field`: the place in the file, as `rules[3].then.lead`. `others`: ids of the rules it is about, besides its own.

    `example`: a request that shows it, by the conditions' names.
    """

    level: Level
    check: Check
    file: str
    line: int | None
    field: str
    reason: Said
    rule_id: str | None = None
    others: tuple[str, ...] = ()
    example: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.level}: {self.reason}"


def of_rule(
    level: Level,
    check: Check,
    row: Row,
    place: Place,
    reason: Said,
    lines: Lines,
    *others: Row,
    example: Mapping[str, Any] | None = None,
) -> Finding:
    """`place` leads on from the rule: ("then", "lead")."""
    at: Place = ("rules", row.place, *place)
    field = Fault(FILE, at, "", "").field
    ids = tuple(other.rule.id for other in others)
    return Finding(level, check, FILE, lines(at), field, reason, row.rule.id, ids, example)


def of_fault(fault: Fault, lines: Lines | None = None) -> Finding:
    """A fault of the loader's, or of one file against another."""
    line = lines(fault.at) if lines and fault.file == FILE and fault.line is None else fault.line
    said = Said(fault.reason_zh, fault.reason)
    return Finding(Level.ERROR, Check.FAULT, fault.file, line, fault.field, said)
