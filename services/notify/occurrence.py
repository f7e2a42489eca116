"""What happened, as people are told of it: lines of the log and rungs of a clock, each under the name its templates have.

Pure. It also says what a line changes in what we know of a case: whose assignment is open, and the handler it named.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts import plans
from services.contracts.events import (
    CaseAccepted,
    CaseDispatched,
    CaseDisputed,
    CaseEvent,
    CaseExtended,
    CaseExtensionRequested,
    CaseFlagged,
    CaseHandedOff,
    CaseHandOffConfirmed,
    CaseMerged,
    CasePaused,
    CasePauseRequested,
    CaseRaised,
    CaseRegistered,
    CaseRejected,
    CaseReleased,
    CaseReopened,
    CaseResolved,
    CaseResponded,
    CaseResumed,
    CaseReturned,
    CaseSplit,
    CaseTransferredOut,
    CaseVerificationAsked,
    CaseWhistled,
    Rung,
)
from services.contracts.ids import CaseId, EventId
from services.contracts.values import Asking, Audience, Kind, Locale, State, TriageClass
from services.notify.slots import Subject

OPENED = "assignment.opened"
# Of a part of a split case the citizen hears nothing: only the parent speaks.
STAFF = tuple(audience for audience in Audience if audience is not Audience.CITIZEN)
SHUT = (State.CLOSED, State.REJECTED, State.MERGED, State.WITHDRAWN, State.TRANSFERRED_OUT, State.HANDED_OFF)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported a case that another stands for 并单. `phone`, `app`: blind indexes."""

    case_id: CaseId
    locale: Locale
    phone: str | None = None
    app: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What notify knows of a case. `phone`, `app`: blind indexes. `department`: whose assignment is open.

    `others`: reporters of the cases it stands for.
    """

    case_id: CaseId
    number: str
    channel: str
    kind: Kind
    triage_class: TriageClass
    category: str | None
    area: str | None
    received_at: datetime
    due_response_at: datetime
    due_close_at: datetime
    locale: Locale
    phone: str | None
    app: str | None
    tracking: str | None = None
    department: str | None = None
    handler: str | None = None
    has_contact: bool = False
    others: tuple[Reporter, ...] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something people are told of, under the name their templates have. `audiences` None: all with a template.

    `again`: such a step has been before in this case.
    """

    event: str
    event_id: EventId
    case_id: CaseId
    subject: Subject
    unit: str
    handler: str | None = None
    audiences: tuple[Audience, ...] | None = None
    again: bool = False


def opened(case_id: CaseId, event: CaseRegistered, phone: str | None, app: str | None) -> Case:
    """A case as it is registered. The plan travels in the event, so its due times need no file."""
    return Case(
        case_id, event.number, event.channel, event.kind, event.triage_class, event.category, event.area,
        event.received_at, plans.due_at(event.plan.response, event.received_at), plans.due_at(event.plan.close, event.received_at),
        event.contact.locale, phone, app, event.tracking, has_contact=event.contact.sealed is not None,
    )  # fmt: skip


def after(case: Case, event: CaseEvent) -> Case:
    """Whose assignment is open now, and the handler it named. Whoever no longer holds the case loses its contact."""
    if event.state in SHUT or isinstance(event, CaseReturned | CaseSplit):
        return replace(case, department=None, handler=None)
    match event:
        case CaseDisputed(acting=acting):
            return replace(case, department=acting, handler=None)
        case CaseReleased(other=other):
            return replace(case, others=tuple(one for one in case.others if str(one.case_id) != other))
        case CaseDispatched():
            return replace(case, department=event.department, handler=None)
        case CaseReopened():
            return replace(case, department=event.department)
        case CaseAccepted() | CaseResponded() if event.handler is not None:
            return replace(case, handler=event.handler.id)
    return case


def of_line(case: Case, event_id: EventId, event: CaseEvent) -> Iterator[Occurrence]:
    """What one line of the log is told as. A response that was none, and was not said in public, is told to nobody."""
    unit = _unit(event)
    told = not isinstance(event, CaseResponded) or event.first or event.public_text is not None
    subject = _subject(case, event, unit)
    if told:
        again = isinstance(event, CaseDispatched) and event.again
        again = again or (isinstance(event, CaseResponded) and not event.first)
        whom = _audiences(event)
        yield Occurrence(event.TYPE, event_id, case.case_id, subject, unit, case.handler, whom, again)
    if isinstance(event, CaseWhistled):
        yield from _called(case, event_id, event, subject)
    new_owner = _new_owner(event)
    if new_owner is not None:
        yield Occurrence(OPENED, event_id, case.case_id, replace(subject, unit=new_owner), new_owner)


