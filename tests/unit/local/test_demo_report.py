"""The summary of the demo: when it is the machine that is slow, it says so; into a file it goes by whole lines."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local import demo, demo_report
from deploy.local.demo_report import Figures
from deploy.local.ledger import Verdict
from services.chassis import files
from services.contracts import city as cities

CITY = files.load_all(Path("deploy/city/pingshan"), cities.MODELS, cities.assemble, cities.problems).value
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def told(late: int, p99_ms: float | None, rate: float = 720) -> str:
    """The summary of a day of twenty cases, `late` of them past their due without an answer."""
    names = [str(number) for number in range(late)]
    figures = Figures(
        due=dict.fromkeys(names, NINE), holder=dict.fromkeys(names, "police"), city_now=NINE.replace(hour=20)
    )
    found = {"accepted": 20, "cases": 20, "lost": 0, "duplicated": 0, "responded_in_time": 20 - late, "closed": 0,
             "notices": 0, "latency_ms": {"p50": p99_ms, "p99": p99_ms}}  # fmt: skip
    return "\n".join(demo_report.words(CITY, figures, Verdict(20, 20, 0, {}, {}), found, rate))


def test_a_low_share_on_a_slow_machine_is_explained() -> None:
    summary = told(late=8, p99_ms=640)
    assert "p99 相当于城里 8 分钟" in summary
    assert "this machine is slow" in summary
    assert summary.count("DEMO_RATE=180 make demo") == 2


@pytest.mark.parametrize(
    ("late", "p99_ms", "rate"), [(8, 200, 720), (8, 640, 180), (0, 640, 720), (1, 640, 720), (8, None, 720)]
)
def test_otherwise_it_is_not(late: int, p99_ms: float | None, rate: float) -> None:
    assert "DEMO_RATE" not in told(late, p99_ms, rate)


def test_into_a_file_a_line_is_as_long_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written, line = io.StringIO(), "受理 320 件 [nothing]，" * 20
    monkeypatch.setattr(demo, "console", Console(file=written, highlight=False, width=80))
    demo._box("一天小结", [line, "done"])
    assert written.getvalue() == f"一天小结\n{line}\ndone\n"


def test_what_went_to_an_emergency_service_and_what_a_rule_held_is_told_and_is_not_late() -> None:
    figures = Figures(
        due={"a": NINE, "b": NINE}, holder={"a": "dispatch-desk", "b": "dispatch-desk"}, city_now=NINE.replace(hour=20),
        handed_off={"a": "fire"}, confirmed={"a"}, held={"b": "按事项清单 hold-duplicate，由分拨台人工研判 / the desk decides"},
    )  # fmt: skip
    assert figures.late == {"b"}
    found = {"accepted": 2, "cases": 2, "lost": 0, "duplicated": 0, "responded_in_time": 0, "closed": 0, "notices": 0,
             "emergencies": 1, "emergencies_confirmed": 1, "latency_ms": {"p50": None, "p99": None}}  # fmt: skip
    summary = "\n".join(demo_report.words(CITY, figures, Verdict(2, 2, 0, {}, {}), found, 720))
    assert "紧急移交 1 件（119 1），分拨台已确认 1 件" in summary
    assert "A rule left 1 to a person, as: the desk decides." in summary
