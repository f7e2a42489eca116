"""每周一评: what counts for whom in which week, and that the same facts give the same bytes."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.console.clocks import scorecard as command
from services.sla import scorecard
from services.sla.scorecard import Exclusion
from tests.unit.sla import sample
from tests.unit.sla.sample import NUMBER, at
from tests.unit.sla.test_ledger import entry

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = "2026-W48"  # Monday 23 November
ANSWERED = (
    sample.dispatched(at("09:04"), "a"),
    sample.responded(at("09:20"), "a"),
    sample.resolved(at("12:00"), "a"),
)
LATE = (sample.dispatched(at("09:04"), "a"), sample.returned(at("09:40"), "a"), sample.dispatched(at("09:50"), "b"),
        sample.resolved(at("12:00", days=1), "b"))  # fmt: skip


def rows(*entries: Any, excluded: tuple[Exclusion, ...] = (), week: str = WEEK) -> dict[str, dict[str, Any]]:
    since, until = scorecard.week(week, ZONE)
    body = json.loads(scorecard.compute(week, entries, since, until, excluded))
    return {row["department"]: row for row in body["departments"]}


def test_a_week_is_the_citys() -> None:
    since, until = scorecard.week(WEEK, ZONE)
    assert (since.isoformat(), until - since) == ("2026-11-23T00:00:00+08:00", timedelta(days=7))


def test_what_was_in_time_counts_for_who_did_it() -> None:
    row = rows(entry(*ANSWERED))["a"]
    assert (row["cases"], row["responses_in_time"], row["closes_in_time"], row["breaches"]) == (1, 1, 1, 0)
    assert (row["response_median_s"], row["close_p90_s"]) == (20 * 60, 3 * 3600)
    assert (row["response_rate"], row["resolution_rate"], row["satisfaction_rate"]) == (1, 1, None)


def test_a_breach_counts_for_who_had_it_when_it_fell_due() -> None:
    """The response fell due at 09:30 in A's hands, the close next day in B's; A returned it."""
    found = rows(entry(*LATE))
    assert (found["a"]["responses"], found["a"]["breaches"], found["a"]["bounces"]) == (1, 1, 1)
    assert (found["b"]["closes"], found["b"]["breaches"], found["b"]["responses"]) == (1, 1, 0)


def test_only_what_falls_due_in_the_week_counts() -> None:
    assert rows(entry(*ANSWERED), week="2026-W47") == {}


def test_what_is_excluded_is_counted_as_that_alone() -> None:
    away = Exclusion(NUMBER, "close", "台风", "督查室")
    row = rows(entry(*LATE), excluded=(away,))["b"]
    assert (row["closes"], row["breaches"], row["excluded"]) == (0, 0, 1)


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    """In whatever order they come: JSON, CSV and page alike."""
    since, until = scorecard.week(WEEK, ZONE)
    one, other = entry(*ANSWERED), entry(*LATE)
    other = replace(other, close=replace(other.close, number="20261123-0000-0001"))
    written = []
    for place, entries in enumerate(([one, other], [other, one])):
        body = scorecard.compute(WEEK, entries, since, until, ())
        command.write(tmp_path / str(place) / WEEK, body, 1, {"a": "公安"})
        written.append(
            [(tmp_path / str(place) / f"{WEEK}.{kind}").read_bytes() for kind in ("json", "csv", "html")]
        )
    assert written[0] == written[1]
    assert len({len(each) for each in written[0]}) == 3


@pytest.mark.parametrize(
    ("values", "at_", "found"),
    [([1, 2, 9], 0.5, 2), ([5], 0.9, 5), ([], 0.5, None), (list(range(1, 11)), 0.9, 9)],
)
def test_ranks_are_values_that_were_measured(values: list[float], at_: float, found: float | None) -> None:
    assert scorecard.rank(values, at_) == found


def test_the_page_says_who_is_left_out_and_runs_no_markup() -> None:
    since, until = scorecard.week(WEEK, ZONE)
    away = Exclusion(NUMBER, "close", "<b>台风</b>", "督查室")
    page = scorecard.page(scorecard.compute(WEEK, [entry(*LATE)], since, until, [away]), {"a": "公安"}, 2)
    assert "&lt;b&gt;台风" in page
    assert "第 2 版" in page
    assert "公安" in page
