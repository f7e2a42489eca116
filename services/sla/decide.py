"""Is it late? The by-law of clocks: what opens one, what stops it, which rungs are due, and on what evidence.

Pure: facts in, a new clock and what happened out. In time means ≤ due, judged by the instant of our receipt that the
event carries (`at`), never by when we got round to it. The rungs a clock fires are those that fell due before it was
stopped, whatever was down meanwhile.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.contracts.events import CaseEvent, CaseRegistered, CaseResponded
from services.contracts.ids import CaseId, ClockId
from services.contracts.plans import Plan
from services.contracts.values import ClockKind, Handler, State
from services.sla import clocks, kinds, ladder, rests
from services.sla.clocks import (
    Clock,
    Corrected,
    Extended,
    Finished,
    Happening,
    Holding,
    Past,
    Reached,
    Rested,
    Resumed,
    Started,
    Stop,
    Turn,
)
from services.sla.kinds import Row
from services.sla.rests import timed

AT_WORK = frozenset(State) - {
    State.RESOLVED, State.VERIFYING, State.CLOSED, State.REJECTED, State.MERGED, State.WITHDRAWN,
    State.TRANSFERRED_OUT, State.HANDED_OFF,
}  # fmt: skip


def on_event(case: CaseId, event: CaseEvent, known: Sequence[Clock]) -> tuple[Turn, ...]:
    """One line of the log against all clocks of its case. What was never registered is not timed."""
    if isinstance(event, CaseRegistered):
        return () if known else opened(case, event)
    if not known:
        return ()
    turns = tuple(after(clock, event) for clock in known)
    return turns + starts(case, event, [turn.clock for turn in turns])


def opened(case: CaseId, registered: CaseRegistered) -> tuple[Turn, ...]:
    """Response and close from our receipt, and whatever else the plan promises from the registration on.

    A part of a split case answers for the close alone: its parent responds.
    """
    facts, part = Facts.of(registered), registered.parent is not None
    rows = kinds.TWO[part:] + (kinds.OTHERS if facts.plan.clocks else ())
    turns = (_open(case, facts, new) for row in rows for new in openings(row, registered, facts.plan, ()))
    return tuple(_above(turn, registered.at) for turn in turns) if part else tuple(turns)


def _above(turn: Turn, began_at: datetime) -> Turn:
    """A part of a case: rungs that fell due before it began were its parent's. A breach is everybody's."""
    clock = turn.clock
    steps = ladder.steps(clock.plan.ladder, clock.measure, clock.started_at)
    below = sum(1 for each in steps if each.at < began_at and each.percent < ladder.BREACH)
    clock = timed(replace(clock, rung=below))
    return Turn(clock, (Started(clock),))


def starts(case: CaseId, event: CaseEvent, known: Sequence[Clock]) -> tuple[Turn, ...]:
    """The clocks that this line opens beside those it finds."""
    first = known[0]
    if not first.plan.clocks:
        return ()
    holding = Holding(event.holder.unit, event.holder.is_desk)
    facts = Facts(first.number, first.plan, first.category, first.area, holding)
    new = (each for row in kinds.OTHERS for each in openings(row, event, facts.plan, known))
    return tuple(_open(case, facts, each) for each in new)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a new clock takes from its case."""

    number: str
    plan: Plan
    category: str | None
    area: str | None
    holding: Holding

    @classmethod
    def of(cls, registered: CaseRegistered) -> "Facts":
        holding = Holding(registered.holder.unit, registered.holder.is_desk)
        return cls(registered.number, registered.plan, registered.category, registered.area, holding)


@dataclass(frozen=True, slots=True)
class Opening:
    """One instance to open: of which clock, since when, and the due when the event gives it."""

    kind: ClockKind
    instance: str
    started_at: datetime
    due_at: datetime | None
    unit: str | None = None


def openings(row: Row, event: CaseEvent, plan: Plan, known: Sequence[Clock]) -> Iterator[Opening]:
    """The instances of this clock that the event starts; none when the plan does not promise it."""
    if plan.measure(row.kind) is None or not _begins(row, event, known):
        return
    for part in getattr(event, row.each) if row.each else (event,):
        started = getattr(event, row.from_)
        due = getattr(part, row.due, None) if row.due else None
        instance = str(getattr(part, row.instance)) if row.instance else ""
        unit = getattr(part, "department", None) if row.each else None
        if due is None or due > started:
            yield Opening(row.kind, instance, started, due, unit)


def _begins(row: Row, event: CaseEvent, known: Sequence[Clock]) -> bool:
    if row.starts == kinds.DESK:
        there = any(clock.kind is row.kind and clock.running and clock.stop is None for clock in known)
        return event.holder.is_desk and not there and event.state in AT_WORK
    return event.TYPE in row.starts


def _open(case: CaseId, facts: Facts, new: Opening) -> Turn:
    holding = facts.holding if new.unit is None else Holding(new.unit, False)
    clock = Clock(
        clock_id=clocks.clock_id(case, new.kind, new.instance), case_id=case, kind=new.kind, number=facts.number,
        plan=facts.plan, started_at=new.started_at, due_at=new.started_at, holding=holding, category=facts.category,
        area=facts.area, next_rung_at=None, instance=new.instance, given_due_at=new.due_at,
    )  # fmt: skip
    clock = timed(clock)
    return Turn(clock, (Started(clock),))


