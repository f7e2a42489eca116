"""One matter, several cases: 并单 and its undoing."""

from typing import Literal
from uuid import UUID

from services.contracts.commands.command import Command, Text


class Merge(Command):
    """并单: the case `into` stands for this one too; it keeps the earliest receipt and all reporters."""

    command: Literal["merge"] = "merge"
    into: UUID
    reason: Text


class Unmerge(Command):
    """撤销并单: both stand for themselves again."""

    command: Literal["unmerge"] = "unmerge"
    reason: Text
