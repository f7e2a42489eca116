"""Calendar arithmetic: its laws for every calendar, and agreement with counting minute by minute."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from services.contracts import countings
from services.contracts.calendars import Calendar, OpenDay, always
from services.contracts.countings import Counting, Ruler
from tests.unit.contracts import minutes
from tests.unit.contracts.minutes import MINUTE, Minutes, Office, Spans

OFFICE: tuple[Spans, ...] = (((510, 720), (840, 1080)),) * 5 + ((),) * 2
NIGHTS: tuple[Spans, ...] = (((0, 150), (1320, 1440)),) * 7  # open when clocks are changed
ODD: tuple[Spans, ...] = (
    ((0, 1440),),
    (),
    ((61, 62), (90, 91), (1439, 1440)),
    (),
    ((600, 700),),
    ((0, 180),),
    ((0, 180),),
)
ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu",
         "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin")  # fmt: skip
CUT_OFFS = (None, time(17), time(0, 30))


def hours(spans: Spans) -> tuple[str, ...]:
    return tuple(f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in spans)


def calendar(office: Office) -> Calendar:
    opened = tuple(OpenDay(on=day, hours=hours(spans)) for day, spans in office.days.items() if spans)
    closed = tuple(day for day, spans in office.days.items() if not spans)
    week = tuple(hours(spans) for spans in office.week)
    return Calendar(name="office", zone=office.zone.key, week=week, closed=closed, opened=opened)


def ruler(counting: Counting, by: Calendar, cut_off: time | None = None) -> Ruler:
    return countings.ruler(counting, by, cut_off)


def promised(one: Ruler, start: datetime, target: timedelta) -> datetime:
    return one.due(one.begins(start) + target)


days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
spans = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(
    lambda cuts: tuple(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)
weeks = st.lists(st.just(()) | spans, min_size=7, max_size=7).map(tuple).filter(any)
offices = st.builds(
    Office,
    st.sampled_from(ZONES).map(ZoneInfo),
    weeks,
    st.dictionaries(days, st.just(()) | spans, max_size=20),
)
few = st.builds(
    Office,
    st.sampled_from(ZONES).map(ZoneInfo),
    weeks,
    st.dictionaries(days, st.just(()) | spans, max_size=3),
)
calendars = offices.map(calendar)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
targets = st.timedeltas(timedelta(microseconds=1), timedelta(days=40))
rulers = st.builds(ruler, st.sampled_from(Counting), calendars, st.sampled_from(CUT_OFFS))


@settings(deadline=None)
@given(one=rulers, start=instants, target=targets)
def test_adding_and_measuring_are_inverse(one: Ruler, start: datetime, target: timedelta) -> None:
    """at(instant(x)) = x for every length the line has; a wall clock that skips an hour does not have that hour."""
    place = one.at(start) + target
    reached = one.at(one.instant(place))
    assume(not (isinstance(one, countings.CalendarDays | countings.WorkingDays) and reached > place))
    assert reached == place


@settings(deadline=None)
@given(one=rulers, start=instants, target=targets)
def test_subtracting_undoes_adding(one: Ruler, start: datetime, target: timedelta) -> None:
    """Back on the same place of the line, which is the same instant for whoever was working then."""
    there = one.instant(one.at(start) + target)
    back = one.at(there) - target
    assume(one.at(there) == one.at(start) + target)
    assert back == one.at(start)
    assert one.at(one.instant(back)) == back or one.instant(back) >= there - target


@settings(deadline=None)
@given(one=rulers, first=instants, second=instants)
def test_time_never_runs_backwards(one: Ruler, first: datetime, second: datetime) -> None:
    early, late = sorted((first, second))
    assert one.at(early) <= one.at(late)
    assert one.instant(one.at(early)) <= one.instant(one.at(late))


@settings(deadline=None)
@given(one=rulers, start=instants, parts=st.tuples(targets, targets))
def test_lengths_add_up(one: Ruler, start: datetime, parts: tuple[timedelta, timedelta]) -> None:
    middle = one.instant(one.at(start) + parts[0])
    assume(one.at(middle) == one.at(start) + parts[0])
    assert one.instant(one.at(middle) + parts[1]) == one.instant(one.at(start) + parts[0] + parts[1])


@settings(deadline=None)
@given(by=calendars, start=instants, target=targets)
def test_working_time_ends_while_somebody_works(by: Calendar, start: datetime, target: timedelta) -> None:
    one = ruler(Counting.WORKING_TIME, by)
    due = promised(one, start, target)
    just_before = one.at(due - timedelta(microseconds=1))
    assert one.at(due) - just_before == timedelta(microseconds=1)


@settings(deadline=None)
@given(start=instants, target=targets, zone=st.sampled_from(ZONES))
def test_office_hours_round_the_clock_are_elapsed_time(start: datetime, target: timedelta, zone: str) -> None:
    assert promised(ruler(Counting.WORKING_TIME, always(zone)), start, target) == start + target


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(office=few, seed=st.integers(0, 2**32))
def test_minute_by_minute_on_random_calendars(office: Office, seed: int) -> None:
    judge(minutes.months(office, 2026, 3), random.Random(seed), 50, most=3)


@pytest.mark.parametrize(
    ("zone", "year", "week"), [("America/New_York", 2026, NIGHTS), ("Asia/Shanghai", 2026, OFFICE)]
)
def test_minute_by_minute(zone: str, year: int, week: tuple[Spans, ...]) -> None:
    """5,000 spans each; the 100,000 of the long test are like these."""
    judge(minutes.months(Office(ZoneInfo(zone), week, some_days(year)), year, 12), random.Random(zone), 5_000)


@pytest.mark.long
@pytest.mark.parametrize("week", [OFFICE, NIGHTS, ODD], ids=["office", "nights", "odd"])
@pytest.mark.parametrize("zone", ZONES)
def test_minute_by_minute_a_hundred_thousand(zone: str, week: tuple[Spans, ...]) -> None:
    """8 zones × 3 weeks × 5,000 spans = 120,000, each counted in three ways."""
    year = {"America/Sao_Paulo": 2017, "Pacific/Apia": 2011}.get(
        zone, 2026
    )  # midnight that is skipped; a day that is
    judge(minutes.months(Office(ZoneInfo(zone), week, some_days(year)), year, 15), random.Random(zone), 5_000)


def some_days(year: int) -> dict[date, Spans]:
    """A week of holiday, a Saturday worked for it, and half a day."""
    week = {date(year, 10, day): () for day in range(1, 8)}
    return week | {date(year, 10, 10): ((540, 1020),), date(year, 4, 6): ((540, 720),)}


def judge(oracle: Minutes, dice: random.Random, many: int, most: int = 8) -> None:
    by = calendar(oracle.office)
    last = oracle.many - 62 * 24 * 60  # what is counted must end within the years of the oracle
    for _ in range(many):
        i = dice.randrange(2 * 24 * 60, max(last, 2 * 24 * 60 + 1))
        judge_time(oracle, by, i, dice.randrange(i, i + 30 * 24 * 60 if last > 0 else oracle.many))
        if last > 0:
            judge_days(oracle, by, i, dice.randrange(1, most + 1), dice.choice(CUT_OFFS))


def judge_time(oracle: Minutes, by: Calendar, i: int, j: int) -> None:
    one, start, worked = ruler(Counting.WORKING_TIME, by), oracle.at(i), oracle.worked(i, j)
    assert one.at(oracle.at(j)) - one.at(start) == worked * MINUTE
    if worked:
        last = oracle.open.rindex(1, i, j)  # the minute at whose end so much was worked first
        assert one.instant(one.at(start) + worked * MINUTE) == oracle.at(last + 1)


def judge_days(oracle: Minutes, by: Calendar, i: int, days: int, cut_off: time | None) -> None:
    start, target = oracle.at(i), timedelta(days=days)
    assert promised(ruler(Counting.CALENDAR_DAYS, by), start, target) == oracle.at(oracle.after_days(i, days))
    expected = oracle.at(oracle.after_working_days(i, days, cut_off))
    assert promised(ruler(Counting.WORKING_DAYS, by, cut_off), start, target) == expected
