"""Every event, by topic. A type changes by addition only; anything else is a new type.

An event says what happened, in the past tense. `at` is the instant it counts from, in city time: our receipt,
the broker's append time of a department's command, or the moment an HTTP command was taken (product.md, Clocks).
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from services.contracts import topics
from services.contracts.plans import Plan
from services.contracts.values import (
    ActKind,
    Audience,
    ChannelKind,
    ClockKind,
    Contact,
    Handler,
    Holder,
    Instant,
    Kind,
    Media,
    Medium,
    Place,
    ResolutionKind,
    ResponseBasis,
    ReturnReason,
    Sealed,
    Segment,
    State,
    TriageClass,
)


class Event(BaseModel):
    """The data of one event. `TYPE` is its name on the wire, `TOPIC` the topic (template) it is written to."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[str] = ""


# suban.submissions.v1: intake → router


class SubmissionReceived(Event):
    """A request answered 2xx. `text` is the citizen's original, `match_text` the form rules are matched on."""

    TYPE = "submission.received"
    TOPIC = topics.SUBMISSIONS
    number: str
    channel: str
    channel_kind: ChannelKind
    request_key: str
    received_at: Instant
    occurred_at: Instant | None = None
    title: str | None = None
    text: str
    match_text: str
    category: str | None = None
    place: Place = Place()
    kind: Kind = Kind.COMPLAINT
    segment: Segment = Segment.CITIZEN
    media: tuple[Media, ...] = ()
    contact: Contact = Contact()
    tracking: str | None = None
    extra: dict[str, JsonValue] = {}


class ActReceived(Event):
    """What the citizen added through the channel: 补充 / 催办 / 撤诉 / 评价."""

    TYPE = "act.received"
    TOPIC = topics.SUBMISSIONS
    act_id: str
    channel: str
    kind: ActKind
    received_at: Instant
    text: str | None = None
    rating: int | None = None


# suban.cases.v1: router → our services. No citizen's text, no contact in clear.


class CaseEvent(Event):
    """What every line of the log carries: the state it led to, who holds the case now, and who moved it."""

    TOPIC = topics.CASES
    number: str
    at: Instant
    state: State
    version: int
    holder: Holder
    actor: str


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
    triage_class: TriageClass = TriageClass.ORDINARY
    plan: Plan
    contact: Contact = Contact()
    tracking: str | None = None
    bare: bool = False


class CaseDispatched(CaseEvent):
    """派单. `assignment_version` changes only with owner, role or force."""

    TYPE = "case.dispatched"
    assignment_id: str
    assignment_version: int
    department: str
    assists: tuple[str, ...] = ()
    forced: bool = False
    rule_id: str | None = None
    rules_digest: str | None = None
    reason: str


class CaseAccepted(CaseEvent):
    """签收, with a named handler or without."""

    TYPE = "case.accepted"
    assignment_id: str
    department: str
    handler: Handler | None = None


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
    """办结: stops the close clock, provisionally until verified or closed."""

    TYPE = "case.resolved"
    assignment_id: str | None = None
    department: str
    kind: ResolutionKind
    public_text: str


class CaseClosed(CaseEvent):
    TYPE = "case.closed"
    reason: str


class CaseRejected(CaseEvent):
    TYPE = "case.rejected"
    reason_code: str
    public_text: str


class CaseWithdrawn(CaseEvent):
    TYPE = "case.withdrawn"
    reason: str


class CaseUrged(CaseEvent):
    """催办: shown, told and timed; changes no owner."""

    TYPE = "case.urged"
    by: str


# suban.assignments.<department>.v1: router → that department only


class AssignmentOpened(Event):
    """Everything a duty officer needs to act. The reporter is masked; a 举报's reporter is not shown at all."""

    TYPE = "assignment.opened"
    TOPIC = topics.ASSIGNMENTS
    assignment_id: str
    assignment_version: int
    number: str
    department: str
    role: str
    forced: bool = False
    channel: str
    received_at: Instant
    due_response_at: Instant
    due_close_at: Instant
    plan: str
    triage_class: TriageClass
    kind: Kind
    segment: Segment
    category: str | None = None
    title: str | None = None
    text: str
    place: Place
    area_name: str | None = None
    media: tuple[Media, ...] = ()
    reporter_name: str | None = None
    reporter_phone: str | None = None
    reporter_anonymous: bool = False
    rule_id: str | None = None
    reason: str
    legal_moves: tuple[str, ...] = ()


class AssignmentUpdated(Event):
    """The case changed while this department's assignment is open (the citizen added something, …)."""

    TYPE = "assignment.updated"
    TOPIC = topics.ASSIGNMENTS
    assignment_id: str
    assignment_version: int
    number: str
    department: str
    what: str
    text: str | None = None


