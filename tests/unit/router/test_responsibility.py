"""Any moves by anybody, in any order, with what cases do to one another late and in between: what must hold after each.

The invariants are issue 4's: an accountable lead or a named reason, counters that never fall, a closed case with its
resolution, children that agree with their parent, an actor and a version for every move, clocks that never restart.
"""

from datetime import datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.contracts import events, ids
from services.contracts.events import CaseEvent
from services.contracts.ids import CaseId, ClockId
from services.contracts.values import ClockKind, State
from services.router import case as cases
from services.router import decide, lifecycle, registration
from services.router.case import Case
from services.router.verdicts import Done
from services.sla import decide as clocks
from services.sla.clocks import Clock
from tests.unit.router import town
from tests.unit.router.play import Play
from tests.unit.router.town import DESK, PARKS, ROADS, STREET, after, sent

UNITS = (PARKS, ROADS, STREET)
UNIT = st.sampled_from(UNITS)
RULING: dict[str, Any] = {"authority": "a", "basis": "b", "text": "t"}
CODES = st.sampled_from(["wrong_jurisdiction", "duplicate", "other"])
MEETING: dict[str, Any] = {
    "held_at": "2026-11-23T10:00:00+08:00", "place": "p", "present": ["x"], "minutes": "m", "authority": "a",
}  # fmt: skip


