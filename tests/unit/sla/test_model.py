"""The clock engine against a naive model: any history, in any pieces, told twice, forgotten in between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from pydantic import TypeAdapter

from services.contracts.ids import CaseId, ClockId
from services.contracts.values import ClockKind
from services.sla import announce, decide
from services.sla import course as courses
from services.sla.clocks import Clock, Happening
from services.sla.course import Account, Course
from tests.unit.sla.machine import ClockMachine, Numbered, Said

_CLOCK, _COURSE = TypeAdapter(Clock), TypeAdapter(Course)


@dataclass
class InMemory:
    """decide and course as handlers call them, with dictionaries for a database."""

    clocks: dict[CaseId, dict[ClockId, Clock]] = field(default_factory=dict)
    courses: dict[CaseId, Course] = field(default_factory=dict)
    told: list[Said] = field(default_factory=list)
    applied: int = 0

    def take(self, lines: Sequence[Numbered]) -> None:
        for number, case, event in lines:
            if number <= self.applied:
                continue  # the chassis drops repeats by their number
            self.applied = number
            known = self.clocks.setdefault(case, {})
            for turn in decide.on_event(case, event, tuple(known.values())):
                known[turn.clock.clock_id] = turn.clock
                self._say(turn.happened)
            before = self.courses.get(case)
            self.courses[case] = courses.after(before, event) if before else courses.opened(event)  # type: ignore[arg-type]

    def tick(self, now: datetime, proven: datetime, silent: bool) -> None:
        horizon = now if silent else proven
        every = [clock for known in self.clocks.values() for clock in known.values()]
        due = [clock for clock in every if clock.next_rung_at and clock.next_rung_at <= horizon]
        turns = decide.climb(due, horizon, now, proven)
        for turn in turns:
            self.clocks[turn.clock.case_id][turn.clock.clock_id] = turn.clock
        self._say(decide.in_order(turns))

    def restart(self) -> None:
        """What a store gives back is equal to what it was given, and the same thing no more."""
        for known in self.clocks.values():
            for each, clock in known.items():
                known[each] = _CLOCK.validate_json(_CLOCK.dump_json(clock))
        for case, course in self.courses.items():
            self.courses[case] = _COURSE.validate_json(_COURSE.dump_json(course))

    def account(self, case: CaseId, until: datetime) -> Account:
        close = next(clock for clock in self.clocks[case].values() if clock.kind is ClockKind.CLOSE)
        return courses.account(self.courses[case], until, close.measure.ruler)

    def close(self) -> None:
        """Nothing is held."""

    def _say(self, happened: Sequence[Happening]) -> None:
        for each in happened:
            event = announce.event(each)
            self.told.append((event.TYPE, event.model_dump(mode="json")))


class InMemoryMachine(ClockMachine):
    def make(self) -> InMemory:
        return InMemory()


def test_the_engine_and_the_model_agree() -> None:
    run_state_machine_as_test(
        InMemoryMachine, settings=settings(max_examples=100, stateful_step_count=40, deadline=None)
    )
