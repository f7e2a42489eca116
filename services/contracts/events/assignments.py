"""suban.assignments.<department>.v1: router → that department only."""

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import Instant, Kind, Media, Place, Segment, TriageClass


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
    area: str | None = None
    area_name: str | None = None
    area_owner: str | None = None
    media: tuple[Media, ...] = ()
    reporter_name: str | None = None
    reporter_phone: str | None = None
    reporter_anonymous: bool = False
    rule_id: str | None = None
    reason: str
    legal_moves: tuple[str, ...] = ()
    parent: str | None = None
    scope: str | None = None
    called_by: str | None = None
    arrive_by: Instant | None = None


class AssignmentForced(AssignmentOpened):
    """By a ruling 裁决: it cannot be returned. `scope`: the part of a split case that is this department's."""

    TYPE = "assignment.forced"


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
    by: str | None = None
    rating: int | None = None
    due_response_at: Instant | None = None
    due_close_at: Instant | None = None
    answer_by: Instant | None = None


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
