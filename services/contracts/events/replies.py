"""suban.replies.<department>.v1: router → that department."""

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import Instant, State


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
    """`missing`: the parts of the evidence that a resolve lacks. `code` is closed vocabulary (contracts.commands.Refusal); `reason` is for people, Chinese and English."""

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
    missing: tuple[str, ...] = ()
