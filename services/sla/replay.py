"""A shard's clocks made again: the log says what happened to its cases, suban.clocks.v1 when rungs fired. Pure.

A rung carries the last number of the log that was applied when it fired, so the order in which lines and rungs came is
known exactly, and what comes out is what the table holds, row for row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.contracts.events import CaseEvent, ClockEvent, ClockStopped, Rung
from services.contracts.ids import CaseId, ClockId
from services.sla import decide, fold
from services.sla.clocks import Clock
from services.sla.fold import Known


@dataclass(frozen=True, slots=True)
class Line:
    """A record of the log."""

    number: int
    case: CaseId
    data: CaseEvent


@dataclass(frozen=True, slots=True)
class Fired:
    """A record of suban.clocks.v1 that the ticker wrote: a rung, or the end of a clock that waited for one.

    `after`: the log's last number before it.
    """

    after: int
    case: CaseId
    clock_id: ClockId
    rung_at: datetime | None = None
    fired_at: datetime | None = None


def fired(case: CaseId, told: ClockEvent) -> Fired | None:
    """None for what a line of the log caused, which the log says itself."""
    number = told.log_number if isinstance(told, Rung | ClockStopped) else None
    if number is None:
        return None
    at = (told.rung_at, told.fired_at) if isinstance(told, Rung) else (None, None)
    return Fired(number, case, ClockId(UUID(told.clock_id)), *at)


@dataclass(slots=True)
class Replay:
    """`at`: the last number of the log that was taken. `touched`: cases that anything happened to since it was asked last.
    `odd`: rungs that fired and that this log would not have fired then, in words."""

    at: int = 0
    cases: dict[CaseId, Known] = field(default_factory=dict)
    touched: set[CaseId] = field(default_factory=set)
    odd: list[tuple[CaseId, ClockId, str]] = field(default_factory=list)
    _waiting: list[Fired] = field(default_factory=list)
    _next: int = 0

    def hear(self, told: Iterable[Fired]) -> None:
        """What fired, in the order of its topic; before the lines that follow."""
        self._waiting = self._waiting[self._next :] + list(told)
        self._next = 0

    def take(self, line: Line) -> None:
        """The next line of the log."""
        self.catch_up(line.number - 1)
        known = self.cases.setdefault(line.case, Known())
        for _ in fold.take(line.case, line.data, known):
            pass
        self.touched.add(line.case)
        self.at = line.number

    def catch_up(self, number: int) -> None:
        """Whatever fired with no more than this much of the log."""
        while self._next < len(self._waiting) and self._waiting[self._next].after <= number:
            self._fire(self._waiting[self._next])
            self._next += 1

    def _fire(self, one: Fired) -> None:
        known = self.cases.get(one.case)
        clock = known.clocks.get(one.clock_id) if known else None
        if known is None or clock is None:
            return  # of a case whose registration is not on the log any more
        self.touched.add(one.case)
        if one.rung_at is None or one.fired_at is None:
            known.clocks[one.clock_id] = decide.settled(clock).clock if clock.running else clock
        elif clock.running and clock.next_rung_at == one.rung_at:
            known.clocks[one.clock_id] = decide.fire(clock, one.fired_at).clock
        else:
            said = f"{clock.number} {clock.kind}: a rung of {one.rung_at.isoformat()} fired, the log has {_said(clock)}"
            self.odd.append((one.case, one.clock_id, said))


def _said(clock: Clock) -> str:
    return clock.next_rung_at.isoformat() if clock.next_rung_at else "none to come"
