"""What is counted: every clock once, so that the share in time is (met + corrected) / (met + breached)."""

from dataclasses import replace
from datetime import datetime

from services.contracts.events import CaseEvent
from services.contracts.values import PauseReason
from services.sla import course as courses
from services.sla import decide, metrics
from services.sla.clocks import Clock, Outcome
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, DESK, at

DUE = at("09:30")


class Count:
    """What the counters of a department have grown by since this was made."""

    def __init__(self, department: str) -> None:
        metrics.know(["a", "b", DESK])
        self._series = {
            str(outcome): metrics.FINISHED.labels("response", outcome, department)
            for outcome in metrics.OUTCOMES
        }
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        return {outcome: one._value.get() for outcome, one in self._series.items()}

    def grown(self) -> dict[str, float]:
        grown = {outcome: now - self._before[outcome] for outcome, now in self._now().items()}
        return {outcome: by for outcome, by in grown.items() if by}


def with_a() -> Clock:
    clock = decide.opened(CASE, sample.registered())[0].clock
    return decide.after(clock, sample.dispatched(at("09:01"), "a")).clock


def after(clock: Clock, event: CaseEvent) -> Clock:
    turn = decide.after(clock, event)
    metrics.count(turn.happened)
    return turn.clock


def ticked(clock: Clock, now: datetime) -> Clock:
    turn = decide.climb([clock], now, now, now)[0]
    metrics.count(turn.happened)
    return turn.clock


def test_met_counts_when_it_stops() -> None:
    count = Count("a")
    ticked(after(with_a(), sample.responded(DUE, "a")), at("12:00"))
    assert count.grown() == {"met": 1}


def test_breached_counts_when_due_falls_and_not_again_when_it_stops() -> None:
    count = Count("a")
    late = ticked(with_a(), DUE)
    assert count.grown() == {"breached": 1}
    ticked(after(late, sample.responded(at("10:00"), "a")), at("12:00"))
    assert count.grown() == {"breached": 1}


def test_a_breach_that_was_ours_is_counted_as_corrected_beside() -> None:
    count = Count("a")
    after(ticked(with_a(), at("09:31")), sample.responded(at("09:29"), "a"))
    assert count.grown() == {"breached": 1, "corrected": 1}


def test_a_breach_counts_for_who_had_it_when_due_fell() -> None:
    a, b = Count("a"), Count("b")
    ticked(after(with_a(), sample.dispatched(at("09:40"), "b")), at("09:45"))
    assert (a.grown(), b.grown()) == ({"breached": 1}, {})


def test_whom_the_citys_files_do_not_name_is_other() -> None:
    count = Count(metrics.OTHER)
    after(with_a(), sample.responded(at("09:10"), "stranger"))
    assert count.grown() == {"met": 1}


def test_a_due_moved_after_its_breach_was_taken_back_counts_again_only_if_it_falls() -> None:
    mended = replace(with_a(), corrected=True, stop=None)
    assert not metrics._decides(mended, Outcome.MET)
    assert metrics._decides(mended, Outcome.BREACHED)


def test_what_a_redo_revived_has_been_counted() -> None:
    count = Count("a")
    ticked(replace(with_a(), reopened=1), DUE)
    assert count.grown() == {}


def test_hands_are_counted_once_at_the_first_resolve() -> None:
    metrics.know([DESK, "a"])
    held = {who: metrics.HELD.labels(who) for who in (DESK, "a")}
    rested = metrics.WAITED.labels(PauseReason.AWAITING_CITIZEN)
    before = [one._value.get() for one in (*held.values(), rested)]
    course = courses.opened(sample.registered())
    for event in (sample.dispatched(at("09:10"), "a"), sample.paused(at("10:00"), at("11:00"))):
        course = courses.after(course, event)
    over = courses.after(course, sample.resolved(at("12:00"), "a"))
    assert courses.first_over(course, over)
    metrics.count_hands([over])
    grown = [one._value.get() - was for one, was in zip((*held.values(), rested), before, strict=True)]
    assert grown == [10 * 60, (50 + 60) * 60, 60 * 60]
    again = courses.after(over, sample.reopened(at("13:00"), at("12:00")))
    assert not courses.first_over(again, courses.after(again, sample.resolved(at("14:00"), "a")))
