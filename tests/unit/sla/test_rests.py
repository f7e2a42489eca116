"""Pauses, extensions and redos: what moves a due, by how much, and what never does. And product.md's worked example."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.events import CaseEvent
from services.contracts.plans import Plan
from services.contracts.values import PauseReason, ResponseBasis
from services.sla import course as courses
from services.sla import decide
from services.sla.clocks import (
    Clock,
    Corrected,
    Extended,
    Finished,
    Happening,
    Outcome,
    Reached,
    Rested,
    Resumed,
    outcome,
)
from services.sla.course import Span
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, DESK, LI, NINE, at

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LATE = at("09:00", days=30)


def told(*events: CaseEvent, plan: Plan | None = None) -> tuple[dict[str, Clock], list[Happening]]:
    """The clocks of a case after its registration and these lines, by clock and instance."""
    clocks: dict[str, Clock] = {}
    happened: list[Happening] = []
    for event in (sample.registered(promise=plan), *events):
        for turn in decide.on_event(CASE, event, tuple(clocks.values())):
            clocks[f"{turn.clock.kind}{turn.clock.instance}"] = turn.clock
            happened += turn.happened
    return clocks, happened


def close(*events: CaseEvent, plan: Plan | None = None) -> Clock:
    return told(*events, plan=plan)[0]["close"]


def fired(clock: Clock) -> list[tuple[int, str]]:
    turn = decide.climb([clock], LATE, LATE, LATE)[0]
    reached = [each for each in turn.happened if isinstance(each, Reached)]
    return [(each.step.percent, f"{each.step.at - NINE}") for each in reached]


def test_the_worked_example() -> None:
    """product.md, Clocks, to the minute."""
    log = (
        sample.dispatched(at("09:04"), "a"), sample.returned(at("09:50"), "a"), sample.dispatched(at("10:00"), "b"),
        sample.accepted(at("10:05"), "b", LI), sample.responded(at("10:05"), "b", ResponseBasis.ACCEPT_WITH_HANDLER),
        sample.paused(at("11:00"), at("17:00")), sample.resumed(at("13:00"), at("11:00")),
        sample.resolved(at("08:00", days=1), "b"),
    )  # fmt: skip
    clocks, _ = told(*log)
    response, closing = clocks["response"], clocks["close"]
    assert response.due_at == at("09:30")
    assert response.stop is not None
    assert response.stop.at - response.due_at == 35 * MINUTE
    assert closing.due_at == at("11:00", days=1)
    assert closing.stop is not None
    assert outcome(closing.due_at, closing.stop) is Outcome.MET
    course = courses.opened(sample.registered())
    for event in log:
        course = courses.after(course, event)
    ruler = closing.measure.ruler
    then = courses.account(course, at("10:05"), ruler)
    assert {unit: span.wall / MINUTE for unit, span in then.holdings.items()} == {DESK: 14, "a": 46, "b": 5}
    whole = courses.account(course, LATE, ruler)
    assert sum((span.wall for span in whole.holdings.values()), timedelta()) == 21 * HOUR
    assert whole.waits == {PauseReason.AWAITING_CITIZEN: Span(2 * HOUR, 2 * HOUR)}


def test_a_pause_is_credited_exactly() -> None:
    clock = close(sample.paused(at("11:00"), at("17:00")), sample.resumed(at("13:00:01"), at("11:00")))
    assert clock.due_at == at("11:00:01", days=1)
    assert clock.credit == 2 * HOUR + timedelta(seconds=1)


def test_the_cap_resumes_by_itself() -> None:
    """Nobody says so: the clock goes on at 12:00, and its rungs fall due an hour later than they would have."""
    clock = close(sample.paused(at("11:00"), at("12:00")))
    assert clock.due_at == at("10:00", days=1)
    assert fired(clock)[0] == (50, "13:00:00")
    late = told(sample.paused(at("11:00"), at("12:00")), sample.resumed(at("15:00"), at("11:00")))[0]["close"]
    assert late.due_at == at("10:00", days=1)


def test_no_rung_fires_while_it_rests() -> None:
    clock = close(sample.paused(at("11:00"), at("09:00", days=3)))
    assert clock.next_rung_at == at("09:00", days=3) + 10 * HOUR


def test_pauses_that_overlap_count_once() -> None:
    clock = close(
        sample.paused(at("11:00"), at("13:00")),
        sample.paused(at("12:00"), at("14:00"), PauseReason.AWAITING_THIRD_PARTY),
        sample.resumed(at("14:00"), at("12:00")),
    )
    assert clock.credit == 3 * HOUR


def test_a_second_pause_after_an_unsaid_cap_counts_both() -> None:
    clock = close(sample.paused(at("11:00"), at("12:00")), sample.paused(at("14:00"), at("16:00")))
    assert clock.due_at == at("12:00", days=1)


def test_nothing_moves_a_response() -> None:
    clocks, _ = told(sample.paused(at("09:10"), at("13:00")), sample.extended(at("09:20"), HOUR))
    assert clocks["response"].due_at == at("09:30")
    assert clocks["response"].rest is None


def test_a_pause_after_due_moves_nothing() -> None:
    clock = close(sample.paused(at("09:01", days=1), at("13:00", days=1)))
    assert (clock.due_at, clock.rest) == (at("09:00", days=1), None)


def test_a_pause_in_the_plans_own_time() -> None:
    """Office hours nine to twelve and two to six: a rest over noon credits only the hours somebody would have worked."""
    plan = sample.office_plan(2)
    clock = close(
        sample.paused(at("11:00"), at("18:00")), sample.resumed(at("15:00"), at("11:00")), plan=plan
    )
    assert clock.credit == 4 * HOUR  # of working days: a day is a day, from eleven to three
    assert clock.due_at == at("13:00", days=2)


def test_a_resolve_ends_a_rest() -> None:
    clock = close(sample.paused(at("11:00"), at("09:00", days=5)), sample.resolved(at("12:00"), "b"))
    assert (clock.rest, clock.credit) == (None, HOUR)


def test_an_extension_keeps_the_original_due_beside() -> None:
    clocks, happened = told(sample.extended(at("12:00"), timedelta(days=2)))
    clock = clocks["close"]
    assert clock.due_at == at("09:00", days=3)
    assert clock.original_due_at == at("09:00", days=1)
    assert any(isinstance(each, Extended) for each in happened)


def test_an_extension_after_due_moves_nothing() -> None:
    assert close(sample.extended(at("09:01", days=1), HOUR)).due_at == at("09:00", days=1)


def test_rungs_that_fired_stay_and_those_to_come_move() -> None:
    clock = decide.climb([close()], at("22:00"), at("22:00"), at("22:00"))[0].clock
    assert clock.rung == 1
    turn = decide.after(clock, sample.extended(at("22:30"), timedelta(hours=24)))
    assert fired(turn.clock)[0] == (80, f"{timedelta(hours=19.2 + 24)}")


def test_an_extension_granted_in_time_and_taken_late_takes_the_breach_back() -> None:
    clock = decide.climb([close()], at("10:00", days=1), at("10:00", days=1), None)[0].clock
    assert clock.breached_at is not None
    turn = decide.after(clock, sample.extended(at("08:59", days=1), HOUR * 5))
    assert [type(each) for each in turn.happened] == [Extended, Corrected]
    assert turn.clock.due_at == at("14:00", days=1)
    done = decide.after(turn.clock, sample.resolved(at("12:00", days=1), "b"))
    assert [each.outcome for each in done.happened if isinstance(each, Finished)] == [Outcome.MET]


def test_a_redo_credits_the_verifying_and_goes_on_with_what_was_left() -> None:
    """Resolved after 3 hours, found wanting after 48 more: 21 hours are left."""
    clocks, _ = told(
        sample.resolved(at("12:00"), "b"),
        sample.reopened(at("12:00", days=2), at("12:00")),
        plan=sample.full_plan(),
    )
    assert clocks["close"].running
    assert clocks["close"].due_at == at("12:00", days=2) + 21 * HOUR
    assert clocks["redo1"].due_at == at("12:20", days=2)


def test_rests_are_told() -> None:
    _, happened = told(sample.paused(at("11:00"), at("17:00")), sample.resumed(at("13:00"), at("11:00")))
    assert [type(each) for each in happened[2:]] == [Rested, Resumed]


spans = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 600), st.integers(1, 600)), max_size=5)


@given(spans)
def test_the_credit_is_the_minutes_that_rested(rows: list[tuple[int, int, int]]) -> None:
    """Against counting minute by minute: a minute rests when any pause that was approved before due covers it."""
    log: list[CaseEvent] = []
    end = 0
    for gap, cap, length in rows:
        begin = end + gap
        end = begin + length
        log += [sample.paused(NINE + begin * MINUTE, NINE + (begin + cap) * MINUTE)]
        log += [sample.resumed(NINE + end * MINUTE, NINE + begin * MINUTE)]
    resting, due = set[int](), 24 * 60
    for paused, resumed in zip(log[::2], log[1::2], strict=True):
        begin, stop = (paused.at - NINE) // MINUTE, (resumed.at - NINE) // MINUTE
        if begin > due:
            continue
        cap = int((getattr(paused, "until") - NINE) / MINUTE)  # noqa: B009
        resting |= set(range(begin, min(stop, cap)))
        due = 24 * 60 + len(resting)
    assert close(*log).due_at == NINE + due * MINUTE