def after(clock: Clock, event: CaseEvent) -> Turn:
    """What one line of the log does to one clock: it may rest or move it, stop it, and give it to another holder."""
    moved = rests.after(clock, event)
    stop = stopped_by(moved.clock, event)
    turn = stopped(moved.clock, stop) if isinstance(stop, Stop) else Turn(moved.clock, reason=stop.reason)
    return Turn(handed_over(turn.clock, event), (*moved.happened, *turn.happened), turn.reason)


@dataclass(frozen=True, slots=True)
class GoesOn:
    """Why an event does not stop a clock."""

    reason: str


def stopped_by(clock: Clock, event: CaseEvent) -> Stop | GoesOn:
    """As the clock's line of the table says, and for a response as its plan does."""
    row, kind = kinds.OF[clock.kind], event.TYPE
    if kind in kinds.ENDS:
        return Stop(event.at, clock.holding.unit, cancels=True)
    if row.stops == kinds.DESK and kind not in row.cancels:
        waits = f"{kind} leaves the case on the desk"
        return GoesOn(waits) if event.holder.is_desk else Stop(event.at, clock.holding.unit)
    if row.mine and getattr(event, row.instance, clock.instance) != clock.instance:
        return GoesOn(f"{kind} is about another instance")
    if kind in row.cancels:
        return Stop(event.at, clock.holding.unit, cancels=True)
    if kind not in row.stops:
        return GoesOn(f"{kind} does not stop a {clock.kind} clock")
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
    done = replace(clock, outcome=clocks.outcome(clock.due_at, clock.stop), next_rung_at=None, past=())
    return Turn(done, (Finished(done, clock.stop, clocks.outcome(clock.due_at, clock.stop)),))


def _corrected(clock: Clock, stop: Stop, breached_at: datetime) -> Turn:
    verdict = clocks.outcome(clock.due_at, stop)
    done = replace(clock, stop=stop, outcome=verdict, corrected=True, next_rung_at=None, past=())
    happened: tuple[Happening, ...] = (Corrected(done, stop, breached_at),)
    if clock.running:
        happened += (Finished(done, stop, verdict),)
    return Turn(done, happened)


def handed_over(clock: Clock, event: CaseEvent) -> Clock:
    """The holder the log names from now on. A new unit starts without a named handler; who was called stays called."""
    if not clock.running or kinds.OF[clock.kind].mine:
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
    due: Sequence[Clock],
    horizon: datetime,
    now: datetime,
    proven: datetime | None,
    applied: int | None = None,
) -> tuple[Turn, ...]:
    """Fire every rung of these clocks up to `horizon`; one turn a clock, in the order given.

    `in_order` brings what happened into the order of the rungs' own instants. `applied`: the log's last number.
    """
    return tuple(_climb(clock, horizon, now, proven, applied) for clock in due)


def _climb(
    clock: Clock, horizon: datetime, now: datetime, proven: datetime | None, applied: int | None
) -> Turn:
    happened: list[Happening] = []
    limit = min(horizon, now)
    while clock.running and clock.next_rung_at is not None and clock.next_rung_at <= limit:
        if clock.stop is not None and clock.next_rung_at >= clock.stop.at:
            break
        clock, reached = _fire(clock, now, proven, applied)
        happened.append(reached)
    last = settled(clock)
    ends = (replace(each, applied=applied) for each in last.happened if isinstance(each, Finished))
    return Turn(last.clock, (*happened, *ends), last.reason)


def fire(clock: Clock, at: datetime) -> Turn:
    """The next rung of a clock, which fired at that time; for a replay of what has happened."""
    now, reached = _fire(clock, at, None)
    last = settled(now)
    return Turn(last.clock, (reached, *last.happened), last.reason)


def _fire(
    clock: Clock, now: datetime, proven: datetime | None, applied: int | None = None
) -> tuple[Clock, Reached]:
    step, following = clock.step(clock.rung), clock.step(clock.rung + 1)
    assert step is not None  # next_rung_at is None above the top
    holding = clock.held_at(step.at)
    fired = replace(
        clock, rung=clock.rung + 1, owed=clock.owed[1:], next_rung_at=following.at if following else None,
        past=tuple(past for past in clock.past if following and following.at <= past.until),
        breached_at=now if step.percent == ladder.BREACH else clock.breached_at,
    )  # fmt: skip
    unconfirmed = proven is None or step.at > proven
    return fired, Reached(fired, step, holding, now, now - step.at, unconfirmed, applied)


def in_order(turns: Iterable[Turn]) -> list[Happening]:
    """Everything that happened, by its own instant; of one clock always in the order it happened."""
    every = [happening for turn in turns for happening in turn.happened]
    return sorted(every, key=order)


def order(happening: Happening) -> tuple[datetime, ClockId]:
    """Its place among all that happened: by its instant, then by its clock."""
    return _instant(happening), happening.clock.clock_id


def _instant(happening: Happening) -> datetime:
    match happening:
        case Reached(step=step):
            return step.at
        case Finished(stop=stop) | Corrected(stop=stop):
            return stop.at
        case Started(clock=clock):
            return clock.started_at
        case Rested(rest=rest):
            return rest.since
        case Resumed(at=at) | Extended(at=at):
            return at
