"""Follow-ups: what one case does to another. Written with the move that causes it, done under the other's lock. Pure data.

Each is done once and, from one case to another, in the order written. `at` is the instant it counts from.
"""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.contracts.events import SubmissionReceived
from services.contracts.plans import Travelling
from services.contracts.values import Contact, Instant, Kind, ResolutionKind, ResponseBasis, TriageClass


class Errand(BaseModel):
    """`to` is whose lock it needs, `by` who sends it."""

    model_config = ConfigDict(frozen=True)
    to: UUID
    by: UUID
    by_number: str
    at: Instant


class OpenChild(Errand):
    """Begin a part of a split case; it takes the parent's plan and receipt, so that it is never due later."""

    kind: Literal["open_child"] = "open_child"
    number: str
    scope: str
    department: str
    assists: tuple[str, ...]
    plan: Travelling
    received_at: Instant
    responded_at: Instant | None
    category: str | None
    area: str | None
    area_owner: str | None
    request_kind: Kind
    triage_class: TriageClass
    submission: SubmissionReceived
    rules_digest: str


class ChildResponded(Errand):
    """The responsible side has answered: the parent's response clock hears of it."""

    kind: Literal["child_responded"] = "child_responded"
    department: str
    basis: ResponseBasis


class ChildDone(Errand):
    kind: Literal["child_done"] = "child_done"
    department: str
    resolution: ResolutionKind
    public_text: str


class ChildUndone(Errand):
    """It has been taken up again."""

    kind: Literal["child_undone"] = "child_undone"
    department: str


class ChildAgain(Errand):
    """Do it again, with the parent, which had resolved at `resolved_at`."""

    kind: Literal["child_again"] = "child_again"
    basis: Literal["redo", "rating", "reopen"]
    reason: str
    resolved_at: Instant


class ChildWaived(Errand):
    """It need not be done."""

    kind: Literal["child_waived"] = "child_waived"


class ParentExtended(Errand):
    """The parent has more time, and every part with it."""

    kind: Literal["parent_extended"] = "parent_extended"
    request_id: str
    department: str
    requested: timedelta
    granted: timedelta
    requester: str
    approver: str


class ParentEnded(Errand):
    """The parent has come to its end, and its children with it. `closed`: it was closed, all of them having resolved."""

    kind: Literal["parent_ended"] = "parent_ended"
    closed: bool = False


class Absorb(Errand):
    """Stand for the sender too."""

    kind: Literal["absorb"] = "absorb"
    received_at: Instant
    channel: str
    contact: Contact
    tracking: str | None
    text: str


class Release(Errand):
    """Stand for the sender no longer."""

    kind: Literal["release"] = "release"


class NotAbsorbed(Errand):
    """It could not: the case had ended in the meantime."""

    kind: Literal["not_absorbed"] = "not_absorbed"


FollowUp = (
    OpenChild | ChildResponded | ChildDone | ChildUndone | ChildAgain | ChildWaived | ParentExtended | ParentEnded
    | Absorb | Release | NotAbsorbed
)  # fmt: skip
FOLLOW_UP: TypeAdapter[FollowUp] = TypeAdapter(Annotated[FollowUp, Field(discriminator="kind")])
