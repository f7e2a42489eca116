"""What recorded dues say of the promise behind them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.contracts.countings import Counting
from services.sla import learning
from services.sla.learning import Learnt, Record, Why

ZONE = "America/New_York"
MONDAY = datetime(2026, 3, 2, 10, 15, tzinfo=ZoneInfo(ZONE))
HOUR = timedelta(hours=1)


def days(kind: str, promised: int) -> list[Record]:
    """Opened at all hours of four weeks; due in so many working days, after five from the next opening, half past eight."""
    found = []
    for i in range(0, 28 * 24, 5):
        opened = (MONDAY + i * HOUR).astimezone(ZoneInfo(ZONE))
        day = _worked(opened)
        late = opened.time() >= time(17)
        for _ in range(promised + late):
            day = _worked(day + timedelta(days=1))
        due = day.replace(hour=8, minute=30) if late else day
        found.append(Record(kind, opened, due))
    return found


def _worked(day: datetime) -> datetime:
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def wall(kind: str, hours: int) -> list[Record]:
    """By the wall clock: the same face of it so many hours on, also across the change of 8 March."""
    opened = [MONDAY + i * 7 * HOUR for i in range(40)]
    return [Record(kind, at, at + hours * HOUR) for at in opened]


def learnt(records: list[Record]) -> dict[str, Learnt]:
    return learning.learn(records, learning.office(records, ZONE))


def test_the_office_is_learnt_from_dues_that_moved() -> None:
    office = learning.office(days("bulk", 2), ZONE)
    assert office.cut_off == time(17)
    assert office.calendar.week[0] == ("08:30-17:00",)


def test_working_days_and_wall_hours_are_told_apart() -> None:
    found = learnt(days("bulk", 2) + wall("noise", 48))
    bulk, noise = found["bulk"].measure, found["noise"].measure
    assert bulk is not None
    assert noise is not None
    assert (bulk.by, bulk.target) == (Counting.WORKING_DAYS, timedelta(days=2))
    assert (noise.by, noise.target) == (Counting.CALENDAR_DAYS, timedelta(hours=48))
    assert found["bulk"].explained == found["bulk"].support


def test_what_is_due_at_once_promises_nothing() -> None:
    assert learnt([Record("question", MONDAY, MONDAY)])["question"].measure is None


def test_a_judgement_says_why_a_due_was_missed() -> None:
    office = learning.office(days("bulk", 2), ZONE)
    plans = learning.learn(days("bulk", 2), office)
    later = [
        Record("bulk", MONDAY, MONDAY + 48 * HOUR), Record("new", MONDAY, MONDAY + HOUR),
        Record("bulk", MONDAY, MONDAY + 72 * HOUR), Record("bulk", MONDAY, MONDAY + timedelta(hours=50, minutes=17)),
    ]  # fmt: skip
    found = learning.judge(plans, later, office)
    assert found.right == 1
    assert found.why == {Why.NEVER_SEEN: 1, Why.OTHER_TARGET: 1, Why.BY_HAND: 1}
    assert found.agreement == 0.25


def test_the_first_two_thirds_by_time_are_learnt_from() -> None:
    every = [
        Record("a", datetime(2026, 1, day, tzinfo=UTC), datetime(2026, 1, day + 1, tzinfo=UTC))
        for day in (9, 1, 5)
    ]
    first, last = learning.in_two(every)
    assert [record.opened_at.day for record in (*first, *last)] == [1, 5, 9]
    assert len(last) == 1
