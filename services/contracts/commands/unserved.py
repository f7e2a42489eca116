"""Words of the transition table that are not served yet."""

from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from services.contracts.commands.command import Command


class Unserved(Command):
    """A move of the transition table that this version knows and does not serve yet; its other fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")
    command: Literal[
        "pause",
        "resume",
        "extend",
        "report",
        "reassign",
        "reclassify",
        "urge",
        "supervise",
        "approve",
        "verify",
        "reopen",
        "transfer_out",
        "whistle",
        "arrive",
        "raise",
        "redo",
        "shelve",
    ]  # fmt: skip
    details: dict[str, JsonValue] = Field(default_factory=dict)
