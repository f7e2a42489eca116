"""suban.cases.v1: after the resolve. What fails verification is done again, by the same owner, on a clock of its own."""

from typing import Literal

from services.contracts.events.cases import CaseEvent
from services.contracts.values import Asking, Instant


class CaseVerificationAsked(CaseEvent):
    """回访: the citizen is asked; silent until `silent_until` is well. `caller`: the unit that calls, if one does."""

    TYPE = "case.verification_asked"
    department: str
    ask: Asking
    caller: str
    silent_until: Instant


class CaseRated(CaseEvent):
    """评价 1–5, outside a verification."""

    TYPE = "case.rated"
    department: str
    rating: int
    satisfied: bool


class CaseVerified(CaseEvent):
    """The answer to a verification. Not `satisfied`: a redo follows."""

    TYPE = "case.verified"
    department: str
    rating: int
    satisfied: bool
    asked_at: Instant


class CaseReopened(CaseEvent):
    """重办 / 重启: the close clock goes on with what was left, and a redo clock of its own begins at `at`.

    (case, `redo_count`) is the redo clock's instance. The time from `resolved_at` to `at` is not the department's. `due_at`: when the close is due from
    now on.
    """

    TYPE = "case.reopened"
    basis: Literal["redo", "rating", "reopen"]
    redo_count: int
    assignment_id: str
    assignment_version: int
    department: str
    resolved_at: Instant
    due_at: Instant
    verifying_since: Instant | None = None


class CaseFlagged(CaseEvent):
    """问题工单: returned or redone so often that the level above is told. The owner stays."""

    TYPE = "case.flagged"
    why: Literal["bounces", "redos"]
    count: int
    department: str
    told: str
