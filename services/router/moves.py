"""The table upon a case: what the router does by itself, and what somebody may do now. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from services.contracts.values import State
from services.router import case as cases
from services.router import lifecycle
from services.router.case import Case
from services.router.lifecycle import Illegal, Who


def go(case: Case, command: str, who: Who, at: datetime) -> Case:
    """The case in its next state, one line of the log further. A move the table does not have is a mistake of ours."""
    found = lifecycle.move(case.state, command, who)
    assert not isinstance(found, Illegal), found
    return cases.moved(case, found.state, at)


def turn(case: Case, command: str, at: datetime) -> Case:
    """The same by the router, within the line of the log that is being written."""
    found = lifecycle.move(case.state, command, Who.RULES)
    assert not isinstance(found, Illegal), found
    return cases.turned(case, found.state, at)


def may(case: Case, command: str, who: Who) -> bool:
    return not isinstance(lifecycle.move(case.state, command, who), Illegal)


def legal(case: Case, who: Who) -> tuple[str, ...]:
    """The table's moves, less those that something about this very case rules out."""
    moves = lifecycle.legal(case.state, who)
    return tuple(name for name in moves if name not in BARRED or not BARRED[name](case))


def _forced(case: Case) -> bool:
    return any(one.forced for one in case.open if one.role != cases.ASSIST)


# What a department's or the desk's list of moves leaves out: a guard would refuse it whatever is said.
BARRED: Mapping[str, Callable[[Case], bool]] = {
    "return": _forced,
    "appeal": lambda case: not _forced(case),
    "uphold": lambda case: case.quarrel.under_review is None,
    "refuse": lambda case: (
        (case.quarrel.under_review if case.state is State.REGISTERED else case.standing.request) is None
    ),
    "approve": lambda case: case.standing.request is None,
    "arrive": lambda case: case.standing.whistle is None,
    "score": lambda case: case.standing.whistle is None,
    "waive": lambda case: (
        len(case.family.parts) < 2
        if case.state is State.AWAITING_CHILDREN
        else all(one.role != cases.ASSIST for one in case.open)
    ),
    "dispute": lambda case: not case.quarrel.returned,
    "confirm": lambda case: case.unconfirmed_since is None,
    "withdraw": lambda case: case.family.parent is not None,
    "reject": lambda case: case.family.parent is not None,
    "verify": lambda case: case.family.parent is not None,
    "rate": lambda case: case.family.parent is not None,
    "pause": lambda case: case.family.parent is not None,
    "shelve": lambda case: case.family.parent is not None,
    "extend": lambda case: case.family.parent is not None,
}