class Responsibility(RuleBasedStateMachine):
    """Two cases to begin with, and the parts that come of them."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(town.law())
        self.clocks: dict[CaseId, dict[ClockId, Clock]] = {}
        self.read: dict[CaseId, int] = {}
        self.bounces: dict[CaseId, int] = {}
        self.started: dict[CaseId, set[datetime]] = {}

    @initialize()
    def two_cases(self) -> None:
        for key in ("1", "2"):
            case_id = ids.case_id("app", key)
            submission = sent(category="公园")
            routed = decide.route(self.play.law, submission)
            done = registration.register(
                self.play.law.city, case_id, submission, routed, after(4), bare=False
            )
            self.play.enter(done.case, submission)
            self.play.log[case_id] += done.events

    # Moves. Each is tried; a refusal changes nothing.

    def _try(self, data: st.DataObject, command: str, by: str = DESK, **fields: Any) -> None:
        case_id = data.draw(st.sampled_from(sorted(self.play.cases, key=str)))
        before = self.play.cases[case_id]
        verdict = self.play.say(case_id, command, by, **fields)
        if not isinstance(verdict, Done):
            assert self.play.cases[case_id] is before
            assert command not in verdict.legal, "a refusal lists what is legal instead"

    @rule(data=st.data(), by=UNIT, handler=st.booleans())
    def accept(self, data: st.DataObject, by: str, handler: bool) -> None:
        self._try(data, "accept", by, **({"handler": {"id": "h", "name": "n"}} if handler else {}))

    @rule(data=st.data(), by=UNIT, suggested=st.none() | UNIT, code=CODES)
    def give_back(self, data: st.DataObject, by: str, suggested: str | None, code: str) -> None:
        self._try(data, "return", by, reason_code=code, grounds="g", suggested_owner=suggested)

    @rule(data=st.data(), by=UNIT)
    def resolve(self, data: st.DataObject, by: str) -> None:
        self._try(data, "resolve", by, kind="fixed", public_text="t", evidence=["photo_after:1"])

    @rule(data=st.data(), department=UNIT)
    def assign(self, data: st.DataObject, department: str) -> None:
        self._try(data, "assign", department=department, reason="r")

    @rule(
        data=st.data(),
        command=st.sampled_from(["uphold", "refuse", "dispute", "withdraw", "close", "unmerge"]),
    )
    def desk_says(self, data: st.DataObject, command: str) -> None:
        self._try(data, command, **({} if command in ("uphold", "close") else {"reason": "r"}))

    @rule(data=st.data())
    def meet(self, data: st.DataObject) -> None:
        self._try(data, "meet", **MEETING)

    @rule(data=st.data(), department=UNIT)
    def ruling(self, data: st.DataObject, department: str) -> None:
        self._try(data, "rule", department=department, **RULING)

    @rule(data=st.data(), leads=st.lists(UNIT, min_size=2, max_size=3))
    def split(self, data: st.DataObject, leads: list[str]) -> None:
        self._try(data, "split", parts=[{"scope": "s", "department": one} for one in leads], **RULING)

    @rule(data=st.data(), by=UNIT)
    def appeal(self, data: st.DataObject, by: str) -> None:
        self._try(data, "appeal", by, grounds="g")

    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        into = data.draw(st.sampled_from(sorted(self.play.cases, key=str)))
        self._try(data, "merge", into=str(into), reason="r")

    @rule(data=st.data())
    def hand_off(self, data: st.DataObject) -> None:
        self._try(data, "hand_off", service="fire", reason="r")

    @rule()
    def silence(self) -> None:
        for case_id in list(self.play.cases):
            self.play.say(case_id, "uphold", by="timer", minute=61)

    @rule()
    def follow(self) -> None:
        if self.play.waiting:
            self.play.follow()

    @rule()
    def come_to_rest(self) -> None:
        self.play.settle()

    # What holds after every move.

    @invariant()
    def somebody_answers_for_it_or_the_reason_is_named(self) -> None:
        for case in self.play.cases.values():
            leads = [one for one in case.open if one.role == cases.LEAD]
            if case.state in lifecycle.FINAL:
                assert not leads
            elif case.holder.is_desk:
                assert not leads
                assert case.holder.reason, case.state
            else:
                assert [one.department for one in leads] == [case.holder.unit]

    @invariant()
    def counters_never_fall(self) -> None:
        for case in self.play.cases.values():
            assert case.bounces >= self.bounces.get(case.id, 0)
            assert case.bounces == len(case.quarrel.returned)
            self.bounces[case.id] = case.bounces

    @invariant()
    def every_move_has_actor_and_version(self) -> None:
        for case_id, log in self.play.log.items():
            lines = [one for one in log if isinstance(one, CaseEvent)]
            assert [one.version for one in lines] == list(range(1, len(lines) + 1))
            assert all(one.actor for one in lines)
            assert lines[-1].version == self.play.cases[case_id].version

    @invariant()
    def what_is_closed_has_a_resolution(self) -> None:
        for case_id, case in self.play.cases.items():
            if case.state is State.CLOSED:
                assert any(isinstance(one, events.CaseResolved) for one in self.play.log[case_id])

    @invariant()
    def children_and_parent_agree(self) -> None:
        if self.play.waiting:
            return
        for parent in self.play.cases.values():
            for child in parent.family.children:
                self._agrees(parent, child.case_id, child.done)

    def _agrees(self, parent: Case, child_id: CaseId, done: bool) -> None:
        child = self.play.cases[child_id]
        rested = child.state in (State.RESOLVED, State.VERIFYING, State.CLOSED)
        assert done is rested or parent.state in lifecycle.FINAL
        if parent.state in lifecycle.FINAL:
            assert child.state in lifecycle.FINAL
        if parent.state is State.AWAITING_CHILDREN:
            assert parent.family.waiting

    @invariant()
    def merged_cases_name_one_another(self) -> None:
        if self.play.waiting:
            return
        for case in self.play.cases.values():
            if case.state is State.MERGED and case.family.merged_into:
                survivor = self.play.cases[case.family.merged_into.case_id]
                assert case.id in {one.case_id for one in survivor.family.absorbed}
            for one in case.family.absorbed:
                assert self.play.cases[one.case_id].state is State.MERGED

    @invariant()
    def clocks_never_restart_and_a_parts_is_due_with_its_parent(self) -> None:
        for case_id, log in self.play.log.items():
            mine = self.clocks.setdefault(case_id, {})
            for event in log[self.read.get(case_id, 0) :]:
                if isinstance(event, CaseEvent):
                    for turn in clocks.on_event(case_id, event, tuple(mine.values())):
                        mine[turn.clock.clock_id] = turn.clock
            self.read[case_id] = len(log)
            case = self.play.cases[case_id]
            self._counted_from_receipt(case, list(mine.values()))

    def _counted_from_receipt(self, case: Case, mine: list[Clock]) -> None:
        due = {clock.kind: clock.due_at for clock in mine}
        for clock in mine:
            if clock.kind in (ClockKind.RESPONSE, ClockKind.CLOSE) and clock.running:
                assert clock.started_at == case.counted_from or self.play.waiting
        if case.family.parent:
            parent = self.clocks[case.family.parent.case_id].values()
            assert due[ClockKind.CLOSE] <= next(one.due_at for one in parent if one.kind is ClockKind.CLOSE)


Responsibility.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestResponsibility = Responsibility.TestCase
