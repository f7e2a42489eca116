"""Whose it is, when departments disagree: the desk's review of a return, 争议, 会商, 裁决, 拆分, 申诉."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.commands.command import Command, Slug, Text
from services.contracts.values import Instant, Storable

Short = Annotated[str, Field(min_length=1, max_length=200), Storable]
PARTS_LIMIT = 20


class Uphold(Command):
    """退单成立: the return under review was right; the time the department had it counts as the desk's."""

    command: Literal["uphold"] = "uphold"
    reason: Text | None = None


class Refuse(Command):
    """不同意: a return under review goes back to the same owner; what else was asked for is not granted."""

    command: Literal["refuse"] = "refuse"
    reason: Text


class Dispute(Command):
    """权责争议, opened by the desk before the limit of returns is reached."""

    command: Literal["dispute"] = "dispute"
    reason: Text


class Meet(Command):
    """会商纪要: when and where those who disagree met, who was there, what was said, before which authority."""

    command: Literal["meet"] = "meet"
    held_at: Instant
    place: Short
    present: Annotated[tuple[Short, ...], Field(min_length=1, max_length=100)]
    minutes: Annotated[str, Field(min_length=1, max_length=10_000), Storable]
    authority: Short


class Precedent(BaseModel):
    """案例入规: what of a ruling is to hold for the next such case. Empty fields are taken from this case.

    `words`: any of them must be in the text; without words, category and area alone decide.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    category: Annotated[str, Field(min_length=1, max_length=120), Storable] | None = None
    area: Annotated[str, Field(min_length=1, max_length=120), Storable] | None = None
    words: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40), Storable], ...], Field(max_length=20)] = ()  # fmt: skip
    note: Text | None = None


class Ruling(Command):
    """裁决: who decided, on what basis, in which words. The assignment is forced: it cannot be returned."""

    command: Literal["rule"] = "rule"
    authority: Short
    basis: Text
    text: Text
    department: Slug
    assists: Annotated[tuple[Slug, ...], Field(max_length=20)] = ()
    precedent: Precedent | None = None


class Part(BaseModel):
    """One child of a split: its own scope, lead and assists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    scope: Text
    department: Slug
    assists: Annotated[tuple[Slug, ...], Field(max_length=20)] = ()


class Split(Command):
    """拆分: the work is shared; each part becomes a child whose lead cannot return it."""

    command: Literal["split"] = "split"
    authority: Short
    basis: Text
    text: Text
    parts: Annotated[tuple[Part, ...], Field(min_length=2, max_length=PARTS_LIMIT)]
    precedent: Precedent | None = None


class Appeal(Command):
    """申诉 against a ruling: recorded; neither the work nor a clock waits for it."""

    command: Literal["appeal"] = "appeal"
    grounds: Text
