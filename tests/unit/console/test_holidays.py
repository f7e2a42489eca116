"""holidays.yaml is what the kept library says, for years it knows."""

from datetime import date
from pathlib import Path

import pytest

from services.chassis import files
from services.console import holidays
from services.contracts.calendars import HolidaysFile

PINGSHAN = Path("deploy/city/pingshan/holidays.yaml")


def test_the_example_citys_file_is_what_the_locked_library_says() -> None:
    """Fails after an upgrade that brings a new announcement: write the file again and read the diff."""
    kept = files.load(PINGSHAN, HolidaysFile).value
    assert PINGSHAN.read_text(encoding="utf-8") == holidays.written(
        "CN", holidays.days("CN", kept.first, kept.last)
    )
    assert not holidays.announced("CN", kept.last + 1), "a newer year is known"


def test_china_knows_its_swapped_workdays() -> None:
    """国办发明电〔2025〕7号: National Day 2026, 1 to 7 October; 20 September and 10 October are worked."""
    known = holidays.days("CN", 2026, 2026)
    assert {date(2026, 9, 20), date(2026, 10, 10)} <= {day.on for day in known.swapped}
    assert {date(2026, 10, day) for day in (1, 2, 5, 6, 7)} <= {day.on for day in known.closed}


def test_a_year_that_is_not_announced_is_refused() -> None:
    with pytest.raises(holidays.UnknownYear, match="2027 is not announced"):
        holidays.days("CN", 2026, 2027)


def test_a_country_without_swaps_needs_no_announcement() -> None:
    assert date(2031, 7, 4) in {day.on for day in holidays.days("US", 2031, 2031).closed}
