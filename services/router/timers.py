"""What time alone does to a case: silence accepts, a pause reaches its cap, a citizen is asked, silence closes. Pure.

A case has at most one next timer; its instant is a column, so that a ticker finds what is due by an index. A timer
counts from its own instant, however late it is taken, and is taken before any command that came after that instant.
"""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.commands import Accept, AnyCommand, Close, Resume, Verify
from services.contracts.values import State
from services.router.case import DESK, Case
from services.router.verdicts import Asked

ACTOR = "timer"


@dataclass(frozen=True, slots=True)
class Timer:
    at: datetime
    kind: type[Accept] | type[Resume] | type[Verify] | type[Close]


def next_of(case: Case) -> Timer | None:
    """The earliest thing that time will do to this case, if nobody else does anything."""
    match case.state:
        case State.DISPATCHED if case.plan.auto_accept is not None:
            lead = next((one for one in case.open if one.role not in ("assist", DESK)), None)
            return Timer(lead.opened_at + case.plan.auto_accept, Accept) if lead else None
        case State.SUSPENDED if case.standing.pause is not None:
            return Timer(case.standing.pause.until, Resume)
        case State.RESOLVED if case.standing.verify_at is not None:
            return Timer(case.standing.verify_at, Verify)
        case State.RESOLVED | State.VERIFYING if case.close_at is not None:
            return Timer(case.close_at, Close)
    return None


def asked(case: Case, timer: Timer, now: datetime) -> Asked:
    """The timer as a command; its id is derived, so that the same timer is the same command."""
    name = f"timer {case.id} {case.version}"
    command: AnyCommand = timer.kind(command_id=name, case=str(case.id))
    return Asked(ACTOR, None, False, command, now, appended_at=timer.at, timer=True)
