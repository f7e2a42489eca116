"""The duty room's wall 值班大屏: few figures, large, in colours, read from across the room. Refreshes each 10 seconds."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana import promise
from deploy.grafana.board_sla import ANY_IS_BAD, LEFT, SHARE
from deploy.grafana.panels import AMBER, GREEN, RED, Panel, Query, bars, board, given, number

HURRY = ((None, GREEN), (1, AMBER), (3, RED))


def build() -> dashboard.Dashboard:
    return board(
        "suban-wall",
        "值班大屏 Wall",
        "现在怎么样？How do we stand? 绿色没事，橙色看一眼，红色打电话。Green is well, orange wants a look, red a call.",
        [("", _figures())],
        [
            given("sla", "时限服务地址 sla's door", "http://127.0.0.1:8103"),
            given("department", "", ".*", shown=False),
        ],
        since="now/d",
    )


def _figures() -> Sequence[Panel]:
    late = "sum by (department) (suban:clocks_breached:max)"
    alarms = 'count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)'
    return [
        _big("今日响应及时率 Response today", promise.in_time("response", "$__range"), SHARE, unit="percentunit"),
        _big("今日办结及时率 Close today", promise.in_time("close", "$__range"), SHARE, unit="percentunit"),
        _big("5 分钟内到期未响应 Due in 5 min", f"{promise.soon('response', '5m')} or vector(0)", HURRY,
             list_=promise.list_of("due_soon", clock="response", within="PT5M")),
        _big("超时未响应 Late, no response", promise.late_now("response"), HURRY, list_=promise.list_of("breached", clock="response")),
        _big("超时未办结 Late, not resolved", promise.late_now("close"), HURRY, list_=promise.list_of("breached", clock="close")),
        _big("在办 Open", 'sum(suban:clocks_open:max{clock="close"}) or vector(0)', ((None, GREEN),), list_=promise.list_of("running", clock="close")),
        _big("响应额度剩余 Budget, response", promise.budget_left("response"), LEFT, unit="percentunit"),
        _big("紧急告警 Critical alerts", alarms, ANY_IS_BAD),
        bars("谁超时最多 Late now, by department", "现在超时未办的，前五。Late now, the five worst.", Query(f"topk(5, {late} or 0 * max by (department) ({promise.FINISHED}))", "{{department}}"),
             steps=HURRY, span=24, list_=promise.list_of("breached", department="${__field.labels.department}")),
    ]  # fmt: skip


def _big(
    title: str, expr: str, steps: Sequence[tuple[float | None, str]], *, unit: str = "short", list_: str = ""
) -> Panel:
    return number(title, "", expr, unit=unit, steps=steps, span=6, large=True, list_=list_)
