"""The by-law of clocks, rule by rule."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from services.contracts.events import CaseEvent
from services.contracts.values import ClockKind, ResponseBasis
from services.sla import clocks as sla_clocks
from services.sla import decide
from services.sla.clocks import Clock, Corrected, Finished, Happening, Outcome, Reached, Started, Stop
from services.sla.decide import Why
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, DESK, LI, NINE, at

LATE = at("09:00", days=30)
PATIENCE = timedelta(seconds=30)


def told(events: Sequence[CaseEvent]) -> tuple[dict[ClockKind, Clock], list[Happening]]:
    """The clocks of one case after these lines of the log, and what happened."""
    clocks: dict[ClockKind, Clock] = {}
    happened: list[Happening] = []
    for event in events:
        for turn in decide.on_event(CASE, event, tuple(clocks.values())):
            clocks[turn.clock.kind] = turn.clock
            happened += turn.happened
    return clocks, happened


def fired(clock: Clock, until: datetime, now: datetime | None = None) -> tuple[Clock, list[Reached]]:
    turn = decide.climb([clock], until, now or until, until)[0]
    return turn.clock, [each for each in turn.happened if isinstance(each, Reached)]


def response(*events: CaseEvent) -> Clock:
    return told([sample.registered(), *events])[0][ClockKind.RESPONSE]


def closing(*events: CaseEvent) -> Clock:
    return told([sample.registered(), *events])[0][ClockKind.CLOSE]


def test_both_clocks_start_at_our_receipt_not_at_registration() -> None:
    clocks, happened = told([sample.registered(NINE, taken=at("09:20"))])
    assert clocks[ClockKind.RESPONSE].started_at == clocks[ClockKind.CLOSE].started_at == NINE
    assert clocks[ClockKind.RESPONSE].due_at == at("09:30")
    assert clocks[ClockKind.CLOSE].due_at == at("09:00", days=1)
    assert [type(each) for each in happened] == [Started, Started]


def test_a_case_registered_twice_keeps_its_clocks() -> None:
    clocks, happened = told([sample.registered(), sample.registered()])
    assert len(clocks) == 2
    assert len(happened) == 2


def test_a_case_never_registered_is_not_timed() -> None:
    assert told([sample.resolved(at("10:00"), "a")]) == ({}, [])


def test_the_response_clock_runs_through_every_hand_over() -> None:
    clock = response(
        sample.dispatched(at("09:04"), "a"), sample.returned(at("09:10"), "a"), sample.dispatched(at("09:12"), "b"),
        sample.accepted(at("09:14"), "b"),
    )  # fmt: skip
    assert clock.running
    assert clock.due_at == at("09:30")
    assert clock.holding.unit == "b"


@pytest.mark.parametrize(
    ("event", "stops"),
    [
        (sample.responded(at("09:20"), "a", ResponseBasis.ACCEPT_WITH_HANDLER), False),
        (sample.responded(at("09:20"), "a", ResponseBasis.LOGGED_CONTACT), True),
        (sample.accepted(at("09:20"), "a", LI), False),
        (sample.returned(at("09:20"), "a"), False),
        (sample.resolved(at("09:20"), "a"), True),
    ],
)
def test_what_counts_as_a_response_is_the_plans_to_say(event: CaseEvent, stops: bool) -> None:
    promise = sample.plan(ResponseBasis.LOGGED_CONTACT, ResponseBasis.PUBLIC_MESSAGE)
    clock = told([sample.registered(promise=promise)])[0][ClockKind.RESPONSE]
    assert isinstance(decide.stopped_by(clock, event), Stop) is stops


def test_the_verdict_says_why_an_act_is_no_response() -> None:
    promise = sample.plan(ResponseBasis.LOGGED_CONTACT)
    clock = told([sample.registered(promise=promise)])[0][ClockKind.RESPONSE]
    verdict = decide.stopped_by(clock, sample.responded(at("09:10"), "a"))
    assert isinstance(verdict, decide.GoesOn)
    assert verdict.reason == "plan default does not count public_message as a response"


@pytest.mark.parametrize(
    ("instant", "outcome"),
    [
        (at("09:30"), Outcome.MET),
        (at("09:30") + timedelta(microseconds=1), Outcome.BREACHED),
    ],
)
def test_in_time_means_at_most_due(instant: datetime, outcome: Outcome) -> None:
    assert sla_clocks.outcome(at("09:30"), Stop(instant, "a")) is outcome


def test_a_response_at_due_fires_no_breach() -> None:
    clock, reached = fired(response(sample.responded(at("09:30"), "a")), LATE)
    assert [each.step.percent for each in reached] == [50, 80]
    assert clock.outcome is Outcome.MET


def test_rungs_fire_once_in_order_and_say_how_late() -> None:
    clock, reached = fired(response(), LATE)
    assert [each.step.percent for each in reached] == [50, 80, 100, 150, 200]
    assert [each.step.at for each in reached] == [
        at("09:15"),
        at("09:24"),
        at("09:30"),
        at("09:45"),
        at("10:00"),
    ]
    assert reached[0].late_by == LATE - at("09:15")
    assert fired(clock, LATE)[1] == []


def test_a_rung_fires_at_its_instant_and_not_a_moment_before() -> None:
    clock = response()
    assert fired(clock, at("09:15") - timedelta(microseconds=1))[1] == []
    assert len(fired(clock, at("09:15"))[1]) == 1


def test_a_watermark_ahead_of_our_own_time_fires_nothing() -> None:
    assert fired(response(), until=LATE, now=at("09:14"))[1] == []


def test_rungs_before_a_late_stop_still_fire_and_then_it_finishes() -> None:
    """sla was down from 09:10 to 11:00; the department answered at 09:40."""
    clock = response(sample.dispatched(at("09:04"), "a"), sample.responded(at("09:40"), "a"))
    assert clock.running
    clock, reached = fired(clock, at("11:00"))
    assert [each.step.percent for each in reached] == [50, 80, 100]
    assert clock.outcome is Outcome.BREACHED
    assert clock.next_rung_at is None


def test_an_earlier_act_taken_after_a_later_one_counts() -> None:
    """By HTTP at 09:31, and, taken after it, from the topic where it was appended at 09:29."""
    clock = response(sample.responded(at("09:31"), "a"), sample.responded(at("09:29"), "a", late_taken=True))
    clock, reached = fired(clock, at("11:00"))
    assert [each.step.percent for each in reached] == [50, 80]
    assert clock.outcome is Outcome.MET


def test_an_act_in_time_taken_after_the_breach_corrects_it_once() -> None:
    clock, _ = fired(response(), at("09:31"))
    turn = decide.after(clock, sample.responded(at("09:29"), "a", late_taken=True))
    assert [type(each) for each in turn.happened] == [Corrected, Finished]
    assert turn.clock.outcome is Outcome.MET
    again = decide.after(turn.clock, sample.responded(at("09:28"), "a", late_taken=True))
    assert again.happened == ()


def test_a_correction_of_a_finished_clock_does_not_stop_it_twice() -> None:
    clock, _ = fired(response(), at("09:40"))
    clock = decide.after(clock, sample.responded(at("09:35"), "a")).clock
    assert clock.outcome is Outcome.BREACHED
    turn = decide.after(clock, sample.responded(at("09:29"), "a", late_taken=True))
    assert [type(each) for each in turn.happened] == [Corrected]
    assert turn.clock.outcome is Outcome.MET


def test_a_late_act_corrects_nothing() -> None:
    clock, _ = fired(response(), at("09:40"))
    turn = decide.after(clock, sample.responded(at("09:30:01"), "a"))
    assert [type(each) for each in turn.happened] == [Finished]
    assert turn.clock.outcome is Outcome.BREACHED


@pytest.mark.parametrize("end", [sample.rejected(at("09:10")), sample.withdrawn(at("09:10"), "a")])
def test_a_case_that_ends_cancels_both_clocks(end: CaseEvent) -> None:
    clocks, _ = told([sample.registered(), end])
    assert {clock.outcome for clock in clocks.values()} == {Outcome.CANCELLED}


def test_a_case_withdrawn_after_due_was_late_all_the_same() -> None:
    clock, _ = fired(response(), at("09:40"))
    assert decide.after(clock, sample.withdrawn(at("09:44"), "a")).clock.outcome is Outcome.BREACHED


def test_a_response_stops_no_close_clock() -> None:
    assert closing(sample.responded(at("09:10"), "a")).running


def test_a_new_holder_starts_without_the_old_ones_handler() -> None:
    clock = closing(sample.dispatched(at("09:04"), "a"), sample.accepted(at("09:05"), "a", LI))
    assert clock.holding.handler == LI
    clock = decide.after(clock, sample.returned(at("09:08"), "a")).clock
    assert clock.holding.unit == DESK
    assert clock.holding.handler is None


def test_a_late_rung_names_who_held_the_case_then() -> None:
    """A had it when it fell due at 09:30; by the time it fires B has it."""
    clock = response(
        sample.dispatched(at("09:04"), "a"), sample.accepted(at("09:05"), "a", LI), sample.returned(at("09:50"), "a"),
        sample.dispatched(at("10:00"), "b"),
    )  # fmt: skip
    _, reached = fired(clock, at("12:00"))
    assert [(each.step.percent, each.holding.unit) for each in reached] == [
        (50, "a"), (80, "a"), (100, "a"), (150, "a"), (200, DESK),
    ]  # fmt: skip
    assert reached[0].holding.handler == LI


def test_the_order_over_clocks_is_that_of_the_instants() -> None:
    clocks = list(told([sample.registered()])[0].values())
    turns = decide.climb(clocks, LATE, LATE, LATE)
    instants = [each.step.at for each in decide.in_order(turns) if isinstance(each, Reached)]
    assert len(instants) == 10
    assert instants == sorted(instants)


def test_what_is_proven_may_fire() -> None:
    reach = decide.reach(at("09:40"), at("09:45"), timedelta(0), False, PATIENCE)
    assert (reach.until, reach.proven, reach.why) == (at("09:40"), at("09:40"), Why.PROVEN)


def test_our_own_time_bounds_what_is_proven() -> None:
    assert decide.reach(at("09:45"), at("09:40"), timedelta(0), True, PATIENCE).until == at("09:40")


def test_without_a_mark_nothing_fires() -> None:
    reach = decide.reach(None, at("09:45"), timedelta(seconds=29), True, PATIENCE)
    assert (reach.until, reach.why) == (None, Why.NO_MARK_YET)


def test_silence_at_the_end_of_the_log_fires_unconfirmed() -> None:
    reach = decide.reach(at("09:20"), at("09:45"), PATIENCE, True, PATIENCE)
    assert (reach.until, reach.proven, reach.why) == (at("09:45"), at("09:20"), Why.UNCONFIRMED)
    turn = decide.climb([response()], at("09:45"), at("09:45"), reach.proven)[0]
    assert [each.unconfirmed for each in turn.happened if isinstance(each, Reached)] == [
        False,
        True,
        True,
        True,
    ]


def test_silence_while_we_are_behind_waits() -> None:
    reach = decide.reach(at("09:20"), at("09:45"), PATIENCE * 100, False, PATIENCE)
    assert (reach.until, reach.why) == (at("09:20"), Why.BEHIND)
