"""What is asked of the desk about time, and its answer: 暂停、挂账、恢复、延期, 批准, 不同意."""

from typing import Literal

from services.contracts.commands.command import Command, Text
from services.contracts.plans import Target
from services.contracts.values import Instant, PauseReason


class Pause(Command):
    """暂停计时: the close clock rests, from the approval where the reason needs one. `until`: no longer than this."""

    command: Literal["pause"] = "pause"
    reason: PauseReason
    grounds: Text
    until: Instant | None = None


class Shelve(Command):
    """挂账: kept for later, named and capped; a pause for the reason `shelved`."""

    command: Literal["shelve"] = "shelve"
    grounds: Text
    until: Instant | None = None


class Resume(Command):
    """恢复计时."""

    command: Literal["resume"] = "resume"
    grounds: Text | None = None


class Extend(Command):
    """延期: a close due later `by` this much. Counts only when approved before the due."""

    command: Literal["extend"] = "extend"
    by: Target
    grounds: Text


class Approve(Command):
    """批准 what has been asked for. Less may be granted: `until` for a pause, `by` for an extension."""

    command: Literal["approve"] = "approve"
    until: Instant | None = None
    by: Target | None = None
    reason: Text | None = None
