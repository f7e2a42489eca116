"""suban.clocks.v1: sla → notify, all. Names department, handler and audience itself, so that notify joins nothing."""

from typing import Literal

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import Audience, ClockKind, Handler, Instant


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
    """A step of the ladder was reached. `late_by` is how long after its own instant it fired, in city seconds.

    `log_number`: the last number of suban.cases.v1 that was applied when it fired; so the log and this topic together
    say in which order everything happened to a clock.
    """

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
    log_number: int | None = None


class ClockWarned(Rung):
    """A rung before due."""

    TYPE = "clock.warned"


class ClockBreached(Rung):
    """The 100 % rung. Never unhappens, but for clock.corrected."""

    TYPE = "clock.breached"


class ClockEscalated(Rung):
    """A rung after due."""

    TYPE = "clock.escalated"


class LevelAsked(Event):
    """sla to the router: a rung says that the level above takes part, or that supervision watches. A command's body.

    `command_id` is the clock instance and the rung, so that it is asked once; `department` had the case at the rung.
    """

    TYPE = "command.asked"
    TOPIC = topics.COMMANDS
    command: Literal["raise", "supervise"]
    command_id: str
    case: str
    reason: str
    department: str


class ClockPaused(ClockEvent):
    """The clock rests from `since`; at `until` it goes on by itself. `due_at` is as if it rested until then."""

    TYPE = "clock.paused"
    reason: str
    since: Instant
    until: Instant


class ClockResumed(ClockEvent):
    """It goes on. `credit_seconds`: what this rest was in the plan's own time, in seconds."""

    TYPE = "clock.resumed"
    reason: str
    since: Instant
    resumed_at: Instant
    by_cap: bool
    credit_seconds: float


class ClockExtended(ClockEvent):
    """延期. The due without any extension stays beside the new one."""

    TYPE = "clock.extended"
    original_due_at: Instant
    granted_seconds: float


class ClockStopped(ClockEvent):
    """`log_number`, as of a rung, when it waited for a rung to fire; none when a line of the log stopped it at once."""

    TYPE = "clock.stopped"
    stopped_at: Instant
    outcome: str  # met | breached | cancelled
    elapsed_seconds: float
    holder: str
    log_number: int | None = None


class ClockCorrected(ClockEvent):
    """An act received in time but taken late: the breach was ours, not the department's."""

    TYPE = "clock.corrected"
    acted_at: Instant
    breached_at: Instant
    department: str
