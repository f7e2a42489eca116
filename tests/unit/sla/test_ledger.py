"""台账: a line a case, with its status and why; and no cell that a spreadsheet would run."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from services.console.clocks import sheets
from services.contracts.events import CaseEvent
from services.contracts.values import ClockKind
from services.sla import course as courses
from services.sla import decide, ledger
from services.sla.clocks import Clock
from services.sla.ledger import Entry, Status
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, at

ZONE = ZoneInfo("Asia/Shanghai")
NAMES = {"b": "城管局", "dispatch-desk": "分拨台"}


def entry(*log: CaseEvent) -> Entry:
    clocks: dict[str, Clock] = {}
    course = courses.opened(sample.registered())
    for event in (sample.registered(), *log):
        for turn in decide.on_event(CASE, event, tuple(clocks.values())):
            clocks[turn.clock.kind] = turn.clock
        course = courses.after(course, event) if event.TYPE != "case.registered" else course
    return Entry(clocks[ClockKind.CLOSE], clocks[ClockKind.RESPONSE], course)


def line(now: datetime, *log: CaseEvent) -> dict[str, str]:
    return dict(zip(ledger.HEADER, ledger.row(entry(*log), NAMES, ZONE, now), strict=True))


@pytest.mark.parametrize(
    ("now", "log", "status"),
    [
        (at("12:00"), (), Status.OPEN),
        (at("12:00", days=1), (), Status.OVERDUE),
        (at("12:00", days=2), (sample.resolved(at("10:00"), "b"),), Status.CLOSED),
        (at("12:00", days=2), (sample.resolved(at("10:00", days=1), "b"),), Status.LATE),
        (at("12:00"), (sample.withdrawn(at("10:00"), "b"),), Status.ENDED),
    ],
)
def test_the_status_of_a_case(now: datetime, log: tuple[CaseEvent, ...], status: Status) -> None:
    assert line(now, *log)["状态 status"] == status


def test_what_is_late_says_in_whose_hands_the_time_was() -> None:
    told = line(at("11:00", days=1), sample.dispatched(at("10:00"), "b"), sample.paused(at("11:00"), at("12:00")),
                sample.resumed(at("12:00"), at("11:00")))  # fmt: skip
    assert told["原因 why"] == "经手：城管局 24.00 小时、分拨台 1.00 小时；等待市民 1.00 小时"
    assert (told["超时（小时）late hours"], told["暂停（小时）paused hours"]) == ("1.00", "1.00")
    assert told["受理 received"] == "2026-11-23 09:00:00"


def test_an_extension_shows_both_dues() -> None:
    told = line(at("11:00"), sample.extended(at("10:00"), timedelta(hours=5)))
    assert (told["办结时限 due"], told["原时限 original due"]) == (
        "2026-11-24 14:00:00",
        "2026-11-24 09:00:00",
    )
    assert told["原因 why"] == "延期 5.00 小时"


def test_a_month_is_the_citys() -> None:
    since, until = ledger.month("2026-12", ZONE)
    assert (since.isoformat(), until.isoformat()) == (
        "2026-12-01T00:00:00+08:00",
        "2027-01-01T00:00:00+08:00",
    )


DANGEROUS = ["=1+1", "+SUM(A1)", "-2", "@cmd", "＝1", "\t=1", "\r=1", "\n=1", "安全"]


def test_csv_runs_no_formula(tmp_path: Path) -> None:
    sheets.write(tmp_path / "a.csv", ["h"], [[cell] for cell in DANGEROUS])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert cells == [f"'{cell}" for cell in DANGEROUS[:-1]] + ["安全"]


def test_xlsx_runs_no_formula(tmp_path: Path) -> None:
    sheets.write(tmp_path / "a.xlsx", ["h"], [[cell] for cell in DANGEROUS])
    cells = [row[0] for row in load_workbook(tmp_path / "a.xlsx")["台账"].iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(DANGEROUS)
    assert cells[0].value == "=1+1"
