"""What happened to a clock, as the event others read. Names unit, handler and audience, so that notify joins nothing.

Causes are the clock instance and the rung (delivery rule 4): whoever fires it, whenever, it is the same event.
"""

from typing import Any, assert_never

from services.chassis.transaction import Tx
from services.contracts import topics
from services.contracts.events import (
    ClockBreached,
    ClockCorrected,
    ClockEscalated,
    ClockEvent,
    ClockExtended,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    LevelAsked,
    Rung,
)
from services.contracts.ids import CaseId
from services.contracts.plans import Then
from services.contracts.values import ClockKind
from services.sla import kinds, ladder
from services.sla.clocks import (
    Clock,
    Corrected,
    Extended,
    Finished,
    Happening,
    Reached,
    Rested,
    Resumed,
    Started,
)

ASKS = {
    "raise": "{kind}时限已用 {percent}%，自动上报上一级 / {percent}% of the {en} time is used: the level above takes part",
    "supervise": "{kind}时限已用 {percent}%，自动督办 / {percent}% of the {en} time is used: supervision watches it",
}


def emit(tx: Tx[Any], happening: Happening) -> None:
    """The event; of a rung that asks something of the router, the command too, of the same cause."""
    case_id = happening.clock.case_id
    tx.emit(event(happening), case_id=case_id, cause=cause(happening))
    if isinstance(happening, Reached) and (then := happening.step.then) is not None:
        clock, step, unit = happening.clock, happening.step, happening.holding.unit
        ask(tx, then, cause(happening), case_id, unit, clock.kind, step.percent)


def ask(
    tx: Tx[Any], then: Then, cause: str, case_id: CaseId, unit: str, kind: ClockKind, percent: int
) -> None:
    """The command of a rung, under an id of its clock and its own."""
    row = kinds.OF[kind]
    asked = LevelAsked(
        command=then, command_id=cause, case=str(case_id), department=unit,
        reason=ASKS[then].format(kind=row.zh, en=row.en, percent=percent),
    )  # fmt: skip
    tx.emit(asked, case_id=case_id, cause=cause, topic=topics.commands("sla"))


def cause(happening: Happening) -> str:
    match happening:
        case Started(clock):
            return f"{clock.clock_id}:started"
        case Reached(clock, step):
            return f"{clock.clock_id}:{step.name}"
        case Finished(clock, stop):
            # With its instant: a case that was merged and stands for itself again is stopped a second time.
            return f"{clock.clock_id}:stopped:{stop.at.isoformat()}"
        case Corrected(clock):
            return f"{clock.clock_id}:corrected"
        case Rested(clock, rest):
            return f"{clock.clock_id}:paused:{rest.since.isoformat()}:{rest.until.isoformat()}"
        case Resumed(clock, _, at):
            return f"{clock.clock_id}:resumed:{at.isoformat()}"
        case Extended(clock, at):
            return f"{clock.clock_id}:extended:{at.isoformat()}"
        case _:
            assert_never(happening)


def event(happening: Happening) -> ClockEvent:
    match happening:
        case Started(clock):
            return ClockStarted(**_about(clock), started_at=clock.started_at)
        case Reached():
            return _rung(happening)
        case Finished(clock, stop, outcome, applied):
            elapsed = (stop.at - clock.started_at).total_seconds()
            return ClockStopped(
                **_about(clock), stopped_at=stop.at, outcome=outcome, elapsed_seconds=elapsed, holder=stop.by,
                log_number=applied,
            )  # fmt: skip
        case Corrected(clock, stop, breached_at):
            return ClockCorrected(
                **_about(clock), acted_at=stop.at, breached_at=breached_at, department=stop.by
            )
        case Rested(clock, rest):
            return ClockPaused(**_about(clock), reason=rest.reason, since=rest.since, until=rest.until)
        case Resumed(clock, rest, at, credit):
            return ClockResumed(
                **_about(clock), reason=rest.reason, since=rest.since, resumed_at=at, by_cap=at == rest.until,
                credit_seconds=credit.total_seconds(),
            )  # fmt: skip
        case Extended(clock, _, granted):
            return ClockExtended(
                **_about(clock),
                original_due_at=clock.original_due_at,
                granted_seconds=granted.total_seconds(),
            )
        case _:
            assert_never(happening)


def _rung(reached: Reached) -> Rung:
    clock, step, holding = reached.clock, reached.step, reached.holding
    kind = rung_type(step.percent)
    return kind(
        **_about(clock), percent=step.percent, rung_at=step.at, fired_at=reached.fired_at,
        late_by=reached.late_by.total_seconds(), unconfirmed=reached.unconfirmed, holder=holding.unit,
        holder_is_desk=holding.is_desk, handler=holding.handler, audiences=step.audiences, category=clock.category,
        area=clock.area, log_number=reached.applied,
    )  # fmt: skip


def rung_type(percent: int) -> type[Rung]:
    if percent < ladder.BREACH:
        return ClockWarned
    return ClockBreached if percent == ladder.BREACH else ClockEscalated


def _about(clock: Clock) -> dict[str, Any]:
    return {
        "clock_id": str(clock.clock_id), "clock": clock.kind, "number": clock.number, "plan": clock.plan.name,
        "due_at": clock.due_at,
    }  # fmt: skip
