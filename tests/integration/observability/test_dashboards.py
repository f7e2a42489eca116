"""Every panel's query and every rule, asked of a real Prometheus that holds thirty-five days we know everything about."""

import time
from collections.abc import Iterator

import pytest

from deploy.grafana import build
from tests.integration.observability import history, prometheus
from tests.integration.observability.prometheus import Asked

Answer = float | dict[str, float]

# What history.py puts in, counted by hand. `today` is the last day: 23 hours at the slower pace and the last one.
#   response: 23 x 17 + 100 = 491 decided, 23 x 3 + 12 - 2 = 79 late; six days more: 144 x 18 and 144 x 2; of the rest
#   of 30 days: 552 x 19 and 552.   close: 23 x 20.5 + 50 = 521.5 and 11.5 + 1 = 12.5; 144 x 20.5 and 72; 552 x 20.5 and 276.
RESPONSE = {
    "1h": 10 / 100,
    "6h": 25 / 185,
    "1d": 79 / 491,
    "3d": 175 / 1355,
    "7d": 367 / 3083,
    "30d": 919 / 13_571,
}
CLOSE = {
    "1h": 1 / 50,
    "6h": 3.5 / 152.5,
    "1d": 12.5 / 521.5,
    "3d": 36.5 / 1505.5,
    "7d": 84.5 / 3473.5,
    "30d": 360.5 / 14_789.5,
}
BURN = {
    span: {"response": RESPONSE[span] / 0.01, "close": CLOSE[span] / 0.01}
    for span in ("1h", "6h", "1d", "3d")
}

