"""Commands: what a department or the dispatcher's desk asks for. Imperative; the router answers each with a verdict.

The same words come by two doors: `suban.commands.<department>.v1` (the topic is the identity) and
`POST /v1/cases/{id}/commands` (the key is the identity).
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from services.contracts.values import Handler, ResolutionKind, ResponseBasis, ReturnReason, Storable

Text = Annotated[str, Field(min_length=1, max_length=2000), Storable]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]


class Refusal(StrEnum):
    """Why a command was refused; closed vocabulary of `command.refused` and of HTTP problems."""

    UNREADABLE = "unreadable"
    UNKNOWN_CASE = "unknown_case"
    ILLEGAL_MOVE = "illegal_move"
    NOT_SERVED_YET = "not_served_yet"
    NOT_YOURS = "not_yours"
    STALE_VERSION = "stale_version"
    REPEATED_OTHERWISE = "repeated_otherwise"
    UNKNOWN_DEPARTMENT = "unknown_department"
    PARKED = "parked"
    NO_APPEND_TIME = "no_append_time"


class Command(BaseModel):
    """What every command carries.

    `command_id` is the sender's: a repeat gets the first reply. `case` is the case id or the public number (Kafka:
    the id). `assignment_version`, where given, is the one the sender saw; a stale one is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    command_id: Annotated[str, Field(min_length=1, max_length=128), Storable]
    case: Annotated[str, Field(min_length=1, max_length=64)]
    assignment_version: Annotated[int, Field(ge=1)] | None = None


class Accept(Command):
    """签收. With a handler it is a response by the default plan; without, it is not."""

    command: Literal["accept"] = "accept"
    handler: Handler | None = None


class Start(Command):
    command: Literal["start"] = "start"


class Respond(Command):
    """响应: a public message to the citizen, or a logged contact (who was reached, when)."""

    command: Literal["respond"] = "respond"
    basis: Literal[ResponseBasis.PUBLIC_MESSAGE, ResponseBasis.LOGGED_CONTACT]
    public_text: Text | None = None
    contact_note: Text | None = None
    handler: Handler | None = None


class Return(Command):
    """退单: needs a reason code, grounds and, if known, a suggested owner."""

    command: Literal["return"] = "return"
    reason_code: ReturnReason
    grounds: Text
    suggested_owner: Slug | None = None


class Resolve(Command):
    """办结: a kind, a public text, and evidence where the category asks for it."""

    command: Literal["resolve"] = "resolve"
    kind: ResolutionKind
    public_text: Text
    evidence: tuple[Annotated[str, Field(max_length=2000), Storable], ...] = ()


class Close(Command):
    command: Literal["close"] = "close"
    reason: Text = "办结 / resolved"


class Reject(Command):
    """不予受理: the desk alone; the citizen is told why."""

    command: Literal["reject"] = "reject"
    reason_code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    public_text: Text


class Withdraw(Command):
    """撤诉, taken by the desk on the citizen's word."""

    command: Literal["withdraw"] = "withdraw"
    reason: Text


class Assign(Command):
    """派单 by the desk."""

    command: Literal["assign"] = "assign"
    department: Slug
    assists: tuple[Slug, ...] = ()
    reason: Text


class Unserved(Command):
    """A move of the transition table that this version knows and does not serve yet; its other fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")
    command: Literal[
        "pause", "resume", "extend", "report", "reassign", "uphold", "refuse", "rule", "split", "merge", "unmerge",
        "reclassify", "urge", "supervise", "approve", "verify", "reopen", "dispute", "transfer_out", "hand_off",
        "whistle", "arrive", "raise", "redo", "shelve",
    ]  # fmt: skip
    details: dict[str, JsonValue] = {}


AnyCommand = Annotated[
    Accept | Start | Respond | Return | Resolve | Close | Reject | Withdraw | Assign | Unserved,
    Field(discriminator="command"),
]
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
