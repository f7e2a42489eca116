"""Figures, limits, and the two files they are merged into."""

import json
from pathlib import Path

import pytest

from tests.bench import figure, report
from tests.bench.figure import Figure, against, at_least, below, ratio_at_least


@pytest.mark.parametrize(
    ("one", "met"),
    [
        (Figure("a.b", 299.9, "ms", limit=below(300)), True),
        (Figure("a.b", 300.0, "ms", limit=below(300)), False),
        (Figure("a.b", 15_000.0, "cases/s", limit=at_least(15_000)), True),
        (against("a.b", 49.0, "cases/s", "peer", 100.0, ratio_at_least(0.5)), False),
        (Figure("a.b", 1.0, "ms"), None),
    ],
)
def test_a_limit_is_met_by_value_or_by_ratio(one: Figure, met: bool | None) -> None:
    assert one.met is met


@pytest.mark.parametrize(("share", "found"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, found: int) -> None:
    assert figure.percentile(range(100, 0, -1), share) == found


def test_a_bench_that_did_not_run_keeps_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "REPORT", tmp_path / "bench" / "report.json")
    report.merge(
        [Figure("idle.cpu", 5.0, "%"), Figure("idle.old", 1.0, "MB"), Figure("router.cases", 1.0, "cases/s")]
    )
    report.merge([Figure("idle.cpu", 6.0, "%")])
    rows = json.loads(report.REPORT.read_text())
    assert [(row["name"], row["value"]) for row in rows] == [("router.cases", 1.0), ("idle.cpu", 6.0)]
    assert list(rows[0]) == ["name", "value", "unit", "peer", "peer_value", "ratio"]


def test_the_documents_table_takes_new_rows_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "DOCS", tmp_path / "performance.md")
    marks = [f"<!-- {name}:begin -->\n<!-- {name}:end -->" for name in ("machine", "figures")]
    report.DOCS.write_text(f"before\n{marks[0]}\nbetween\n{marks[1]}\n| `idle.*` | is no figure |\nafter\n")
    report.write_docs([Figure("router.cases", 2999.0, "cases/s", limit=at_least(3000))])
    report.write_docs([against("latency.assigned.p99", 120.0, "ms", "straight", 10.0, below(300))])
    text = report.DOCS.read_text()
    assert "| `latency.assigned.p99` | 120 ms | straight | 10 | 12 | < 300 | met |\n" in text
    assert "| `router.cases` | 2,999 cases/s |  |  |  | ≥ 3,000 | missed |\n" in text
    assert text.count("is no figure") == 1
    assert text.startswith("before\n")
    assert text.endswith("after\n")
