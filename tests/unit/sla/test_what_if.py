"""Past cases under another plan."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from services.console.clocks import command, picture
from services.contracts.plans import Close, Facts, Plan
from services.sla import what_if
from services.sla.what_if import Past
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, at

HOUR = timedelta(hours=1)


def two_hours(facts: Facts) -> Plan:
    return sample.plan().model_copy(update={"close": Close(target=2 * HOUR)})


def past(hours: float | None, department: str = "a", category: str | None = "路灯") -> Past:
    closed = NINE + hours * HOUR if hours is not None else None
    return Past(department, Facts(category), NINE, closed, closed)


def test_in_time_is_at_most_due_and_what_is_not_due_yet_is_neither() -> None:
    history = [past(2), past(2.1), past(None)]
    early = what_if.simulate(history, two_hours, at("10:00"), responses=False).total
    assert (early.cases, early.late, early.open, early.late_share) == (3, 1, 1, 0.5)
    late = what_if.simulate(history, two_hours, at("12:00"), responses=False).total
    assert (late.late, late.open) == (2, 0)


def test_by_department_and_by_category() -> None:
    history = [past(1, "a", "路灯"), past(3, "a", "井盖"), past(3, "b", "井盖"), past(4, "a", "井盖")]
    found = what_if.simulate(history, two_hours, at("23:00"), responses=True)
    assert {name: (tally.cases, tally.late) for name, tally in found.by(0).items()} == {
        "a": (3, 2),
        "b": (1, 1),
    }
    assert {name: (tally.cases, tally.late) for name, tally in found.by(1).items()} == {
        "井盖": (3, 3),
        "路灯": (1, 0),
    }
    assert (found.total.responses, found.total.responses_late) == (4, 4)
    assert "66.7%" in picture.bars({"plan": found})


def test_a_history_as_a_city_exports_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = tmp_path / "history.csv"
    history.write_text(
        "received_at,closed_at,department,category\n2026-03-02 09:00:00,2026-03-02 20:00:00,police,治安维稳\n"
        "2026-03-02 09:00:00,2026-03-04 09:00:01,police,治安维稳\n", encoding="utf-8",
    )  # fmt: skip
    words = ["simulate", "--plan", "deploy/city/pingshan/plans.yaml", "--history", str(history), "--category", "category",
             "--picture", str(tmp_path / "a.svg"), "--json"]  # fmt: skip
    assert command.main(words) == 0
    assert '"late_share": 0.5' in capsys.readouterr().out
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("received_at,closed_at\n", "no column department"),
        ("received_at,closed_at,department\nmorgen,,a\n", "is no time"),
    ],
)
def test_a_history_that_cannot_be_read_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    (tmp_path / "h.csv").write_text(text, encoding="utf-8")
    words = ["simulate", "--plan", "deploy/city/pingshan/plans.yaml", "--history", str(tmp_path / "h.csv")]
    assert command.main(words) == 1
    assert says in capsys.readouterr().err


@pytest.mark.long
def test_a_million_past_cases_in_a_minute(tmp_path: Path) -> None:
    """Half of them counted in working days, which cost most."""
    dice, lines = random.Random(7), ["received_at,closed_at,department,category,kind"]
    for _ in range(1_000_000):
        received = NINE + timedelta(seconds=dice.randrange(0, 300 * 86_400))
        closed = received + timedelta(seconds=dice.expovariate(1 / 90_000))
        lines.append(f"{received:%Y-%m-%d %H:%M:%S},{closed:%Y-%m-%d %H:%M:%S},d{dice.randrange(46)},c{dice.randrange(200)},"
                     f"{dice.choice(('complaint', 'suggestion'))}")  # fmt: skip
    (tmp_path / "h.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    began = time.perf_counter()
    words = ["simulate", "--plan", "deploy/city/pingshan/plans.yaml", "--history", str(tmp_path / "h.csv"), "--category",
             "category", "--kind", "kind"]  # fmt: skip
    assert command.main(words) == 0
    took = time.perf_counter() - began
    print(f"1,000,000 past cases in {took:.1f} s")
    assert took < 60
