"""Is it late? The by-law of clocks: what opens one, what stops it, which rungs are due, and on what evidence.

Pure: facts in, a new clock and what happened out. In time means ≤ due, judged by the instant of our receipt that the
event carries (`at`), never by when we got round to it. The rungs a clock fires are those that fell due before it was
stopped, whatever was down meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.contracts import events
from services.contracts.events import CaseEvent, CaseRegistered, CaseResponded
from services.contracts.ids import CaseId
from services.contracts.plans import Plan
from services.contracts.values import ClockKind, Handler
from services.sla import clocks, ladder
from services.sla.clocks import (
    Clock,
    Corrected,
    Finished,
    Happening,
    Holding,
    Outcome,
    Past,
    Reached,
    Started,
    Stop,
    Turn,
)

# What ends a clock. A resolution tells the citizen in public, so nothing is left to respond to either.
ANSWERS: dict[ClockKind, tuple[type[CaseEvent], ...]] = {
    ClockKind.RESPONSE: (events.CaseResponded, events.CaseResolved, events.CaseClosed),
    ClockKind.CLOSE: (events.CaseResolved, events.CaseClosed),
}
# What leaves nothing to wait for. Of a merged case nobody waits but at the one that stands for it.
CANCELS: tuple[type[CaseEvent], ...] = (
    events.CaseRejected, events.CaseWithdrawn, events.CaseHandedOff, events.CaseMerged,
    events.CaseTransferredOut,
)  # fmt: skip


def on_event(case: CaseId, event: CaseEvent, known: Sequence[Clock]) -> tuple[Turn, ...]:
    """One line of the log against all clocks of its case. What was never registered is not timed."""
    if isinstance(event, CaseRegistered):
        return () if known else opened(case, event)
    return tuple(after(clock, event) for clock in known)


def opened(case: CaseId, registered: CaseRegistered) -> tuple[Turn, ...]:
    """Response and close, both from our receipt. A part of a split case answers for the close alone: its parent responds."""
    kinds = (ClockKind.RESPONSE, ClockKind.CLOSE) if registered.parent is None else (ClockKind.CLOSE,)
    return tuple(_open(case, registered, kind) for kind in kinds)


def _open(case: CaseId, registered: CaseRegistered, kind: ClockKind) -> Turn:
    plan, start = registered.plan, registered.received_at
    below = 0 if registered.parent is None else _below(plan, kind, registered)
    first = ladder.step(plan, kind, start, below)
    clock = Clock(
        clock_id=clocks.clock_id(case, kind), case_id=case, kind=kind, number=registered.number, plan=plan,
        started_at=start, due_at=ladder.due_at(plan, kind, start),
        holding=Holding(registered.holder.unit, registered.holder.is_desk),
        category=registered.category, area=registered.area, next_rung_at=first.at if first else None, rung=below,
    )  # fmt: skip
    return Turn(clock, (Started(clock),))


def _below(plan: Plan, kind: ClockKind, child: CaseRegistered) -> int:
    """How many rungs fell due before this part of a case began: they were its parent's. A breach is everybody's."""
    ladder_ = ladder.steps(plan, kind, child.received_at)
    return sum(1 for each in ladder_ if each.at < child.at and each.percent < ladder.BREACH)


def after(clock: Clock, event: CaseEvent) -> Turn:
    """What one line of the log does to one clock: it may stop it, and it may move it to another holder."""
    clock = counted_anew(clock, event)
    stop = stopped_by(clock, event)
    turn = stopped(clock, stop) if isinstance(stop, Stop) else Turn(clock, reason=stop.reason)
    return replace(turn, clock=handed_over(turn.clock, event))


def counted_anew(clock: Clock, event: CaseEvent) -> Clock:
    """并单: the survivor counts from the earliest receipt, and from its own again; who was merged goes on where it was.

    No rung that has fired fires again, and none is taken back.
    """
    cancelled = clock.stop is not None and clock.stop.cancels and clock.outcome is not Outcome.BREACHED
    if isinstance(event, events.CaseUnmerged) and cancelled:
        return _rebased(replace(clock, stop=None, outcome=None), clock.started_at)
    if isinstance(event, events.CaseAbsorbed | events.CaseReleased) and clock.running:
        return _rebased(clock, event.received_at)
    return clock


def _rebased(clock: Clock, start: datetime) -> Clock:
    following = ladder.step(clock.plan, clock.kind, start, clock.rung)
    return replace(
        clock, started_at=start, due_at=ladder.due_at(clock.plan, clock.kind, start),
        next_rung_at=following.at if following else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoesOn:
    """Why an event does not stop a clock."""

    reason: str


def stopped_by(clock: Clock, event: CaseEvent) -> Stop | GoesOn:
    if isinstance(event, CANCELS):
        return Stop(event.at, clock.holding.unit, cancels=True)
    if not isinstance(event, ANSWERS[clock.kind]):
        return GoesOn(f"{event.TYPE} does not stop a {clock.kind} clock")
    if isinstance(event, CaseResponded) and event.basis not in clock.plan.response.counts:
        return GoesOn(f"plan {clock.plan.name} does not count {event.basis} as a response")
    return Stop(event.at, getattr(event, "department", clock.holding.unit))


def stopped(clock: Clock, stop: Stop) -> Turn:
    """The earliest act counts, also one that is taken after a later one."""
    if clock.stop is not None and (clock.corrected or clock.stop.at <= stop.at):
        return Turn(clock, reason="an earlier act has stopped this clock")
    if clock.breached_at is not None and stop.at <= clock.due_at:
        return _corrected(clock, stop, clock.breached_at)
    if not clock.running:
        return Turn(clock, reason=f"finished already: {clock.outcome}")
    return settled(replace(clock, stop=stop))


def settled(clock: Clock) -> Turn:
    """Finish a stopped clock once no rung that fell due before the stop is still to fire."""
    if clock.stop is None:
        return Turn(clock, reason="still running")
    if clock.next_rung_at is not None and clock.next_rung_at < clock.stop.at:
        return Turn(clock, reason="stopped; an earlier rung has still to fire")
    done = replace(clock, outcome=outcome(clock.due_at, clock.stop), next_rung_at=None, past=())
    return Turn(done, (Finished(done, clock.stop, outcome(clock.due_at, clock.stop)),))


def outcome(due_at: datetime, stop: Stop) -> Outcome:
    """A case ended after due was late all the same: a breach never unhappens."""
    if stop.at > due_at:
        return Outcome.BREACHED
    return Outcome.CANCELLED if stop.cancels else Outcome.MET


def _corrected(clock: Clock, stop: Stop, breached_at: datetime) -> Turn:
    verdict = outcome(clock.due_at, stop)
    done = replace(clock, stop=stop, outcome=verdict, corrected=True, next_rung_at=None, past=())
    happened: tuple[Happening, ...] = (Corrected(done, stop, breached_at),)
    if clock.running:
        happened += (Finished(done, stop, verdict),)
    return Turn(done, happened)


def handed_over(clock: Clock, event: CaseEvent) -> Clock:
    """The holder the log names from now on. A new unit starts without a named handler."""
    if not clock.running:
        return clock
    handler: Handler | None = getattr(event, "handler", None)
    same = event.holder.unit == clock.holding.unit
    theirs = getattr(event, "department", event.holder.unit) == event.holder.unit
    kept = handler if handler and theirs else clock.holding.handler if same else None
    now = Holding(event.holder.unit, event.holder.is_desk, kept)
    if now == clock.holding:
        return clock
    waiting = clock.next_rung_at is not None and clock.next_rung_at < event.at and not same
    past = (*clock.past, Past(event.at, clock.holding)) if waiting else clock.past
    return replace(clock, holding=now, past=past)


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to which instant rungs may fire, and up to which of it the log is proven to be complete."""

    until: datetime | None
    proven: datetime | None
    why: "Why"


