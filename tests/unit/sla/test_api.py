"""What the door says of a clock."""

from services.contracts.values import ClockKind
from services.sla import api, decide, views
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, at


def test_a_running_clock_in_one_line() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    view = views.view(clock, at("09:17:30"))
    assert view.line.zh == "响应时钟：还剩 12 分 30 秒，由 dispatch-desk 持有。"
    assert view.line.en == "response clock: 12 min 30 s left, held by dispatch-desk."
    assert (view.state, view.left_seconds, view.elapsed_seconds) == ("running", 750, 1050)


def test_a_late_clock_in_one_line() -> None:
    clock = decide.opened(CASE, sample.registered())[1].clock
    view = views.view(clock, at("11:00:05", days=1))
    assert view.line.en == "close clock: 2 h late, held by dispatch-desk."
    assert view.breached
    assert view.left_seconds == -7205


def test_an_answered_clock_in_one_line() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    clock = decide.after(clock, sample.responded(at("09:12"), "biling-office")).clock
    view = views.view(clock, at("15:00"))
    assert view.line.zh == "响应时钟：按时，用时 12 分，biling-office。"
    assert (view.state, view.left_seconds) == ("met", 18 * 60)


def test_an_answer_that_came_late_says_by_how_much_and_people_are_called_by_name() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    clock = decide.after(clock, sample.responded(at("10:05"), "b")).clock
    line = views.view(clock, at("15:00"), {"b": ("教育局", "Education Bureau")}).line
    assert line.zh == "响应时钟：超时 35 分，用时 1 小时 5 分，教育局。"
    assert line.en == "response clock: 35 min late, after 1 h 5 min, by Education Bureau."


def test_a_cancelled_clock_in_one_line() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    view = views.view(decide.after(clock, sample.rejected(at("09:10"))).clock, at("15:00"))
    assert view.line.en == "response clock: cancelled."


def test_rungs_say_which_fired() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    clock = decide.climb([clock], at("09:24"), at("09:24"), at("09:24"))[0].clock
    fired = [(rung.percent, rung.fired) for rung in views.view(clock, at("09:25")).rungs]
    assert fired == [(50, True), (80, True), (100, False), (150, False), (200, False)]


def test_the_door_describes_itself() -> None:
    described = api.openapi()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]["/v1/clocks/{case}"]["get"]["responses"]) >= {"200", "401", "403", "404"}
    assert ClockKind.RESPONSE in str(described)


def test_a_due_beyond_the_known_public_days_says_so() -> None:
    """A calendar that knows the days of 2026; ten working days from the end of November, and forty."""
    for days, known in ((10, True), (40, False)):
        clock = decide.opened(CASE, sample.registered(promise=sample.office_plan(days)))[1].clock
        assert views.view(clock, at("15:00")).days_known is known
