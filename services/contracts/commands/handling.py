"""What the department that holds a case does with it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.commands.command import Command, Slug, Text
from services.contracts.values import (
    EvidenceKind,
    Handler,
    ResolutionKind,
    ResponseBasis,
    ReturnReason,
    Storable,
)


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


class Evidence(BaseModel):
    """凭证: a part of the proof; `ref` says where it is kept, or is the text itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: EvidenceKind
    ref: Text


class Resolve(Command):
    """办结: a kind, a public text, and the evidence that the category asks for.

    A piece of evidence is `{"kind": …, "ref": …}`; a plain text is one too, of the kind it begins with
    (`photo_after:1234`), else of kind `other`.
    """

    command: Literal["resolve"] = "resolve"
    kind: ResolutionKind
    public_text: Text
    evidence: Annotated[
        tuple[Evidence | Annotated[str, Field(max_length=2000), Storable], ...], Field(max_length=50)
    ] = ()