class Why(StrEnum):
    PROVEN = "proven"
    NO_MARK_YET = "no_mark_yet"
    BEHIND = "behind"
    UNCONFIRMED = "unconfirmed"


def reach(
    watermark: datetime | None, now: datetime, silence: timedelta, at_end: bool, patience: timedelta
) -> Reach:
    """Delivery rule 8. `silence` and `patience` are wall time since the last mark, and how much of it is borne.

    What was proven stays proven. Beyond it a rung fires only when the marks have fallen silent *and* we know that
    nothing on the log is unread; while we are behind ourselves, or cannot tell, it waits.
    """
    proven = min(watermark, now) if watermark else None
    if silence >= patience:
        return Reach(now, proven, Why.UNCONFIRMED) if at_end else Reach(proven, proven, Why.BEHIND)
    return Reach(proven, proven, Why.PROVEN if proven else Why.NO_MARK_YET)


def climb(
    due: Sequence[Clock], horizon: datetime, now: datetime, proven: datetime | None
) -> tuple[Turn, ...]:
    """Fire every rung of these clocks up to `horizon`; one turn a clock, in the order given.

    `in_order` brings what happened into the order of the rungs' own instants.
    """
    return tuple(_climb(clock, horizon, now, proven) for clock in due)


def _climb(clock: Clock, horizon: datetime, now: datetime, proven: datetime | None) -> Turn:
    happened: list[Happening] = []
    limit = min(horizon, now)
    while clock.running and clock.next_rung_at is not None and clock.next_rung_at <= limit:
        if clock.stop is not None and clock.next_rung_at >= clock.stop.at:
            break
        clock, reached = _fire(clock, now, proven)
        happened.append(reached)
    last = settled(clock)
    return Turn(last.clock, (*happened, *last.happened), last.reason)


def _fire(clock: Clock, now: datetime, proven: datetime | None) -> tuple[Clock, Reached]:
    step = ladder.step(clock.plan, clock.kind, clock.started_at, clock.rung)
    assert step is not None  # next_rung_at is None above the top
    following = ladder.step(clock.plan, clock.kind, clock.started_at, clock.rung + 1)
    holding = clock.held_at(step.at)
    fired = replace(
        clock, rung=clock.rung + 1, next_rung_at=following.at if following else None,
        past=tuple(past for past in clock.past if following and following.at <= past.until),
        breached_at=now if step.percent == ladder.BREACH else clock.breached_at,
    )  # fmt: skip
    unconfirmed = proven is None or step.at > proven
    return fired, Reached(fired, step, holding, now, now - step.at, unconfirmed)


def in_order(turns: Iterable[Turn]) -> list[Happening]:
    """Everything that happened, by its own instant; of one clock always in the order it happened."""
    every = [happening for turn in turns for happening in turn.happened]
    return sorted(every, key=lambda happening: (_instant(happening), happening.clock.clock_id))


def _instant(happening: Happening) -> datetime:
    match happening:
        case Reached(step=step):
            return step.at
        case Finished(stop=stop) | Corrected(stop=stop):
            return stop.at
        case Started(clock=clock):
            return clock.started_at
