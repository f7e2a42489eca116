"""What the citizen adds."""

from dataclasses import replace
from typing import Any

from services.contracts import events
from services.contracts.events import ActReceived
from services.contracts.values import ActKind, State
from services.router import acts
from services.router.acts import Kept
from services.router.verdicts import Done
from tests.unit.router import town
from tests.unit.router.town import PARKS, STREET, after, at, case_of, sent

CASE = case_of(sent(category="公园/草坪", place=at("碧岭街道")), after(4))
CITY = town.city()
CLOSED = replace(CASE, state=State.CLOSED)


def act(kind: ActKind, minute: float = 20, **more: Any) -> ActReceived:
    return ActReceived(act_id="a", channel="app", kind=kind, received_at=after(minute), **more)


def decided(kind: ActKind, **more: Any) -> Done:
    found = acts.decide(CITY, CASE, act(kind, **more), after(21))
    assert isinstance(found, Done)
    return found


def test_a_supplement_reaches_everybody_with_an_open_assignment_and_not_the_log() -> None:
    done = decided(ActKind.SUPPLEMENT, text="还有一处")
    assert [(e.TYPE, e.model_dump()["department"]) for e in done.events] == [
        ("assignment.updated", STREET), ("assignment.updated", PARKS),
    ]  # fmt: skip
    assert done.case == CASE


def test_urging_is_told_and_timed() -> None:
    done = decided(ActKind.URGE)
    assert [event.TYPE for event in done.events] == ["case.urged", "assignment.urged", "assignment.urged"]
    assert done.at == after(20)
    assert (done.case.version, done.case.holder) == (CASE.version + 1, CASE.holder)
    assert done.case.changed_at == CASE.changed_at


def test_withdrawing_ends_it() -> None:
    done = decided(ActKind.WITHDRAW)
    assert done.case.state is State.WITHDRAWN
    assert isinstance(done.events[0], events.CaseWithdrawn)
    assert [event.TYPE for event in done.events[1:]] == ["assignment.cancelled", "assignment.cancelled"]


def test_what_comes_too_late_is_kept() -> None:
    for kind in ActKind:
        assert acts.decide(CITY, CLOSED, act(kind), after(21)) == Kept()


def test_an_act_counts_from_our_receipt_within_the_cases_time() -> None:
    assert decided(ActKind.URGE, minute=2).at == after(4)
    assert decided(ActKind.URGE, minute=90).at == after(21)
