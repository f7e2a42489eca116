"""Exports of all kinds become past cases, and parts of a history neither overlap nor leave anything out."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router import history
from services.router.history import Columns, Part, Past

COLUMNS = Columns(("type", "sub"), ("street", "community"), "unit", "at")
HEADER = ("at", "type", "sub", "street", "community", "unit")


def read(*cells: str) -> Past:
    return history.cases(HEADER, [(2, cells)], COLUMNS)[0]


def test_a_row_becomes_a_case() -> None:
    case = read("2018-02-08", "市政", "路灯", "龙田街道", "老坑社区", "城管局")
    assert (case.category, case.area, case.owner) == (("市政", "路灯"), ("龙田街道", "老坑社区"), "城管局")
    assert case.at == datetime(2018, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("nothing", ["", "-", "N/A", "n/a", " NULL "])
def test_a_path_ends_where_a_value_is_missing(nothing: str) -> None:
    case = read("", "市政", nothing, nothing, "老坑社区", nothing)
    assert (case.category, case.area, case.owner, case.at) == (("市政",), (), "", None)


def test_a_short_row_lacks_its_last_cells() -> None:
    assert read("2018-02-08", "市政") == Past(2, ("市政",), (), "", datetime(2018, 2, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-07-15T15:30:51.000", datetime(2025, 7, 15, 15, 30, 51, tzinfo=UTC)),
        ("07/15/2025 03:30:51 PM", datetime(2025, 7, 15, 15, 30, 51, tzinfo=UTC)),
        ("2018/2/8", datetime(2018, 2, 8, tzinfo=UTC)),
        ("2018年2月8日", datetime(2018, 2, 8, tzinfo=UTC)),
        ("2018-02-08 09:00:00+08:00", datetime(2018, 2, 8, 1, tzinfo=UTC)),
        ("yesterday", None),
    ],
)
def test_times_are_read_as_exports_write_them(text: str, at: datetime | None) -> None:
    assert history.instant(text) == at


@given(st.lists(st.integers(0, 5), max_size=30), st.fractions(0, 1).filter(lambda share: 0 < share < 1))
def test_first_and_last_make_the_whole(days: list[int], share: Fraction) -> None:
    cases = [Past(n, (), (), "x", datetime(2018, 2, 1 + day, tzinfo=UTC)) for n, day in enumerate(days)]
    first, last = history.part(cases, Part(first=share)), history.part(cases, Part(last=1 - share))
    assert first + last == history.part(cases, Part())
    assert all(a.at <= b.at for a in first for b in last if a.at and b.at)


def test_a_history_without_times_keeps_its_order() -> None:
    cases = [Past(n, (), (), "x") for n in range(3)]
    assert history.part(cases, Part(first=Fraction(2, 3))) == cases[:2]


def test_since_and_until() -> None:
    cases = [Past(n, (), (), "x", datetime(2018, 2, 1 + n, tzinfo=UTC)) for n in range(4)]
    wanted = Part(since=datetime(2018, 2, 2, tzinfo=UTC), until=datetime(2018, 2, 4, tzinfo=UTC))
    assert history.part(cases, wanted) == cases[1:3]
