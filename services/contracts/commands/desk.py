"""What the dispatcher's desk does."""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.commands.command import Command, Slug, Text


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
