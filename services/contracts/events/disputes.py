"""suban.cases.v1: whose it is, when departments disagree. Nobody's typed grounds are in it."""

from pydantic import BaseModel, ConfigDict

from services.contracts.events.cases import CaseEvent
from services.contracts.values import Instant, ReturnReason


class CaseReturnReviewed(CaseEvent):
    """退单审核: whether a return was right. The stretch `held_from` to `held_until` counts as `counts_for`'s holding.

    `by`: desk, silence (nobody objected in time), policy (the city upholds at once), rules or ruling (sent elsewhere).
    """

    TYPE = "case.return_reviewed"
    assignment_id: str
    department: str
    upheld: bool
    by: str
    held_from: Instant
    held_until: Instant
    counts_for: str


class RefusedBy(BaseModel):
    """A department that has returned the case, and why."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    department: str
    reason_code: ReturnReason
    suggested_owner: str | None = None
    at: Instant
    upheld: bool | None = None


class CaseDisputed(CaseEvent):
    """权责争议. `ground`: limit, named_back, desk. `acting`: who holds it meanwhile, where the city says act first."""

    TYPE = "case.disputed"
    ground: str
    refusals: tuple[RefusedBy, ...]
    acting: str | None = None


class CaseMet(CaseEvent):
    """会商: those who disagree have met; the minutes are with the case, not in the log."""

    TYPE = "case.met"
    held_at: Instant
    present: int


class CaseRuled(CaseEvent):
    """裁决: who leads from now on, forced; the dispatch follows in the next line."""

    TYPE = "case.ruled"
    department: str
    assists: tuple[str, ...] = ()


class ChildNamed(BaseModel):
    """A child as its parent's log names it; its scope is in its own assignment."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    case_id: str
    number: str
    department: str
    assists: tuple[str, ...] = ()


class CaseSplit(CaseEvent):
    """拆分: the parent keeps clock and citizen."""

    TYPE = "case.split"
    children: tuple[ChildNamed, ...]


class CaseChildDone(CaseEvent):
    """A child of this case has resolved (or has been taken up again: `done` false). `waiting`: how many have not.

    `waived`: it need not be done.
    """

    TYPE = "case.child_done"
    child: str
    department: str
    done: bool
    waiting: int
    waived: bool = False


class CaseAppealed(CaseEvent):
    """申诉: recorded; it stops nothing."""

    TYPE = "case.appealed"
    assignment_id: str
    department: str
