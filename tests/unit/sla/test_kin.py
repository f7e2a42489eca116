"""拆分, 并单, 移交: what it does to clocks. None of it starts one again."""

from datetime import timedelta
from typing import Any

from services.contracts import events
from services.contracts.events import CaseEvent
from services.contracts.values import ClockKind, Contact, Emergency, State
from services.sla.clocks import Outcome
from tests.unit.sla import sample
from tests.unit.sla.sample import DESK, NINE, at
from tests.unit.sla.test_decide import closing, fired, response, told


def line(hour: str, state: State, unit: str, **more: Any) -> dict[str, Any]:
    return sample._line(at(hour), state, unit, **more)


def child(hour: str) -> CaseEvent:
    return sample.registered(NINE, taken=at(hour)).model_copy(update={"parent": "p"})


def test_a_part_has_one_clock_due_with_its_parent_and_only_the_rungs_still_to_come() -> None:
    clocks, _ = told([child("20:00")])
    assert list(clocks) == [ClockKind.CLOSE]
    clock = clocks[ClockKind.CLOSE]
    assert (clock.started_at, clock.due_at) == (NINE, closing().due_at)
    _, reached = fired(clock, at("20:00", days=30))
    whole = [each.step.percent for each in fired(closing(), at("20:00", days=30))[1]]
    assert [each.step.percent for each in reached] == [percent for percent in whole if percent > 45.8]


def test_a_part_that_begins_after_the_due_is_late_at_once() -> None:
    late = sample.registered(NINE, taken=at("10:00", days=3)).model_copy(update={"parent": "p"})
    _, reached = fired(told([late])[0][ClockKind.CLOSE], at("10:00", days=3))
    assert reached[0].step.percent == 100


def moved(kind: type[CaseEvent], hour: str, state: State, **more: Any) -> CaseEvent:
    return kind(**line(hour, state, DESK), **more)


def test_returns_disputes_rulings_and_splits_start_nothing_again() -> None:
    journey = (
        moved(events.CaseDisputed, "09:10", State.DISPUTED, ground="limit", refusals=()),
        moved(events.CaseRuled, "09:20", State.DISPATCHED, department="a"),
        moved(events.CaseSplit, "09:30", State.AWAITING_CHILDREN, children=()),
    )
    for clock, fresh in ((closing(*journey), closing()), (response(*journey), response())):
        assert (clock.started_at, clock.due_at, clock.outcome) == (fresh.started_at, fresh.due_at, None)


def test_the_survivor_counts_from_the_earliest_receipt_and_from_its_own_again() -> None:
    facts: dict[str, Any] = {"other": "x", "other_number": "n"}
    absorbed = moved(
        events.CaseAbsorbed, "09:10", State.DISPATCHED, **facts, received_at=NINE - timedelta(hours=2), channel="c",
        contact=Contact(),
    )  # fmt: skip
    released = moved(events.CaseReleased, "09:20", State.DISPATCHED, **facts, received_at=NINE)
    assert closing(absorbed).due_at == closing().due_at - timedelta(hours=2)
    after = closing(absorbed, released)
    assert (after.started_at, after.due_at, after.next_rung_at) == (
        NINE,
        closing().due_at,
        closing().next_rung_at,
    )


def test_what_is_merged_rests_and_goes_on_where_it_was() -> None:
    merged = moved(events.CaseMerged, "09:10", State.MERGED, into="x", into_number="n")
    unmerged = moved(events.CaseUnmerged, "09:20", State.REGISTERED, stood_for_by="x")
    resting = closing(merged)
    assert (resting.outcome, resting.next_rung_at) == (Outcome.CANCELLED, None)
    again = closing(merged, unmerged)
    assert (again.outcome, again.stop, again.due_at) == (None, None, closing().due_at)
    assert again.next_rung_at == closing().next_rung_at


def test_an_emergency_is_no_longer_ours_to_time() -> None:
    gone = moved(events.CaseHandedOff, "09:01", State.HANDED_OFF, service=Emergency.FIRE)
    assert closing(gone).outcome is response(gone).outcome is Outcome.CANCELLED
