"""What the department that holds a case does with it."""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.commands.command import Command, Slug, Text
from services.contracts.values import Handler, ResolutionKind, ResponseBasis, ReturnReason, Storable


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
