"""suban.cases.v1: time asked of the desk and its answer. They carry all that a clock needs; nobody's typed reasons."""

from datetime import timedelta

from services.contracts.events.cases import CaseEvent
from services.contracts.values import ClockKind, Instant, PauseReason

RESTS = (ClockKind.CLOSE,)


class CasePauseRequested(CaseEvent):
    """申请暂停 or 挂账, for the desk to approve. Nothing rests yet. `until`: what was asked for, if anything.

    `answers`: the unit that is to approve or to refuse.
    """

    TYPE = "case.pause_requested"
    request_id: str
    department: str
    reason: PauseReason
    until: Instant | None
    cap: timedelta
    answers: str


class CasePaused(CaseEvent):
    """暂停计时, effective from `at`: the approval, or the asking where no approver is needed.

    `until`: then it resumes by itself. `clocks`: what rests; a response clock never does.
    """

    TYPE = "case.paused"
    request_id: str
    assignment_id: str
    department: str
    reason: PauseReason
    requested_at: Instant
    approver: str | None = None
    until: Instant
    cap: timedelta
    clocks: tuple[ClockKind, ...] = RESTS


class CasePauseRefused(CaseEvent):
    TYPE = "case.pause_refused"
    request_id: str
    department: str
    reason: PauseReason


class CaseResumed(CaseEvent):
    """恢复计时, effective from `at`; `by_cap`: by itself, as the cap was reached. `paused_total`: all pauses, this one too.

    `due_at`: when the close is due from now on.
    """

    TYPE = "case.resumed"
    assignment_id: str
    department: str
    reason: PauseReason
    paused_at: Instant
    by_cap: bool = False
    paused_total: timedelta
    due_at: Instant
    clocks: tuple[ClockKind, ...] = RESTS


class CaseExtensionRequested(CaseEvent):
    """申请延期: the close due is asked to be later by `requested`; `due_at` is the present one."""

    TYPE = "case.extension_requested"
    request_id: str
    department: str
    requested: timedelta
    due_at: Instant
    answers: str


class CaseExtended(CaseEvent):
    """延期, approved before due. `original_due_at` is the due without any extension, kept beside the new one."""

    TYPE = "case.extended"
    request_id: str
    department: str
    requested: timedelta
    granted: timedelta
    granted_total: timedelta
    requester: str
    approver: str
    original_due_at: Instant
    previous_due_at: Instant
    due_at: Instant


class CaseExtensionRefused(CaseEvent):
    TYPE = "case.extension_refused"
    request_id: str
    department: str
    requested: timedelta
