"""What each command does to a case, as a table: the case after it, the line of the log, the letters. Pure.

A noun has its own file; here each of its commands has a line.
"""

from collections.abc import Callable, Mapping

from services.contracts.commands import (
    Accept,
    Appeal,
    Assign,
    Close,
    Command,
    Confirm,
    Dispute,
    HandOff,
    Meet,
    Merge,
    Refuse,
    Reject,
    Resolve,
    Respond,
    Return,
    Ruling,
    Split,
    Start,
    Unmerge,
    Uphold,
    Withdraw,
)
from services.router import desk, disputes, emergencies, handling, merging, returns, reviews, rulings
from services.router.scene import Scene
from services.router.verdicts import Done

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
    Refuse: reviews.refuse,
    Dispute: disputes.open_one,
    Meet: disputes.meet,
    Ruling: rulings.rule,
    Split: rulings.split,
    Appeal: rulings.appeal,
    Merge: merging.merge,
    Unmerge: merging.unmerge,
    HandOff: emergencies.hand_off,
    Confirm: emergencies.confirm,
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
)


def apply(scene: Scene) -> Done:
    return EFFECTS[type(scene.asked.command)](scene)
