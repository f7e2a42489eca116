"""What a city writes of its days, and the calendar that travels."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from services.contracts import calendars, countings
from services.contracts.calendars import Calendar, CalendarRow, CalendarsFile, HolidaysFile
from services.contracts.countings import Counting

NAME = {"zh": "机关", "en": "office"}
ROW = {
    "name": "office",
    "title": NAME,
    "week": {"mon-fri": ["09:00-12:00", "14:00-18:00"], "fri": ["09:00-12:00"]},
}
PUBLIC = HolidaysFile.model_validate(
    {
        "source": "test", "first": 2026, "last": 2026, "closed": [{"on": "2026-10-01", "name": "国庆节"}],
        "swapped": [{"on": "2026-10-10", "name": "调休"}],
    }
)  # fmt: skip


def travelling(observed: bool = True, **more: object) -> Calendar:
    rows = [CalendarRow.model_validate(ROW | more)]
    return calendars.snapshots(rows, PUBLIC, "Asia/Shanghai")["office", observed]


def test_the_entry_that_names_the_fewest_days_decides() -> None:
    office = travelling()
    assert office.minutes(date(2026, 11, 19)) == ((540, 720), (840, 1080))
    assert office.minutes(date(2026, 11, 20)) == ((540, 720),)
    assert office.minutes(date(2026, 11, 21)) == ()


def test_a_holiday_is_closed_and_a_swapped_day_is_worked_like_a_monday() -> None:
    assert travelling().minutes(date(2026, 10, 1)) == ()
    assert travelling().minutes(date(2026, 10, 10)) == ((540, 720), (840, 1080))
    assert travelling(swapped=["10:00-11:00"]).minutes(date(2026, 10, 10)) == ((600, 660),)


def test_public_holidays_are_observed_or_not_by_plan() -> None:
    assert travelling(observed=False).minutes(date(2026, 10, 1)) != ()
    assert travelling(observed=False).minutes(date(2026, 10, 10)) == ()
    assert travelling(public_holidays=False).minutes(date(2026, 10, 1)) != ()


def test_the_citys_own_days_lie_on_top() -> None:
    own = [
        {"on": "2026-10-01", "hours": ["09:00-10:00"], "note": "值班"},
        {"on": "2026-11-19", "hours": [], "note": "台风"},
    ]
    assert travelling(days=own).minutes(date(2026, 10, 1)) == ((540, 600),)
    assert travelling(days=own).minutes(date(2026, 11, 19)) == ()


def test_it_says_how_far_public_days_are_known_and_after_that_the_week_counts() -> None:
    office = travelling()
    assert office.known_until == 2026
    assert travelling(observed=False).known_until is None
    assert office.minutes(date(2027, 10, 1)) == ((540, 720),)  # a Friday


def test_a_swapped_saturday_counts_and_the_holiday_does_not() -> None:
    """Wednesday before the National Day: Thursday is off, Friday is worked, then Monday."""
    days = countings.ruler(Counting.WORKING_DAYS, travelling(), None)
    wednesday = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)
    assert days.due(days.begins(wednesday) + timedelta(days=1)) == datetime(2026, 10, 2, 2, 0, tzinfo=UTC)
    thursday = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    assert days.due(days.begins(thursday) + timedelta(days=2)) == datetime(2026, 10, 10, 2, 0, tzinfo=UTC)


def test_what_travels_comes_back_the_same() -> None:
    assert Calendar.model_validate_json(travelling().model_dump_json()) == travelling()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"week": {"mon-fri": []}}, "an hour of work"),
        ({"week": {"mon": ["18:00-08:00"]}}, "write two"),
        ({"week": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "in order and apart"),
        ({"timezone": "Asia/Pingshan"}, "no time zone"),
        ({"days": [{"on": "2026-01-01", "hours": [], "note": "a"}] * 2}, "stands here already"),
    ],
)
def test_a_calendar_that_cannot_be_kept_is_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CalendarRow.model_validate(ROW | changed)


@pytest.mark.parametrize("names", [["office", "office"], ["24x7"]])
def test_names_are_taken_once(names: list[str]) -> None:
    with pytest.raises(ValidationError, match="taken"):
        CalendarsFile.model_validate({"calendars": [ROW | {"name": name} for name in names]})


def test_a_public_day_outside_the_years_of_its_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="outside the years"):
        HolidaysFile.model_validate(
            {"first": 2026, "last": 2026, "closed": [{"on": "2027-01-01", "name": "元旦"}]}
        )
