"""What the dispatcher's desk does."""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.commands.command import Command, Slug, Text
from services.contracts.values import Instant, Kind, Storable, TriageClass


class Close(Command):
    command: Literal["close"] = "close"
    reason: Text = "办结 / resolved"


class Reject(Command):
    """不予受理: the desk alone; the citizen is told why, and where to turn to."""

    command: Literal["reject"] = "reject"
    reason_code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    public_text: Text
    turn_to: Annotated[str, Field(min_length=1, max_length=200), Storable] | None = None


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


class Reassign(Command):
    """改派 from the department that has it to another."""

    command: Literal["reassign"] = "reassign"
    department: Slug
    assists: tuple[Slug, ...] = ()
    reason: Text


class Reclassify(Command):
    """改类: what it is about, how grave, what it wants to be. Receipt and clocks stay; the plan only tightens."""

    command: Literal["reclassify"] = "reclassify"
    category: Annotated[str, Field(min_length=1, max_length=120), Storable] | None = None
    triage_class: TriageClass | None = None
    kind: Kind | None = None
    reason: Text


class Urge(Command):
    """催办: shown, told and timed; changes no owner."""

    command: Literal["urge"] = "urge"
    reason: Text | None = None


class Supervise(Command):
    """督办: watched from above; `answer_by` is when an answer is wanted. `department`: as of a raise."""

    command: Literal["supervise"] = "supervise"
    reason: Text
    answer_by: Instant | None = None
    department: Slug | None = None


class TransferOut(Command):
    """转出 to another system, under the number it has there."""

    command: Literal["transfer_out"] = "transfer_out"
    system: Annotated[str, Field(min_length=1, max_length=100), Storable]
    their_number: Annotated[str, Field(min_length=1, max_length=100), Storable]
    public_text: Text
