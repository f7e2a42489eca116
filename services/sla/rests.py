"""What moves a clock's due: a pause that was approved, an extension that was granted, a redo, a tighter plan. Pure.

All of it is counted in the plan's own time. A pause asked for after due moves nothing, nor does an extension; a rung
that has fired stays fired, those to come move with the due.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from services.contracts import plans
from services.contracts.events import (
    CaseAbsorbed,
    CaseEvent,
    CaseExtended,
    CasePaused,
    CaseReclassified,
    CaseReleased,
    CaseReopened,
    CaseResumed,
    CaseUnmerged,
)
from services.contracts.plans import Plan
from services.contracts.values import ClockKind
from services.sla import clocks, kinds, ladder
from services.sla.clocks import (
    Clock,
    Corrected,
    Extended,
    Finished,
    Happening,
    Outcome,
    Rest,
    Rested,
    Resumed,
    Stop,
    Turn,
)

# What may move the due of a clock that does not rest.
MOVES = (CasePaused, CaseExtended, CaseReopened, CaseUnmerged, CaseAbsorbed, CaseReleased, CaseReclassified)


def after(clock: Clock, event: CaseEvent) -> Turn:
    """What the event does to the due of this clock; to one that nothing moves, nothing."""
    if clock.rest is None and not isinstance(event, MOVES):
        return Turn(clock)
    if isinstance(event, CaseUnmerged | CaseAbsorbed | CaseReleased):
        return Turn(counted_anew(clock, event))
    if isinstance(event, CaseReclassified) and event.plan_changed:
        return Turn(replanned(clock, event.plan, event.credited))
    if not kinds.OF[clock.kind].pauses:
        return Turn(clock, reason=f"nothing moves a {clock.kind} clock")
    match event:
        case CaseReopened() if clock.kind is ClockKind.CLOSE:
            return revived(clock, event)
        case CasePaused() if clock.stop is None:
            return paused(clock, event)
        case CaseResumed() if clock.rest is not None:
            return resumed(clock, event.at)
        case CaseExtended() if clock.stop is None:
            return extended(clock, event)
    if clock.rest is not None and event.TYPE in (*kinds.RESOLVED, *kinds.ENDS):
        return resumed(clock, event.at)
    return Turn(clock)


def paused(clock: Clock, event: CasePaused) -> Turn:
    """From the approval to the cap at the latest; two that overlap are one from the first's begin to the last's end."""
    if event.at > clock.due_at:
        return Turn(clock, reason="a pause after due moves nothing")
    old, before = clock, clock.rest
    if before is not None and event.at > before.until:
        clock, before = _settled(clock, before.until), None
    since = before.since if before else event.at
    rest = Rest(event.reason, since, max(event.until, before.until) if before else event.until)
    now = timed(replace(clock, rest=rest, owed=old.owing(event.at)))
    return Turn(*_in_time(now, old, event.at, Rested(now, rest)))


def resumed(clock: Clock, at: datetime) -> Turn:
    """Goes on at `at`, or went on at the cap when that was earlier."""
    assert clock.rest is not None
    rest, end = clock.rest, max(min(at, clock.rest.until), clock.rest.since)
    now = timed(replace(_settled(clock, end), owed=clock.owing(at)))
    return Turn(now, (Resumed(now, rest, end, now.own(rest.since, end)),))


def extended(clock: Clock, event: CaseExtended) -> Turn:
    """延期 counts when it was granted before due."""
    if event.at > clock.due_at:
        return Turn(clock, reason="an extension after due moves nothing")
    now = timed(replace(clock, extended=clock.extended + event.granted, owed=clock.owing(event.at)))
    return Turn(*_in_time(now, clock, event.at, Extended(now, event.at, event.granted)))


def revived(clock: Clock, event: CaseReopened) -> Turn:
    """A redo: the verifying is credited, and the close clock goes on with what was left."""
    if clock.stop is None or clock.stop.cancels:
        return Turn(clock, reason="it was not resolved")
    credit = clock.credit + clock.own(min(event.resolved_at, event.at), event.at)
    owed = clock.owing(clock.stop.at) if clock.outcome is None else ()
    running = timed(
        replace(clock, stop=None, outcome=None, credit=credit, reopened=clock.reopened + 1, owed=owed)
    )
    return Turn(running, () if clock.outcome else _stopped_before(clock, clock.stop))


def _stopped_before(clock: Clock, stop: Stop) -> tuple[Happening, ...]:
    """A stop that waited for the rungs before it: it is told whether or not the ticker came to them in time."""
    verdict = clocks.outcome(clock.due_at, stop)
    return (Finished(replace(clock, outcome=verdict), stop, verdict),)


def replanned(clock: Clock, plan: Plan, credited: timedelta | None = None) -> Clock:
    """A tighter plan from the same start. Rungs at or below the highest that fired are behind.

    `credited`: what the close has not counted, as the new plan counts it; without it, as it was.
    """
    if not clock.running or plan.measure(clock.kind) is None:
        return clock
    fired = [ladder.percent(rung, clock.measure.target) for rung in clock.plan.ladder[: clock.rung]]
    now = replace(clock, plan=plan)
    if clock.kind is ClockKind.CLOSE and credited is not None:
        now = replace(now, credit=credited)
    below = [
        rung for rung in plan.ladder if ladder.percent(rung, now.measure.target) <= max(fired, default=0)
    ]
    return timed(replace(now, rung=len(below)))


def counted_anew(clock: Clock, event: CaseUnmerged | CaseAbsorbed | CaseReleased) -> Clock:
    """并单: the survivor counts from the earliest receipt, and from its own again; who was merged goes on where it was.

    No rung that has fired fires again, and none is taken back. What begins later than the receipt is not moved.
    """
    cancelled = clock.stop is not None and clock.stop.cancels and clock.outcome is not Outcome.BREACHED
    if isinstance(event, CaseUnmerged):
        return timed(replace(clock, stop=None, outcome=None)) if cancelled else clock
    if clock.running and kinds.OF[clock.kind].starts == kinds.RECEIPT:
        return timed(replace(clock, started_at=event.received_at))
    return clock


def timed(clock: Clock) -> Clock:
    """With its due and its next rung worked out again. Rungs that fired stay fired; those to come move."""
    due = plans.due_at(clock.measure, clock.started_at, clock.credited + clock.extended)
    following = clock.step(clock.rung) if clock.running else None
    return replace(clock, due_at=due, next_rung_at=following.at if following else None)


def _settled(clock: Clock, end: datetime) -> Clock:
    """The rest is over at `end` and counted."""
    assert clock.rest is not None
    return timed(replace(clock, rest=None, credit=clock.credit + clock.own(clock.rest.since, end)))


def _in_time(
    now: Clock, before: Clock, at: datetime, happening: Happening
) -> tuple[Clock, tuple[Happening, ...]]:
    """A breach that fired although this was approved before due was ours: it is taken back."""
    if before.breached_at is None:
        return now, (happening,)
    mended = replace(now, breached_at=None, corrected=True)
    return mended, (happening, Corrected(mended, Stop(at, before.holding.unit), before.breached_at))
