"""What each command does to a case, as a table: the case after it, the line of the log, the letters. Pure.

A noun has its own file; here each of its commands has a line.
"""

from collections.abc import Callable, Mapping

from services.contracts.commands import (
    Accept,
    Assign,
    Close,
    Command,
    Reject,
    Resolve,
    Respond,
    Return,
    Start,
    Withdraw,
)
from services.router import desk, handling, returns
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
}

# Commands that open an assignment write letters, and a letter says what was sent.
OPENING: tuple[type[Command], ...] = (
    Assign,
    Return,
)


def apply(scene: Scene) -> Done:
    return EFFECTS[type(scene.asked.command)](scene)
