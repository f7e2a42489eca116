"""What every command carries, and why one is refused."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.values import Storable, Worded

Text = Annotated[str, Field(min_length=1, max_length=2000), Storable, Worded]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]


class Refusal(StrEnum):
    """Why a command was refused; closed vocabulary of `command.refused` and of HTTP problems."""

    UNREADABLE = "unreadable"
    UNKNOWN_CASE = "unknown_case"
    ILLEGAL_MOVE = "illegal_move"
    NOT_YOURS = "not_yours"
    STALE_VERSION = "stale_version"
    REPEATED_OTHERWISE = "repeated_otherwise"
    UNKNOWN_DEPARTMENT = "unknown_department"
    PARKED = "parked"
    COULD_NOT_DECIDE = "could_not_decide"
    NO_APPEND_TIME = "no_append_time"
    EVIDENCE_MISSING = "evidence_missing"
    PROHIBITED = "prohibited"


class Command(BaseModel):
    """What every command carries.

    `command_id` is the sender's: a repeat gets the first reply. `case` is the case id or the public number (Kafka:
    the id). `assignment_version`, where given, is the one the sender saw; `version`, where given, the version of the
    case it saw. A stale one is refused, with the present state: of two people at once the second learns of the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    command_id: Annotated[str, Field(min_length=1, max_length=128), Storable]
    case: Annotated[str, Field(min_length=1, max_length=64)]
    assignment_version: Annotated[int, Field(ge=1)] | None = None
    version: Annotated[int, Field(ge=1)] | None = None
