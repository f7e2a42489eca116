"""What is known of a clock, and what can happen to one. Frozen: a change makes a new clock.

Every instant is city time. A clock is *running* until it has an outcome. One that was stopped while rungs before
that instant had not fired yet runs on until they have: they were true when they fell due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from services.contracts import ids
from services.contracts.ids import CaseId, ClockId
from services.contracts.plans import Plan
from services.contracts.values import ClockKind, Handler
from services.sla.ladder import Step


class Outcome(StrEnum):
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has the case: a department or the desk, and the officer it named."""

    unit: str
    is_desk: bool
    handler: Handler | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """Who had it up to `until`; kept only while a rung of that time has not fired."""

    until: datetime
    holding: Holding


@dataclass(frozen=True, slots=True)
class Stop:
    """The act that ends a clock: when, by whom, and whether it ended the case rather than answered it."""

    at: datetime
    by: str
    cancels: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock instance. `rung` is the index of the next rung to fire, `next_rung_at` its instant.

    `breached_at` is when the 100 % rung fired (not when it fell due: that is `due_at`).
    """

    clock_id: ClockId
    case_id: CaseId
    kind: ClockKind
    number: str
    plan: Plan
    started_at: datetime
    due_at: datetime
    holding: Holding
    category: str | None
    area: str | None
    next_rung_at: datetime | None
    rung: int = 0
    past: tuple[Past, ...] = ()
    stop: Stop | None = None
    breached_at: datetime | None = None
    corrected: bool = False
    outcome: Outcome | None = None

    @property
    def running(self) -> bool:
        return self.outcome is None

    def held_at(self, instant: datetime) -> Holding:
        """Who had the case then: a late rung names the unit it was about, not the one that has it now."""
        return next((past.holding for past in self.past if instant <= past.until), self.holding)


@dataclass(frozen=True, slots=True)
class Started:
    clock: Clock


@dataclass(frozen=True, slots=True)
class Reached:
    """A rung fired. `late_by` is fired_at − its own instant, in city time."""

    clock: Clock
    step: Step
    holding: Holding
    fired_at: datetime
    late_by: timedelta
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class Finished:
    clock: Clock
    stop: Stop
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Corrected:
    """The act was in time and reached us late: the breach was ours."""

    clock: Clock
    stop: Stop
    breached_at: datetime


Happening: TypeAlias = Started | Reached | Finished | Corrected


@dataclass(frozen=True, slots=True)
class Turn:
    """A clock after something, what happened on the way, and why nothing did when nothing did."""

    clock: Clock
    happened: tuple[Happening, ...] = ()
    reason: str = ""


def clock_id(case: CaseId, kind: ClockKind) -> ClockId:
    return ClockId(ids.derive("clock", str(case), kind))