SLA: dict[str, list[Answer]] = {
    "响应 Response 今日 today": [1 - RESPONSE["1d"]],
    "响应 Response 7 天 d": [1 - RESPONSE["7d"]],
    "响应 Response 30 天 d": [1 - RESPONSE["30d"]],
    "办结 Close 今日 today": [1 - CLOSE["1d"]],
    "办结 Close 7 天 d": [1 - CLOSE["7d"]],
    "办结 Close 30 天 d": [1 - CLOSE["30d"]],
    "5 分钟内到期未响应 Due in 5 min, no response": [2],
    "1 小时内到期未办结 Due in 1 h, not resolved": [7],
    "超时未响应 Late, no response": [3],
    "超时未办结 Late, not resolved": [1],
    "在办 Open": [12],
    "最久在办 Oldest open": [7200],
    "响应 Response 超时额度剩余 budget left": [1 - RESPONSE["30d"] / 0.01],
    "办结 Close 超时额度剩余 budget left": [1 - CLOSE["30d"] / 0.01],
    "响应 Response 消耗速度 burn, 1 h": [{"response": 10}],
    "办结 Close 消耗速度 burn, 1 h": [{"close": 2}],
    "额度消耗速度 Burn": [BURN["1h"], BURN["6h"], BURN["1d"], BURN["3d"]],
    "及时率（近一小时）In time, last hour": [{"response": 0.9, "close": 0.98}, {"response": 0.99, "close": 0.99}],
    "响应用时分布 Response times": [{"900.0": 1, "1800.0": 2, "+Inf": 2}],
    "响应用时 Time to respond": [900, 1620],
    "分单位超时 Breaches by department": [{"response water": 12, "close urban": 1}],
    # urban: 84.5 of 1,730 + 3,473.5; water: 367 of 1,353
    "分单位及时率 7 天 In time by department, 7 d": [{"urban": 1 - 84.5 / 5203.5, "water": 1 - 367 / 1353}],
    "即将到期 Due within the hour": [{"urban": 6, "water": 5}],
    "分单位在办 Open by department": [{"urban": 7, "water": 5}],
    "时间在谁手里 Who held the time": [{"urban": 10, "water": 2}],
    "时间等在哪里 What it waited for": [{"awaiting_citizen": 1}],
    "一小时内到期 Due within the hour, over time": [4, 7],
    "提醒 Rungs fired": [{"response 50": 40}],
    "更正的超时 Corrected": [2],
    "未确认的提醒 Unconfirmed": [3],
    "更正与未确认，每小时 An hour": [2, 3],
    "每小时流量 Flow an hour": [180, 180, 170, 160, 150, 10, 60, 50],
    "归属由谁确定 Who found the owner": [{"rule": 150}],
    "渠道 Channels": [{"hotline-12345": 120, "web": 60}],
    "命令答复 Commands": [{"accepted": 140}],
    "服务 Services up": [4],
    "停止的分片 Shards stopped": [0],
    "挂起的工单 Parked cases": [2],
    "死信 Dead letters": [4],
    "待发记录 Outbox waiting": [9],
    "过时未发的提醒 Rungs overdue": [8],
    "积压（条）Lag, records": [{"router submissions": 11}],
    "积压（秒）Lag, seconds": [{"router submissions": 3}],
    "水位年龄 Watermark age": [{"0": 1}],
    "事务 Transactions p99": [{"router": 0.0099}],
    "HTTP p99": [{"intake": 0.02475}],
    "HTTP 错误 Errors": [{"intake": 2}],
    "通知 Notices an hour": [{"sms sent": 180}],
    "等待 Waiting": [1, 2],
    "服务商 Provider p99": [{"local": 0.0099}],
    "短信条数 SMS parts an hour": [{"citizen": 200}],
}  # fmt: skip
WALL: dict[str, list[Answer]] = {
    "今日响应及时率 Response today": [1 - RESPONSE["1d"]],
    "今日办结及时率 Close today": [1 - CLOSE["1d"]],
    "5 分钟内到期未响应 Due in 5 min": [2],
    "超时未响应 Late, no response": [3],
    "超时未办结 Late, not resolved": [1],
    "在办 Open": [12],
    "响应额度剩余 Budget, response": [1 - RESPONSE["30d"] / 0.01],
    "紧急告警 Critical alerts": [1],
    "谁超时最多 Late now, by department": [{"water": 3, "urban": 1}],
}
EXPECTED = {"sla.json": SLA, "wall.json": WALL}
END = float((int(time.time()) // 300 - 1) * 300)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    data = history.stored(folder, END)
    with prometheus.start_prometheus({}, folder / "none", folder / "last", data) as found:
        yield found


def test_every_panel_is_expected_to_say_something() -> None:
    asked: dict[str, dict[str, int]] = {}
    for one in prometheus.questions():
        panels = asked.setdefault(one.board, {})
        panels[one.panel] = panels.get(one.panel, 0) + 1
    assert asked == {
        board: {panel: len(answers) for panel, answers in panels.items()}
        for board, panels in EXPECTED.items()
    }


@pytest.mark.parametrize("board", build.dashboards())
def test_known_numbers_come_back_from_every_panel(url: str, board: str) -> None:
    answers = {panel: iter(expected) for panel, expected in EXPECTED[board].items()}
    for asked in prometheus.questions():
        if asked.board == board:
            expected = next(answers[asked.panel])
            wanted = expected if isinstance(expected, dict) else {"": expected}
            assert said(url, asked) == pytest.approx(wanted, rel=0.02), asked.panel


def said(url: str, asked: Asked) -> dict[str, float]:
    """What came back, by its labels in one word."""
    answer = prometheus.query(url, asked.expr, END)
    assert not isinstance(answer, str), f"{asked.panel}: {answer}"
    labels = ({name: value for name, value in one.items() if name != "__name__"} for one, _ in answer)
    return {" ".join(one.values()): value for one, (_, value) in zip(labels, answer, strict=True)}


def test_every_rule_evaluates(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("rules")
    with prometheus.start_prometheus({}, prometheus.faster(folder), folder) as found:
        prometheus.wait_for_rules(found)
        assert [rule["name"] for rule in prometheus.rules(found) if rule["health"] != "ok"] == []


def test_a_panel_that_asks_for_what_is_not_there_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Asked("sla.json", "empty", "suban_no_such_metric_total")
    wrong = Asked("sla.json", "wrong", "sum(")
    monkeypatch.setattr(prometheus, "questions", lambda *_: [nothing, wrong])
    empty, refused = prometheus.panels_answer(url)
    assert empty == "empty is empty: suban_no_such_metric_total"
    assert refused.startswith("wrong: ")