class AssignmentCancelled(Event):
    """The department no longer has to act: returned, moved on, withdrawn, closed."""

    TYPE = "assignment.cancelled"
    TOPIC = topics.ASSIGNMENTS
    assignment_id: str
    assignment_version: int
    number: str
    department: str
    reason: str


class AssignmentUrged(Event):
    TYPE = "assignment.urged"
    TOPIC = topics.ASSIGNMENTS
    assignment_id: str
    assignment_version: int
    number: str
    department: str
    by: str


# suban.replies.<department>.v1: router → that department


class CommandAccepted(Event):
    TYPE = "command.accepted"
    TOPIC = topics.REPLIES
    command_id: str
    command: str
    department: str
    state: State
    version: int
    assignment_version: int | None = None
    at: Instant


class CommandRefused(Event):
    """`code` is closed vocabulary (contracts.commands.Refusal); `reason` is for people, Chinese and English."""

    TYPE = "command.refused"
    TOPIC = topics.REPLIES
    command_id: str | None = None
    command: str | None = None
    department: str
    code: str
    reason: str
    legal_moves: tuple[str, ...] = ()
    state: State | None = None
    version: int | None = None
    assignment_version: int | None = None
    holder: str | None = None


# suban.clocks.v1: sla → notify, all. Names department, handler and audience itself, so that notify joins nothing.


class ClockEvent(Event):
    TOPIC = topics.CLOCKS
    clock_id: str
    clock: ClockKind
    number: str
    plan: str
    due_at: Instant


class ClockStarted(ClockEvent):
    TYPE = "clock.started"
    started_at: Instant


class Rung(ClockEvent):
    """A step of the ladder was reached. `late_by` is how long after its own instant it fired, in city seconds."""

    percent: int
    rung_at: Instant
    fired_at: Instant
    late_by: float
    unconfirmed: bool = False
    holder: str
    holder_is_desk: bool
    handler: Handler | None = None
    audiences: tuple[Audience, ...]
    category: str | None = None
    area: str | None = None


class ClockWarned(Rung):
    """A rung before due."""

    TYPE = "clock.warned"


class ClockBreached(Rung):
    """The 100 % rung. Never unhappens, but for clock.corrected."""

    TYPE = "clock.breached"


class ClockEscalated(Rung):
    """A rung after due."""

    TYPE = "clock.escalated"


class ClockStopped(ClockEvent):
    TYPE = "clock.stopped"
    stopped_at: Instant
    outcome: str  # met | breached | cancelled
    elapsed_seconds: float
    holder: str


class ClockCorrected(ClockEvent):
    """An act received in time but taken late: the breach was ours, not the department's."""

    TYPE = "clock.corrected"
    acted_at: Instant
    breached_at: Instant
    department: str


# suban.notices.v1: notify → all. `recipient` is a blind index or a roster id, never a number.


class NoticeEvent(Event):
    TOPIC = topics.NOTICES
    notice_id: str
    number: str
    event: str
    audience: Audience
    medium: Medium
    recipient: str
    template: str


class NoticeSent(NoticeEvent):
    TYPE = "notice.sent"
    provider: str
    parts: int = 1


class NoticeDelivered(NoticeEvent):
    TYPE = "notice.delivered"
    provider: str


class NoticeFailed(NoticeEvent):
    TYPE = "notice.failed"
    provider: str
    reason: str


class NoticeSuppressed(NoticeEvent):
    """Not sent on purpose: quiet hours past use, no address, fate unknown and the template says don't repeat."""

    TYPE = "notice.suppressed"
    reason: str


# suban.watermarks.v1: router → sla. Not from an outbox: only the newest counts.


class ShardMark(BaseModel):
    """Everything the router wrote for this shard up to `at` has a number ≤ `number` on suban.cases.v1."""

    model_config = ConfigDict(frozen=True)
    number: int
    at: Instant


class Watermark(Event):
    """How far each shard and each command topic has been taken (delivery rule 8)."""

    TYPE = "watermark"
    TOPIC = topics.WATERMARKS
    shards: dict[int, ShardMark]
    commands: dict[str, Instant]
    parked: tuple[str, ...] = ()


# suban.dead-letters.v1: any → operators


class DeadLetter(Event):
    """A record without a readable key: where it came from, why, and the original sealed to notify's key."""

    TYPE = "dead.letter"
    TOPIC = topics.DEAD_LETTERS
    topic: str
    partition: int
    offset: int
    sha256: str
    reason: str
    sealed: Sealed | None = None


def _leaves(kind: type[Event]) -> list[type[Event]]:
    below = [leaf for child in kind.__subclasses__() for leaf in _leaves(child)]
    return [kind, *below] if kind.TYPE else below


# Every event by its name on the wire; consumers decode by it and count unknown types as applied.
EVENTS: dict[str, type[Event]] = {event.TYPE: event for event in _leaves(Event)}
