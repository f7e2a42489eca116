"""The clocks beside response and close: what starts, stops and cancels each."""

from datetime import timedelta

from services.contracts.events import EVENTS
from services.contracts.values import ClockKind
from services.sla import kinds
from services.sla.clocks import Outcome
from tests.unit.sla import sample
from tests.unit.sla.sample import DESK, at
from tests.unit.sla.test_rests import told

FULL = sample.full_plan()


def test_every_clock_has_a_line_and_every_line_names_events_that_are() -> None:
    assert {row.kind for row in kinds.TABLE} == set(ClockKind)
    named = {each for row in kinds.TABLE for each in (*row.starts, *row.stops, *row.cancels)} - set(
        kinds.DESK
    )
    assert not named - set(EVENTS)


def test_a_plan_that_names_no_others_has_two_clocks() -> None:
    clocks, _ = told(sample.dispatched(at("09:04"), "a"), sample.returned(at("09:10"), "a"))
    assert set(clocks) == {"response", "close"}


def test_accept_is_timed_for_each_assignment() -> None:
    second = sample.dispatched(at("10:00"), "b").model_copy(update={"assignment_id": "2"})
    clocks, _ = told(
        sample.dispatched(at("09:04"), "a"), sample.accepted(at("09:10"), "a"), sample.returned(at("09:12"), "a"),
        second, plan=FULL,
    )  # fmt: skip
    assert clocks["accept1"].outcome is Outcome.MET
    assert clocks["accept2"].running
    assert clocks["accept2"].due_at == at("10:20")


def test_an_assignment_that_goes_elsewhere_cancels_its_accept() -> None:
    clocks, _ = told(sample.dispatched(at("09:04"), "a"), sample.returned(at("09:10"), "a"), plan=FULL)
    assert clocks["accept1"].outcome is Outcome.CANCELLED


def test_dispatch_is_timed_for_each_stay_at_the_desk() -> None:
    back = sample.returned(at("09:10"), "a").model_copy(update={"version": 3})
    clocks, _ = told(sample.dispatched(at("09:04"), "a"), back, plan=FULL)
    first, second = clocks["dispatch1"], clocks["dispatch3"]
    assert first.stop is not None
    assert (first.stop.at, first.holding.unit) == (at("09:04"), DESK)
    assert (second.started_at, second.running) == (at("09:10"), True)


def test_a_stay_at_the_desk_is_one_however_many_lines_it_has() -> None:
    urged = sample.disputed(at("09:10")).model_copy(update={"version": 2})
    clocks, _ = told(urged, plan=FULL)
    assert [name for name in clocks if name.startswith("dispatch")] == ["dispatch1"]


def test_a_review_runs_from_the_return_to_its_answer() -> None:
    clocks, _ = told(
        sample.dispatched(at("09:04"), "a"), sample.returned(at("09:10"), "a"),
        sample.reviewed(at("09:15"), at("09:04"), at("09:10"), DESK), plan=FULL,
    )  # fmt: skip
    assert clocks["review1"].outcome is Outcome.MET


def test_a_dispute_runs_to_its_ruling() -> None:
    clocks, _ = told(sample.disputed(at("10:00")), sample.ruled(at("10:30"), "b"), plan=FULL)
    assert clocks["dispute1"].due_at == at("10:20")
    assert clocks["dispute1"].stop is not None
    assert clocks["dispute1"].running  # the rungs before 10:30 have still to fire


def test_each_attendance_has_its_own_arrival() -> None:
    calls = {"fire": at("10:30"), "water": at("11:00")}
    clocks, _ = told(sample.whistled(at("10:00"), calls), sample.arrived(at("10:10"), "fire"), plan=FULL)
    fire, water = clocks["arrivalfire"], clocks["arrivalwater"]
    assert (fire.outcome, fire.due_at) == (Outcome.MET, at("10:30"))
    assert (water.running, water.due_at, water.holding.unit) == (True, at("11:00"), "water")
    assert water.next_rung_at == at("10:00") + timedelta(minutes=30)


def test_a_case_that_ends_cancels_all_that_run() -> None:
    clocks, _ = told(sample.dispatched(at("09:01"), "a"), sample.withdrawn(at("09:02"), "a"), plan=FULL)
    assert {clock.outcome for name, clock in clocks.items() if name != "dispatch1"} == {Outcome.CANCELLED}
