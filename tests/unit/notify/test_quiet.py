"""Quiet hours in the city's local time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.notify import quiet

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("hours", "local", "ends"),
    [
        ("22:00-07:00", "2026-11-23 21:59", None),
        ("22:00-07:00", "2026-11-23 22:00", "2026-11-24 07:00"),
        ("22:00-07:00", "2026-11-24 00:10", "2026-11-24 07:00"),
        ("22:00-07:00", "2026-11-24 06:59", "2026-11-24 07:00"),
        ("22:00-07:00", "2026-11-24 07:00", None),
        ("12:30-14:00", "2026-11-24 13:00", "2026-11-24 14:00"),
        ("12:30-14:00", "2026-11-24 14:00", None),
        ("22:00-24:00", "2026-11-23 23:00", "2026-11-24 00:00"),
        ("22:00-24:00", "2026-11-24 00:00", None),
    ],
)
def test_ends_after(hours: str, local: str, ends: str | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).astimezone(UTC)
    found = quiet.read(hours, SHANGHAI).ends_after(now)
    assert found == (datetime.fromisoformat(ends).replace(tzinfo=SHANGHAI) if ends else None)


def test_the_end_is_a_local_hour_also_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    eve = datetime(2026, 10, 24, 23, 0, tzinfo=berlin).astimezone(UTC)  # at 03:00 the clocks go back an hour
    assert quiet.read("22:00-07:00", berlin).ends_after(eve) == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)
