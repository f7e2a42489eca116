"""Every panel's query and every rule, asked of a real Prometheus that holds an hour we know everything about."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.observability import history, prometheus

IN_TIME = "响应及时率 Response in time"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    data = history.blocks(prometheus.need("promtool"), folder, time.time())
    with prometheus.start_prometheus({}, prometheus.RULES, folder, data) as found:
        prometheus.wait_for_rules(found)
        yield found


def test_no_panel_is_empty_and_every_rule_evaluates(url: str) -> None:
    assert prometheus.panels_answer(url) == []


@pytest.mark.parametrize(
    ("panel", "expected"),
    [
        (IN_TIME, 0.90),
        ("办结及时率 Close in time", 0.98),
        ("5 分钟内到期未响应 Due in 5 min, no response", 2),
        ("超时未响应 Late, no response", 3),
        ("超时未办结 Late, not resolved", 1),
        ("在办 Open", 12),
        ("服务 Services up", 4),
        ("停止的分片 Shards stopped", 0),
        ("待发记录 Outbox waiting", 9),
    ],
)
def test_known_numbers_come_back(url: str, panel: str, expected: float) -> None:
    (asked,) = [one for one in prometheus.questions() if one.panel == panel]
    assert prometheus.number(url, asked.expr) == pytest.approx(expected, abs=0.005)


def test_breaches_are_shown_by_department(url: str) -> None:
    (asked,) = [one for one in prometheus.questions() if one.panel.startswith("分单位超时")]
    answer = prometheus.query(url, asked.expr)
    assert not isinstance(answer, str)
    found = {(labels["department"], labels["clock"]): round(value) for labels, value in answer}
    assert found == {("water", "response"): 12, ("urban", "close"): 1}


def test_flow_counts_cases_an_hour(url: str) -> None:
    steps = [
        round(prometheus.number(url, one.expr))
        for one in prometheus.questions()
        if one.panel.startswith("每小时流量")
    ]
    assert steps == [180, 180, 170, 160, 150, 10, 60, 50]


def test_a_panel_that_asks_for_what_is_not_there_is_found(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = prometheus.Asked("empty", "suban_no_such_metric_total")
    wrong = prometheus.Asked("wrong", "sum(")
    monkeypatch.setattr(prometheus, "questions", lambda *_: [nothing, wrong])
    empty, refused = prometheus.panels_answer(url)
    assert empty == "empty is empty: suban_no_such_metric_total"
    assert refused.startswith("wrong: ")