OF_A_DEPARTMENT = (
    CaseDispatched,
    CaseReturned,
    CaseResponded,
    CaseResolved,
    CaseRaised,
    CaseFlagged,
    CaseReopened,
)
DESKS = (CasePauseRequested, CaseExtensionRequested)


def _unit(event: CaseEvent) -> str:
    """Whose people are meant when an audience is named."""
    if isinstance(event, OF_A_DEPARTMENT):
        return event.department
    if isinstance(event, DESKS):
        return event.answers
    if isinstance(event, CaseVerificationAsked) and event.ask is Asking.CALL:
        return event.caller
    return event.holder.unit


def _audiences(event: CaseEvent) -> tuple[Audience, ...] | None:
    """A verification asks the citizen by message, or a person of the desk to call; a whistle rings where it calls; of a part only staff hears."""
    if isinstance(event, CaseVerificationAsked):
        return (Audience.DUTY_OFFICER,) if event.ask is Asking.CALL else (Audience.CITIZEN,)
    if isinstance(event, CaseWhistled):
        return ()
    return STAFF if event.parent else None


def _called(case: Case, event_id: EventId, event: CaseWhistled, subject: Subject) -> Iterator[Occurrence]:
    for call in event.calls:
        yield Occurrence(
            event.TYPE, event_id, case.case_id, replace(subject, due_at=call.arrive_by), call.department,
            audiences=(Audience.DUTY_OFFICER,),
        )  # fmt: skip


def _new_owner(event: CaseEvent) -> str | None:
    """Who has got it by this event: a department, or the desk when nobody claims it or it comes back."""
    if isinstance(event, CaseDispatched):
        return event.department
    if isinstance(event, CaseDisputed) and event.acting:
        return event.acting
    stays = isinstance(event, CaseRegistered | CaseReturned) and event.holder.reason is not None
    if event.holder.is_desk and (stays or isinstance(event, CaseDisputed | CaseHandedOff)):
        return event.holder.unit
    return None


def of_rung(case_id: CaseId, event_id: EventId, rung: Rung) -> Occurrence:
    """A rung names its audience itself, so that nothing of the case need be known."""
    subject = Subject(
        rung.number, rung.fired_at, rung.holder, rung.category, rung.area, due_at=rung.due_at, kind=rung.clock,
        percent=rung.percent,
    )  # fmt: skip
    handler = rung.handler.id if rung.handler else None
    return Occurrence(rung.TYPE, event_id, case_id, subject, rung.holder, handler, rung.audiences)


def _subject(case: Case, event: CaseEvent, unit: str) -> Subject:
    return Subject(
        case.number, event.at, unit, case.category, case.area,
        received_at=case.received_at, due_response_at=case.due_response_at, due_close_at=case.due_close_at,
        due_at=_due(event), triage_class=case.triage_class, request_kind=case.kind, tracking=case.tracking,
        kind=event.kind if isinstance(event, CaseResolved) else None,
        reason_code=_reason(event), basis=event.basis if isinstance(event, CaseResponded) else None,
        public_text=_public_text(event), into=event.into_number if isinstance(event, CaseMerged) else None,
        service=event.service if isinstance(event, CaseHandedOff | CaseHandOffConfirmed) else None,
        parts=len(event.children) if isinstance(event, CaseSplit) else None,
    )  # fmt: skip


def _due(event: CaseEvent) -> datetime | None:
    """What the slot `due` says: the close as it is due now; until when it rests; until when an answer is awaited."""
    match event:
        case CaseExtended() | CaseResumed() | CaseReopened() | CaseExtensionRequested():
            return event.due_at
        case CasePaused():
            return event.until
        case CaseVerificationAsked():
            return event.silent_until
    return None


def _reason(event: CaseEvent) -> str | None:
    match event:
        case CaseRejected() | CaseReturned():
            return event.reason_code
        case CasePaused() | CasePauseRequested() | CaseResumed():
            return event.reason
        case CaseFlagged():
            return event.why
    return None


def _public_text(event: CaseEvent) -> str | None:
    match event:
        case CaseRejected(turn_to=str(where)):
            return f"{event.public_text} → {where}"
        case CaseResponded() | CaseResolved() | CaseRejected():
            return event.public_text
        case CaseTransferredOut():
            return f"{event.public_text} → {event.system} {event.their_number}"
    return None
