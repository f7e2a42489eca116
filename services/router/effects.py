"""What each command does to a case, as a table: the case after it, the line of the log, the letters. Pure.

A noun has its own file; here each of its commands has a line.
"""

from collections.abc import Callable, Mapping

from services.contracts.commands import (
    Accept,
    Appeal,
    Approve,
    Arrive,
    Assign,
    Close,
    Command,
    Confirm,
    Dispute,
    Extend,
    HandOff,
    Meet,
    Merge,
    Pause,
    Raise,
    Rate,
    Reassign,
    Reclassify,
    Redo,
    Refuse,
    Reject,
    Reopen,
    Report,
    Resolve,
    Respond,
    Resume,
    Return,
    Ruling,
    Score,
    Shelve,
    Split,
    Start,
    Supervise,
    TransferOut,
    Unmerge,
    Uphold,
    Urge,
    Verify,
    Waive,
    Whistle,
    Withdraw,
)
from services.contracts.values import State
from services.router import (
    assists,
    classes,
    desk,
    disputes,
    emergencies,
    extensions,
    handling,
    levels,
    merging,
    parts,
    pauses,
    redos,
    returns,
    reviews,
    rulings,
    urging,
    verification,
    whistles,
)
from services.router.scene import Scene
from services.router.verdicts import Done


def _refuse(scene: Scene) -> Done:
    """A return that is under review while the desk has the case; else what its department has asked for."""
    if scene.before.state is State.REGISTERED:
        return reviews.refuse(scene)
    return extensions.refuse(scene)


def _waive(scene: Scene) -> Done:
    """A part of a split case; else an assisting department."""
    if scene.before.state is State.AWAITING_CHILDREN:
        return parts.waive(scene)
    return assists.waive(scene)


EFFECTS: Mapping[type[Command], Callable[[Scene], Done]] = {
    Accept: handling.accept,
    Start: handling.start,
    Respond: handling.respond,
    Resolve: handling.resolve,
    Return: returns.give_back,
    Assign: desk.assign,
    Close: desk.close,
    Reject: desk.reject,
    Withdraw: desk.withdraw,
    Uphold: reviews.uphold,
    Refuse: _refuse,
    Dispute: disputes.open_one,
    Meet: disputes.meet,
    Ruling: rulings.rule,
    Split: rulings.split,
    Appeal: rulings.appeal,
    Merge: merging.merge,
    Unmerge: merging.unmerge,
    HandOff: emergencies.hand_off,
    Confirm: emergencies.confirm,
    Reassign: desk.reassign,
    Reclassify: classes.reclassify,
    Urge: urging.urge,
    Supervise: urging.supervise,
    TransferOut: desk.transfer_out,
    Pause: pauses.ask,
    Shelve: pauses.ask,
    Resume: pauses.resume,
    Extend: extensions.ask,
    Approve: extensions.approve,
    Report: assists.report,
    Waive: _waive,
    Whistle: whistles.blow,
    Arrive: whistles.arrive,
    Score: whistles.score,
    Raise: levels.raise_up,
    Verify: verification.verify,
    Rate: verification.rate,
    Redo: redos.redo,
    Reopen: redos.reopen,
}

# Commands that open an assignment write letters, and a letter says what was sent.
OPENING: tuple[type[Command], ...] = (
    Assign,
    Return,
    Refuse,
    Dispute,
    Ruling,
    Split,
    Merge,
    Unmerge,
    HandOff,
    Reassign,
    Reclassify,
    Whistle,
    Raise,
    Rate,
    Reopen,
)


def apply(scene: Scene) -> Done:
    return EFFECTS[type(scene.asked.command)](scene)
