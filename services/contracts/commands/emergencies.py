"""110 / 119 / 120 / 122: what cannot wait for a department."""

from typing import Literal

from services.contracts.commands.command import Command, Text
from services.contracts.values import Emergency


class HandOff(Command):
    """移交应急, by the desk; the rules do it by themselves."""

    command: Literal["hand_off"] = "hand_off"
    service: Emergency
    reason: Text


class Confirm(Command):
    """确认: the desk has spoken with the emergency service, and it has taken the case."""

    command: Literal["confirm"] = "confirm"
    note: Text | None = None
