"""What is known of a clock, and what can happen to one. Frozen: a change makes a new clock.

Every instant is city time. A clock is *running* until it has an outcome. One that was stopped while rungs before
that instant had not fired yet runs on until they have: they were true when they fell due.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from services.contracts import ids, plans
from services.contracts.ids import CaseId, ClockId
from services.contracts.plans import NOTHING, Measure, Plan
from services.contracts.values import ClockKind, Handler
from services.sla import ladder
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
class Rest:
    """The clock rests. `until`: the cap, at which it goes on by itself, whoever says so or does not."""

    reason: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock instance. `rung` is the index of the next rung to fire, `next_rung_at` its instant.

    `breached_at` is when the 100 % rung fired (not when it fell due: that is `due_at`). `credit` is the own time of
    rests that are over and of verifying; `extended` what was granted. A clock that rests has the due it will have if it
    rests to the cap. `given_due_at`: a due that an event gave, where no target of the plan counts.
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
    instance: str = ""
    given_due_at: datetime | None = None
    rest: Rest | None = None
    credit: timedelta = NOTHING
    extended: timedelta = NOTHING
    reopened: int = 0
    owed: tuple[datetime, ...] = ()

    @property
    def measure(self) -> Measure:
        """What is promised: by the plan, or by the event that gave the due."""
        if self.given_due_at is not None:
            return Measure(target=self.given_due_at - self.started_at)
        promised = self.plan.measure(self.kind)
        assert promised is not None  # a clock is only opened with one
        return promised

    def own(self, since: datetime, until: datetime) -> timedelta:
        """How much of the plan's own time lies between."""
        ruler = self.measure.ruler
        return ruler.at(until) - ruler.at(since)

    @property
    def credited(self) -> timedelta:
        """All that does not count, a rest that is on taken to its cap, without what was granted."""
        return self.credit + (self.own(self.rest.since, self.rest.until) if self.rest else NOTHING)

    @property
    def original_due_at(self) -> datetime:
        """The due without any extension."""
        return plans.due_at(self.measure, self.started_at, self.credited)

    def step(self, index: int) -> Step | None:
        """The rung at this index. One that fell due before the due was moved stands where it stood."""
        credit = self.credited + self.extended
        found = ladder.step(self.plan.ladder, self.measure, self.started_at, index, credit)
        place = index - self.rung
        return replace(found, at=self.owed[place]) if found and 0 <= place < len(self.owed) else found

    def owing(self, at: datetime) -> tuple[datetime, ...]:
        """The instants of the rungs that fell due before `at` and have still to fire."""
        instants = []
        for index in range(self.rung, len(self.plan.ladder)):
            step = self.step(index)
            if step is None or step.at >= at:
                break
            instants.append(step.at)
        return tuple(instants)

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
    """A rung fired. `late_by` is fired_at − its own instant, in city time; `applied`: the log's last number then."""

    clock: Clock
    step: Step
    holding: Holding
    fired_at: datetime
    late_by: timedelta
    unconfirmed: bool
    applied: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """`applied`: the log's last number when the ticker finished it; None when a line of the log did."""

    clock: Clock
    stop: Stop
    outcome: Outcome
    applied: int | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """The act was in time and reached us late: the breach was ours."""

    clock: Clock
    stop: Stop
    breached_at: datetime


@dataclass(frozen=True, slots=True)
class Rested:
    """A rest began."""

    clock: Clock
    rest: Rest


@dataclass(frozen=True, slots=True)
class Resumed:
    """A rest is over. `credit`: its length in the plan's own time."""

    clock: Clock
    rest: Rest
    at: datetime
    credit: timedelta


@dataclass(frozen=True, slots=True)
class Extended:
    """The due was moved by what was granted at `at`."""

    clock: Clock
    at: datetime
    granted: timedelta


Happening: TypeAlias = Started | Reached | Finished | Corrected | Rested | Resumed | Extended


@dataclass(frozen=True, slots=True)
class Turn:
    """A clock after something, what happened on the way, and why nothing did when nothing did."""

    clock: Clock
    happened: tuple[Happening, ...] = ()
    reason: str = ""


def outcome(due_at: datetime, stop: Stop) -> Outcome:
    """A case ended after due was late all the same: a breach never unhappens."""
    if stop.at > due_at:
        return Outcome.BREACHED
    return Outcome.CANCELLED if stop.cancels else Outcome.MET


def clock_id(case: CaseId, kind: ClockKind, instance: str = "") -> ClockId:
    return ClockId(ids.derive("clock", str(case), kind, *([instance] if instance else [])))
