"""Events of one case as the router writes them, and the city's default plan."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from services.contracts import ids
from services.contracts.calendars import Calendar
from services.contracts.countings import Counting
from services.contracts.events import (
    Call,
    CaseAccepted,
    CaseArrived,
    CaseDispatched,
    CaseDisputed,
    CaseExtended,
    CasePaused,
    CaseRegistered,
    CaseRejected,
    CaseReopened,
    CaseResolved,
    CaseResponded,
    CaseResumed,
    CaseReturned,
    CaseReturnReviewed,
    CaseRuled,
    CaseWhistled,
    CaseWithdrawn,
)
from services.contracts.ids import CaseId
from services.contracts.plans import Close, Counted, Measure, Plan, Response, Rung, Text
from services.contracts.values import (
    Audience,
    ChannelKind,
    ClockKind,
    Handler,
    Holder,
    Kind,
    PauseReason,
    ResolutionKind,
    ResponseBasis,
    ReturnReason,
    Segment,
    State,
)

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shenzhen
CASE = ids.case_id("hotline-12345", "A-1")
NUMBER = "20261123-7K3M-9QX9"
DESK = "dispatch-desk"
LI = Handler(id="li", name="李工")
LADDER = (
    Rung(percent=50, audience=(Audience.HANDLER,)),
    Rung(percent=80, audience=(Audience.HANDLER, Audience.HEAD)),
    Rung(percent=100, audience=(Audience.HANDLER, Audience.HEAD)),
    Rung(percent=150, audience=(Audience.LEVEL_ABOVE,)),
    Rung(percent=200, audience=(Audience.SUPERVISION,)),
)


def at(clock: str, days: int = 0) -> datetime:
    """`09:30` local on the day of receipt."""
    hour, minute, *second = map(int, clock.split(":"))
    return NINE + timedelta(days=days, hours=hour - 9, minutes=minute, seconds=second[0] if second else 0)


def plan(*counts: ResponseBasis, ladder: tuple[Rung, ...] = LADDER) -> Plan:
    response = Response(target=timedelta(minutes=30), counts=counts or tuple(ResponseBasis))
    return Plan(
        name="default", title=Text(zh="默认", en="Default"), response=response,
        close=Close(target=timedelta(hours=24)), ladder=ladder,
    )  # fmt: skip


def office_plan(days: int, known_until: int = 2026) -> Plan:
    """Close in so many working days, nine to six with two hours at noon; what comes at 17:00 counts from tomorrow."""
    week = (("09:00-12:00", "14:00-18:00"),) * 5 + ((),) * 2
    office = Calendar(name="office", zone="Asia/Shanghai", week=week, known_until=known_until)
    counted = Counted(by=Counting.WORKING_DAYS, cut_off=time(17), days=office)
    return plan().model_copy(update={"close": Close(target=timedelta(days=days), counted=counted)})


def case(key: object) -> CaseId:
    return ids.case_id("hotline-12345", str(key))


def _line(instant: datetime, state: State, unit: str, **more: Any) -> dict[str, Any]:
    holder = Holder(unit=unit, is_desk=unit == DESK)
    return {
        "number": NUMBER,
        "at": instant,
        "state": state,
        "version": 1,
        "holder": holder,
        "actor": unit,
        **more,
    }


def registered(
    instant: datetime = NINE, promise: Plan | None = None, taken: datetime | None = None
) -> CaseRegistered:
    return CaseRegistered(
        **_line(taken or instant, State.REGISTERED, DESK), channel="hotline-12345", channel_kind=ChannelKind.HOTLINE,
        received_at=instant, kind=Kind.COMPLAINT, segment=Segment.CITIZEN, category="市容环卫/占道经营",
        area="pingshan/biling", plan=promise or plan(),
    )  # fmt: skip


def dispatched(instant: datetime, unit: str) -> CaseDispatched:
    return CaseDispatched(
        **_line(instant, State.DISPATCHED, unit),
        assignment_id="1",
        assignment_version=1,
        department=unit,
        reason="r1",
    )


def accepted(instant: datetime, unit: str, handler: Handler | None = None) -> CaseAccepted:
    line = _line(instant, State.ACCEPTED, unit)
    return CaseAccepted(**line, assignment_id="1", department=unit, handler=handler)


def responded(
    instant: datetime,
    unit: str,
    basis: ResponseBasis = ResponseBasis.PUBLIC_MESSAGE,
    late_taken: bool = False,
) -> CaseResponded:
    return CaseResponded(
        **_line(instant, State.IN_PROGRESS, unit),
        department=unit,
        basis=basis,
        first=True,
        late_taken=late_taken,
    )


def returned(instant: datetime, unit: str) -> CaseReturned:
    return CaseReturned(
        **_line(instant, State.REGISTERED, DESK), assignment_id="1", department=unit,
        reason_code=ReturnReason.WRONG_JURISDICTION, bounce_count=1,
    )  # fmt: skip


def resolved(instant: datetime, unit: str) -> CaseResolved:
    return CaseResolved(
        **_line(instant, State.RESOLVED, unit),
        department=unit,
        kind=ResolutionKind.FIXED,
        public_text="已清理",
    )


def rejected(instant: datetime) -> CaseRejected:
    return CaseRejected(
        **_line(instant, State.REJECTED, DESK), reason_code="no_object", public_text="不予受理"
    )


def withdrawn(instant: datetime, unit: str) -> CaseWithdrawn:
    return CaseWithdrawn(**_line(instant, State.WITHDRAWN, unit), reason="citizen")


def paused(
    instant: datetime, until: datetime, reason: PauseReason = PauseReason.AWAITING_CITIZEN, unit: str = "b"
) -> CasePaused:
    return CasePaused(
        **_line(instant, State.SUSPENDED, unit), request_id="r", assignment_id="1", department=unit, reason=reason,
        requested_at=instant, approver=DESK, until=until, cap=until - instant,
    )  # fmt: skip


def resumed(instant: datetime, since: datetime, unit: str = "b") -> CaseResumed:
    return CaseResumed(
        **_line(instant, State.IN_PROGRESS, unit), assignment_id="1", department=unit,
        reason=PauseReason.AWAITING_CITIZEN, paused_at=since, paused_total=instant - since, due_at=instant,
    )  # fmt: skip


def extended(instant: datetime, by: timedelta, unit: str = "b") -> CaseExtended:
    return CaseExtended(
        **_line(instant, State.IN_PROGRESS, unit), request_id="r", department=unit, requested=by, granted=by,
        granted_total=by, requester=unit, approver=DESK, original_due_at=instant, previous_due_at=instant, due_at=instant,
    )  # fmt: skip


def reopened(instant: datetime, resolved_at: datetime, unit: str = "b", count: int = 1) -> CaseReopened:
    return CaseReopened(
        **_line(instant, State.IN_PROGRESS, unit), basis="redo", redo_count=count, assignment_id="1",
        assignment_version=1, department=unit, resolved_at=resolved_at, due_at=instant,
    )  # fmt: skip


def reviewed(instant: datetime, since: datetime, until: datetime, counts_for: str) -> CaseReturnReviewed:
    return CaseReturnReviewed(
        **_line(instant, State.REGISTERED, DESK), assignment_id="1", department="a", upheld=True, by="desk",
        held_from=since, held_until=until, counts_for=counts_for,
    )  # fmt: skip


def disputed(instant: datetime) -> CaseDisputed:
    return CaseDisputed(**_line(instant, State.DISPUTED, DESK), ground="limit", refusals=())


def ruled(instant: datetime, unit: str) -> CaseRuled:
    return CaseRuled(**_line(instant, State.DISPUTED, DESK), department=unit)


def whistled(instant: datetime, calls: dict[str, datetime]) -> CaseWhistled:
    every = tuple(
        Call(attendance_id=unit, assignment_id=unit, department=unit, arrive_by=due)
        for unit, due in calls.items()
    )
    return CaseWhistled(**_line(instant, State.IN_PROGRESS, "b"), whistle_id="w", by="b", calls=every)


def arrived(instant: datetime, unit: str) -> CaseArrived:
    return CaseArrived(
        **_line(instant, State.IN_PROGRESS, "b"), whistle_id="w", attendance_id=unit, department=unit,
        called_at=instant, arrive_by=instant, late=False,
    )  # fmt: skip


def full_plan() -> Plan:
    """With every clock beside the two."""
    others = {kind: Measure(target=timedelta(minutes=20)) for kind in ClockKind}
    del others[ClockKind.RESPONSE], others[ClockKind.CLOSE]
    return plan().model_copy(update={"clocks": others})
