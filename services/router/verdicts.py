"""What is asked of a case, and what comes of it: done, or refused with a reason."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.commands import AnyCommand, Refusal
from services.contracts.events import Event
from services.router.candidate import Candidate
from services.router.case import Case
from services.router.follow_ups import FollowUp
from services.router.wording import Said


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was taken. `unit` is the department that speaks, None for the desk's people and for timers.

    `appended_at` is the broker's append time, None for what came by HTTP or from ourselves. `other` is the other case
    that the command names, as it stood when it was looked up: its own lock is not held.
    """

    actor: str
    unit: str | None
    desk: bool
    command: AnyCommand
    now: datetime
    appended_at: datetime | None = None
    timer: bool = False
    other: Case | None = None

    def at(self, case: Case) -> datetime:
        """When it counts from: between the case's previous time and now."""
        return self.now if self.appended_at is None else min(max(self.appended_at, case.changed_at), self.now)


@dataclass(frozen=True, slots=True)
class Done:
    """The case as it is now, and what is written about it.

    `follow_ups`: what it does to other cases, under their locks. `candidate`: a rule that a ruling proposes. `account`:
    what the rules said where they were asked again, as account.py writes it.
    """

    case: Case
    at: datetime
    events: tuple[Event, ...]
    follow_ups: tuple[FollowUp, ...] = ()
    candidate: Candidate | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is changed, but for `events`: a response that was legal when it was appended counts for the clock.

    `case` is what the refused may be shown; None when it is none of their business.
    """

    code: Refusal
    reason: Said
    legal: tuple[str, ...] = ()
    case: Case | None = None
    events: tuple[Event, ...] = ()
    at: datetime | None = None
    missing: tuple[str, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()


Verdict = Done | Refused


@dataclass(frozen=True, slots=True)
class Denied:
    """A guard's no with a code of its own; `missing` are the parts that are wanted."""

    said: Said
    code: Refusal
    missing: tuple[str, ...] = ()
