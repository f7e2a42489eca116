"""Timers that are due, done in their order, each from its own instant. Pure."""

from collections.abc import Iterator
from datetime import datetime

from services.router import commands, timers
from services.router.case import Case
from services.router.decide import Law
from services.router.timers import Timer
from services.router.verdicts import Done


def overdue(law: Law, case: Case, until: datetime, now: datetime) -> Iterator[tuple[Done, Timer]]:
    """Everything that time has done to the case up to `until`, which is now or before."""
    while (timer := timers.next_of(case)) is not None and timer.at <= until:
        done = commands.decide(law, case, None, timers.asked(case, timer, now))
        assert isinstance(done, Done), done
        yield done, timer
        case = done.case
