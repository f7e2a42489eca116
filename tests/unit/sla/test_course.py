"""In whose hands every moment was: the laws, and a count millisecond by millisecond."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts import countings
from services.contracts.countings import Counting, Elapsed
from services.contracts.events import CaseEvent
from services.contracts.values import PauseReason
from services.sla import course as courses
from services.sla import views
from services.sla.course import US, VERIFICATION, Course
from tests.unit.sla import sample
from tests.unit.sla.sample import DESK, NINE, at

MS = timedelta(milliseconds=1)
RULER = Elapsed()


def course(*events: CaseEvent, taken: datetime | None = None) -> Course:
    found = courses.opened(sample.registered(taken=taken))
    for event in events:
        found = courses.after(found, event)
    return found


def minutes(found: Course, until: datetime) -> dict[str, float]:
    told = courses.account(found, until, RULER)
    return {key: span.wall / timedelta(minutes=1) for key, span in (told.holdings | told.waits).items()}


def test_what_lies_between_receipt_and_registration_is_ours() -> None:
    assert minutes(course(taken=at("09:02")), at("09:05")) == {US: 2, DESK: 3}


def test_a_return_that_was_right_counts_for_whom_the_review_says() -> None:
    found = course(
        sample.dispatched(at("09:10"), "a"), sample.returned(at("09:40"), "a"),
        sample.reviewed(at("09:50"), at("09:10"), at("09:40"), DESK), sample.dispatched(at("10:00"), "b"),
    )  # fmt: skip
    assert minutes(found, at("10:05")) == {DESK: 30, "a": 30, "b": 5}
    counted = courses.account(found, at("10:05"), RULER).counted
    assert {unit: span.wall / timedelta(minutes=1) for unit, span in counted.items()} == {DESK: 60, "b": 5}


def test_waiting_is_nobodys_holding() -> None:
    found = course(sample.dispatched(at("09:10"), "b"), sample.paused(at("10:00"), at("12:00")))
    assert minutes(found, at("11:00")) == {DESK: 10, "b": 50, PauseReason.AWAITING_CITIZEN: 60}
    assert minutes(found, at("13:00")) == {DESK: 10, "b": 110, PauseReason.AWAITING_CITIZEN: 120}


def test_after_the_resolve_nothing_counts_and_a_redo_makes_it_verifying() -> None:
    found = course(sample.dispatched(at("09:10"), "b"), sample.resolved(at("10:00"), "b"))
    assert minutes(found, at("18:00")) == {DESK: 10, "b": 50}
    again = courses.after(found, sample.reopened(at("11:00"), at("10:00")))
    assert minutes(again, at("11:30")) == {DESK: 10, "b": 80, VERIFICATION: 60}


def test_sense_dispatch_and_handle_are_timed_apart() -> None:
    found = course(sample.responded(at("09:20"), "a"), sample.resolved(at("12:00"), "a"))
    phases = courses.phases(found)
    assert (phases.sense, phases.dispatch, phases.handle) == (
        None,
        timedelta(minutes=20),
        timedelta(minutes=160),
    )


def test_own_time_is_the_plans() -> None:
    """Nine to six with two hours at noon: from eleven to three somebody worked two hours."""
    plan = sample.office_plan(3)
    assert plan.close.counted is not None
    ruler = countings.ruler(Counting.WORKING_TIME, plan.close.counted.days, None)
    found = course(sample.dispatched(at("11:00"), "b"))
    told = courses.account(found, at("15:00"), ruler)
    assert told.holdings["b"].own == timedelta(hours=2)
    assert told.holdings["b"].wall == timedelta(hours=4)


def test_the_account_in_one_line() -> None:
    found = course(sample.dispatched(at("09:10"), "b"), sample.paused(at("10:00"), at("12:00")))
    told = courses.account(found, at("13:00"), RULER)
    line = views.account_line(told)
    assert line.en == "4 h in all: 1 h 50 min with b; 10 min with dispatch-desk; 2 h paused for the citizen."
    assert line.zh == "共 4 小时，经手： b  1 小时 50 分、 dispatch-desk  10 分；暂停：等待市民 2 小时。"


def test_in_the_line_people_are_called_by_name() -> None:
    found = course(sample.dispatched(at("09:10"), "b"), taken=NINE + 300 * MS)
    names = {"b": ("教育局", "Education Bureau"), DESK: ("分拨台", "Dispatcher's Desk")}
    line = views.account_line(courses.account(found, at("10:40"), RULER), names)
    assert line.zh == "共 1 小时 40 分，经手：教育局 1 小时 30 分、分拨台 9 分 59 秒。"
    assert (
        line.en == "1 h 40 min in all: 1 h 30 min with Education Bureau; 9 min 59 s with Dispatcher's Desk."
    )


steps = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "return", "pause", "resume", "resolve", "redo"]), st.integers(0, 40)
    ),
    max_size=14,
)


@settings(deadline=None)
@given(steps=steps, until=st.integers(0, 400), lag=st.integers(0, 9))
def test_every_millisecond_is_somebodys_once(steps: list[tuple[str, int]], until: int, lag: int) -> None:
    log = _log(steps, lag)
    found = course(*log, taken=NINE + lag * MS)
    told = courses.account(found, NINE + until * MS, RULER)
    assert (
        sum((s.wall for s in (*told.holdings.values(), *told.waits.values())), timedelta())
        == told.elapsed.wall
    )
    assert {key: span.wall // MS for key, span in (told.holdings | told.waits).items()} == _counted(
        log, lag, until
    )


def _log(steps: list[tuple[str, int]], lag: int) -> list[CaseEvent]:
    """A sequence as a router could write it: a redo only after a resolve, a pause only while it is worked on."""
    log: list[CaseEvent] = []
    now, resolved = lag, None
    for what, gap in steps:
        now += gap
        instant = NINE + now * MS
        if resolved is None and what in ("a", "b"):
            log.append(sample.dispatched(instant, what))
        elif resolved is None and what == "return":
            log.append(sample.returned(instant, "a"))
        elif resolved is None and what == "pause":
            log.append(sample.paused(instant, instant + 25 * MS, unit=_holder(log)))
        elif resolved is None and what == "resume":
            log.append(sample.resumed(instant, instant, unit=_holder(log)))
        elif resolved is None and what == "resolve":
            resolved = instant
            log.append(sample.resolved(instant, _holder(log)))
        elif resolved is not None and what == "redo":
            log.append(sample.reopened(instant, resolved, unit=_holder(log)))
            resolved = None
    return log


def _holder(log: list[CaseEvent]) -> str:
    return log[-1].holder.unit if log else DESK


def _counted(log: list[CaseEvent], lag: int, until: int) -> dict[str, int]:
    """Ask each millisecond who has it, from the log alone."""
    counts: dict[str, int] = {}
    ends = [event for event in log if event.TYPE in ("case.resolved", "case.reopened")]
    if ends and ends[-1].TYPE == "case.resolved":
        until = min(until, (ends[-1].at - NINE) // MS)
    for ms in range(until):
        key = _who(log, lag, NINE + ms * MS)
        counts[key] = counts.get(key, 0) + 1
    return counts


def _who(log: list[CaseEvent], lag: int, moment: datetime) -> str:
    for i, event in enumerate(log):
        again = next((later.at for later in log[i:] if later.TYPE == "case.reopened"), moment)
        if event.TYPE == "case.resolved" and event.at <= moment < again:
            return VERIFICATION
        if event.TYPE == "case.paused" and event.at <= moment < event.at + 25 * MS:
            ends = (later.at for later in log[i:] if later.TYPE in ("case.resumed", "case.resolved"))
            if moment < min(ends, default=moment + MS):
                return PauseReason.AWAITING_CITIZEN
    before = [event.holder.unit for event in log if event.at <= moment]
    if before:
        return before[-1]
    return DESK if moment >= NINE + lag * MS else US
