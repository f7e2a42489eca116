"""suban.cases.v1: router → our services. No citizen's text, no contact in clear."""

from datetime import timedelta

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.plans import Travelling
from services.contracts.values import (
    ChannelKind,
    Contact,
    EvidenceKind,
    Handler,
    Holder,
    Instant,
    Kind,
    ResolutionKind,
    ResponseBasis,
    ReturnReason,
    Segment,
    State,
    TriageClass,
)


class CaseEvent(Event):
    """What every line of the log carries: the state it led to, who holds the case now, and who moved it.

    `parent`: the case this one is a part of; only the parent speaks to the citizen.
    """

    TOPIC = topics.CASES
    number: str
    at: Instant
    state: State
    version: int
    holder: Holder
    actor: str
    parent: str | None = None


class CaseRegistered(CaseEvent):
    """立案. Carries the whole plan, so that the log alone says what was promised.

    `bare` is set when our own rules could not decide (delivery rule 9): the desk has it, the clocks run.
    """

    TYPE = "case.registered"
    channel: str
    channel_kind: ChannelKind
    received_at: Instant
    occurred_at: Instant | None = None
    kind: Kind
    segment: Segment
    category: str | None = None
    area: str | None = None
    area_owner: str | None = None
    triage_class: TriageClass = TriageClass.ORDINARY
    plan: Travelling
    contact: Contact = Contact()
    tracking: str | None = None
    bare: bool = False


class CaseDispatched(CaseEvent):
    """派单. `assignment_version` changes only with owner, role or force. `taken_from`: who had it, when it is a 改派.

    `again`: a department had it before this one.
    """

    TYPE = "case.dispatched"
    assignment_id: str
    assignment_version: int
    department: str
    assists: tuple[str, ...] = ()
    forced: bool = False
    rule_id: str | None = None
    rules_digest: str | None = None
    reason: str
    taken_from: str | None = None
    again: bool = False


class CaseAccepted(CaseEvent):
    """签收, with a named handler or without. `by_silence`: the plan takes silence for acceptance."""

    TYPE = "case.accepted"
    assignment_id: str
    department: str
    handler: Handler | None = None
    by_silence: bool = False


class CaseStarted(CaseEvent):
    TYPE = "case.started"
    assignment_id: str
    department: str


class CaseResponded(CaseEvent):
    """响应: an act that may count as a response. `first` marks the first one that counts by the case's plan.

    `late_taken` says the act was legal when the broker took it but reached us too late to change the state.
    """

    TYPE = "case.responded"
    assignment_id: str | None = None
    department: str
    basis: ResponseBasis
    first: bool
    handler: Handler | None = None
    public_text: str | None = None
    late_taken: bool = False


class CaseReturned(CaseEvent):
    """退单: back to the desk."""

    TYPE = "case.returned"
    assignment_id: str
    department: str
    reason_code: ReturnReason
    suggested_owner: str | None = None
    bounce_count: int


class CaseResolved(CaseEvent):
    """办结: stops the close clock, provisionally until verified or closed. `level`: the highest that took part."""

    TYPE = "case.resolved"
    assignment_id: str | None = None
    department: str
    kind: ResolutionKind
    public_text: str
    level: str | None = None
    evidence: tuple[EvidenceKind, ...] = ()


class CaseClosed(CaseEvent):
    TYPE = "case.closed"
    reason: str


class CaseRejected(CaseEvent):
    TYPE = "case.rejected"
    reason_code: str
    public_text: str
    turn_to: str | None = None


class CaseWithdrawn(CaseEvent):
    TYPE = "case.withdrawn"
    reason: str


class CaseUrged(CaseEvent):
    """催办: shown, told and timed; changes no owner."""

    TYPE = "case.urged"
    by: str


class CaseReclassified(CaseEvent):
    """改类. Receipt and clocks stay. `plan` is the one in force from now on; `plan_changed`: it is tighter than before.

    `due_close_at`: the close as it is due from now on, with all that has rested or was granted. `credited`: all that its
    close clock has not counted so far, in the own time of the plan in force now.
    """

    TYPE = "case.reclassified"
    category: str | None
    previous_category: str | None
    triage_class: TriageClass
    previous_class: TriageClass
    kind: Kind
    previous_kind: Kind
    plan: Travelling
    plan_changed: bool
    received_at: Instant
    due_close_at: Instant
    credited: timedelta | None = None


class CaseSupervised(CaseEvent):
    """督办: shown, told and timed; changes no owner. `answer_by`: when an answer is wanted."""

    TYPE = "case.supervised"
    by: str
    department: str
    answer_by: Instant | None = None


class CaseTransferredOut(CaseEvent):
    """转出 to another system. Ends the clocks."""

    TYPE = "case.transferred_out"
    system: str
    their_number: str
    public_text: str
