"""The router's due and sla's due of one case agree, however its plan counts and whatever has rested or was granted."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.calendars import Calendar
from services.contracts.commands import COMMAND
from services.contracts.countings import Counting
from services.contracts.events import CaseEvent, CaseRegistered
from services.contracts.plans import Close, Counted, Plan
from services.contracts.values import ClockKind, State
from services.router import commands, dues, overdue
from services.router.case import Case
from services.router.records import Dossier
from services.router.verdicts import Asked, Done
from services.sla import decide as timing
from services.sla.clocks import Clock
from tests.unit.router import talk, town
from tests.unit.router.town import CASE_ID, PARKS, after

WEEK = (("09:00-12:00", "14:00-18:00"),) * 5 + ((),) * 2
OFFICE = Calendar(name="office", zone="Asia/Shanghai", week=WEEK, known_until=2027)
PROMISES = {
    "elapsed": Close(target=timedelta(hours=24)),
    "calendar days": Close(target=timedelta(days=3), counted=Counted(by=Counting.CALENDAR_DAYS, days=OFFICE)),
    "working time": Close(target=timedelta(hours=16), counted=Counted(by=Counting.WORKING_TIME, days=OFFICE)),
    "working days": Close(
        target=timedelta(days=5), counted=Counted(by=Counting.WORKING_DAYS, days=OFFICE, cut_off=time(17))
    ),
}
LEAD: dict[str, dict[str, Any]] = {
    "accept": {"handler": talk.LI},
    "pause": {"reason": "awaiting_citizen", "grounds": "x"},
    "shelve": {"grounds": "x"},
    "resume": {},
    "extend": {"by": "PT7H", "grounds": "x"},
    "resolve": {"kind": "fixed", "public_text": "好"},
}
OFFICE_HAND: dict[str, dict[str, Any]] = {
    "approve": {}, "redo": {"reason": "x"}, "close": {}, "reopen": {"reason": "x"}, "resume": {},
    "reassign": {"department": town.ROADS, "reason": "x"},
    "reclassify": {"triage_class": "special", "reason": "x"},
}  # fmt: skip
WORDS = [(word, False) for word in LEAD] + [(word, True) for word in OFFICE_HAND]
Said = tuple[str, bool]


class Both:
    """A case with the router, and its clocks with sla, fed by what the router writes."""

    def __init__(self, plan: Plan) -> None:
        done = town.registered(talk.SENT, after(4), talk.LAW)
        self.case, self.clocks, self.minute = replace(done.case, plan=plan), dict[str, Clock](), 4
        for event in done.events:
            self.tell(event.model_copy(update={"plan": plan}) if isinstance(event, CaseRegistered) else event)

    def tell(self, event: object) -> None:
        if isinstance(event, CaseEvent):
            for turn in timing.on_event(CASE_ID, event, tuple(self.clocks.values())):
                self.clocks[str(turn.clock.clock_id)] = turn.clock

    def take(self, done: Done) -> None:
        self.case = done.case
        for event in done.events:
            self.tell(event)

    def say(self, word: str, desk: bool, minutes: int) -> None:
        self.minute += minutes
        now = after(self.minute)
        for done, _ in overdue.overdue(talk.LAW, self.case, now, now):
            self.take(done)
        unit = self.case.holder.unit
        body = {
            "command": word,
            "command_id": "c",
            "case": str(CASE_ID),
            **(OFFICE_HAND if desk else LEAD)[word],
        }
        asked = Asked(
            "desk:alice" if desk else unit, None if desk else unit, desk, COMMAND.validate_python(body), now
        )
        verdict = commands.decide(talk.LAW, self.case, Dossier(talk.SENT), asked)
        if isinstance(verdict, Done):
            self.take(verdict)

    @property
    def close(self) -> Clock:
        return next(clock for clock in self.clocks.values() if clock.kind is ClockKind.CLOSE)


def by_router(case: Case, clock: Clock, now: datetime) -> datetime:
    """A clock that rests shows the due it will have if it rests to the cap."""
    return dues.close_due(case, clock.rest.until if clock.rest else now)


def agree(both: Both) -> None:
    clock, now = both.close, after(both.minute)
    if both.case.state in (State.RESOLVED, State.VERIFYING, State.CLOSED):
        return
    assert by_router(both.case, clock, now) == clock.due_at
    assert (
        dues.original_close_due(both.case, clock.rest.until if clock.rest else now) == clock.original_due_at
    )
    assert both.case.standing.extended == clock.extended


@pytest.mark.parametrize("promise", PROMISES)
@settings(max_examples=150, deadline=None, derandomize=True)
@given(said=st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([7, 90, 600, 1500])), max_size=14))
def test_both_are_due_at_the_same_instant(promise: str, said: list[tuple[Said, int]]) -> None:
    plan = talk.with_parks().plan
    both = Both(plan.model_copy(update={"close": PROMISES[promise]}))
    both.say("accept", False, 6)
    for (word, desk), minutes in said:
        both.say(word, desk, minutes)
        agree(both)


@pytest.mark.parametrize("promise", PROMISES)
def test_a_story_with_everything(promise: str) -> None:
    """What random words seldom reach: paused twice, extended, resolved, redone, closed, reopened, and a tighter plan."""
    plan = talk.with_parks().plan
    both = Both(plan.model_copy(update={"close": PROMISES[promise]}))
    seen = set[str]()
    for word, desk, minutes in (
        ("accept", False, 6), ("extend", False, 30), ("approve", True, 5), ("pause", False, 60), ("resume", False, 75),
        ("resolve", False, 20), ("redo", True, 300), ("shelve", False, 10), ("approve", True, 20), ("reassign", True, 200),
        ("accept", False, 5), ("resolve", False, 30), ("close", True, 700), ("reopen", True, 2000),
    ):  # fmt: skip
        before = both.case.version
        both.say(word, desk, minutes)
        seen |= {word} if both.case.version > before else set()
        agree(both)
    assert seen == {*LEAD, *OFFICE_HAND} - {"reclassify"}
    assert both.case.holder.unit in (PARKS, town.ROADS)
