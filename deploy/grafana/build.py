"""The dashboards, as code. `make docs` writes deploy/grafana/dashboards/*.json; tests ask every panel's query of a real
Prometheus. Names of metrics are those of docs/metrics.md.
"""

import json
from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.panels import AMBER, GREEN, RED, Panel, Query, bars, board, choice, lines, number

MINE = 'department=~"$department"'
DECIDED = f'suban_sla_clocks_finished_total{{outcome=~"met|breached", {MINE}, clock="%s"}}[$__range]'
LATE = f'suban_sla_clocks_finished_total{{outcome="breached", {MINE}, clock="%s"}}[$__range]'
OURS = f'suban_sla_clocks_finished_total{{outcome="corrected", {MINE}, clock="%s"}}[$__range]'
SHARE = ((None, RED), (0.95, AMBER), (0.99, GREEN))
NONE_IS_GOOD = ((None, GREEN), (1, AMBER), (10, RED))
ANY_IS_BAD = ((None, GREEN), (1, RED))


def dashboards() -> dict[str, object]:
    """File name → what the file holds, ready for json.dump."""
    return {"sla.json": _plain(sla())}


def sla() -> dashboard.Dashboard:
    return board(
        "suban-sla",
        "SLA 时限",
        "30 分钟响应，24 小时办结：兑现了吗？哪里没有？Is the promise kept, and where not? Runbook: docs/operations.md.",
        [
            ("承诺 Promise", _promise()),
            ("部门 Departments", _departments()),
            ("流转 Flow", _flow()),
            ("系统 Machinery", _machinery()),
            ("通知 Notices", _notices()),
        ],
        [
            choice(
                "department", "部门 Department", "label_values(suban_sla_clocks_finished_total, department)"
            )
        ],
    )


def in_time(clock: str) -> str:
    """Met / decided over the dashboard's range; a breach that was ours counts as met. Nothing decided: no figure."""
    late = f"sum(increase({LATE % clock})) - sum(increase({OURS % clock}))"
    return f"1 - clamp_min({late}, 0) / (sum(increase({DECIDED % clock})) > 0)"


def _promise() -> Sequence[Panel]:
    soon = f'sum(suban:clocks_due_soon:max{{clock="response", within="5m", {MINE}}}) or vector(0)'
    late = f'sum(suban:clocks_breached:max{{clock="%s", {MINE}}}) or vector(0)'
    return [
        number("响应及时率 Response in time", "受理起 30 分钟（按方案）内有实质响应的比例。Share answered within the plan's target.", in_time("response"), unit="percentunit", steps=SHARE),
        number("办结及时率 Close in time", "受理起 24 小时（按方案）内办结的比例。Share resolved within the plan's target.", in_time("close"), unit="percentunit", steps=SHARE),
        number("5 分钟内到期未响应 Due in 5 min, no response", "现在打电话还来得及。There is still time to telephone.", soon, steps=NONE_IS_GOOD),
        number("超时未响应 Late, no response", "已过响应时限、仍未响应。Past due and still not answered.", late % "response", steps=NONE_IS_GOOD),
        number("超时未办结 Late, not resolved", "已过办结时限、仍未办结。Past due and still not resolved.", late % "close", steps=NONE_IS_GOOD),
        number("在办 Open", "仍在走办结时限的工单。Cases whose close clock runs.", f'sum(suban:clocks_open:max{{clock="close", {MINE}}}) or vector(0)'),
        lines(
            "及时率（近一小时）In time, last hour",
            "虚线以下即在消耗超时额度。Below the objective the month's allowance is being used up.",
            Query("1 - suban:clock_breach:ratio_rate1h", "{{clock}}"),
            Query("suban:objective:ratio", "目标 objective {{clock}}"),
            unit="percentunit",
        ),
        lines(
            "响应用时 Time to respond",
            "受理到首次实质响应，城市时间。Receipt to the first act that counts, city time.",
            Query("histogram_quantile(0.5, sum by (le) (rate(suban_sla_response_seconds_bucket[$__rate_interval])))", "p50"),
            Query("histogram_quantile(0.9, sum by (le) (rate(suban_sla_response_seconds_bucket[$__rate_interval])))", "p90"),
            unit="s",
        ),
    ]  # fmt: skip


def _departments() -> Sequence[Panel]:
    # Who holds nothing has no series of open clocks; `or` shows a nought.
    held = (
        f'sum by (department) (suban:clocks_open:max{{clock="close", {MINE}}})'
        f' or 0 * sum by (department) (suban_sla_clocks_finished_total{{clock="close", {MINE}}})'
    )
    breaches = f'sum by (department, clock) (increase(suban_sla_clocks_finished_total{{outcome="breached", {MINE}}}[$__range]))'
    return [
        bars("分单位超时 Breaches by department", "所选时段内超时的时限数，前十。Clocks that fell due unanswered, the ten worst.",
             Query(f"topk(10, {breaches})", "{{department}} · {{clock}}"), steps=NONE_IS_GOOD),
        bars("分单位在办 Open by department", "现持有的未办结工单，前十。Cases held now, the ten fullest.",
             Query(f"topk(10, {held})", "{{department}}")),
        lines("一小时内到期 Due within the hour", "未响应与未办结的，按时限。Not answered or not resolved yet, by clock.",
              Query(f'sum(suban:clocks_due_soon:max{{clock="response", within="1h", {MINE}}}) or vector(0)', "响应 response"),
              Query(f'sum(suban:clocks_due_soon:max{{clock="close", within="1h", {MINE}}}) or vector(0)', "办结 close")),
        lines("提醒 Rungs fired", "阶梯提醒每小时触发数，按目标的百分比。Rungs an hour, by percent of the target.",
              Query("sum by (clock, percent) (rate(suban_sla_rungs_fired_total[$__rate_interval])) * 3600 or on () vector(0)", "{{clock}} {{percent}} %")),
    ]  # fmt: skip


def _flow() -> Sequence[Panel]:
    steps = [Query(_hourly('suban_intake_requests_total{outcome="accepted"}'), "受理 accepted")]
    words = {
        "registered": "立案",
        "dispatched": "派单",
        "accepted": "签收",
        "responded": "响应",
        "returned": "退单",
        "resolved": "办结",
        "closed": "结案",
    }
    steps += [
        Query(
            _hourly(f'suban_events_applied_total{{job="sla", topic="suban.cases.v1", type="case.{step}"}}'),
            f"{name} {step}",
        )
        for step, name in words.items()
    ]
    return [
        lines("每小时流量 Flow an hour", "从受理到结案，每一步每小时多少件。Cases an hour through each step.", *steps, span=16),
        lines("归属由谁确定 Who found the owner", "规则、片区兜底、派单台。By a rule, the area's fallback, or the desk.",
              Query("sum by (by) (rate(suban_router_registered_total[$__rate_interval])) * 3600", "{{by}}"), span=8),
        lines("渠道 Channels", "各渠道每小时受理，前十。Accepted an hour by channel, the ten busiest.",
              Query('topk(10, sum by (channel) (rate(suban_intake_requests_total{outcome="accepted"}[$__rate_interval])) * 3600)', "{{channel}}")),
        lines("命令答复 Commands", "部门与派单台的命令每小时，按结论。Commands an hour, by verdict.",
              Query("sum by (verdict) (rate(suban_router_commands_total[$__rate_interval])) * 3600", "{{verdict}}")),
    ]  # fmt: skip


def _machinery() -> Sequence[Panel]:
    return [
        number("服务 Services up", "应为 4。Four are expected.", 'count(up{job=~"intake|router|sla|notify"} == 1) or vector(0)', steps=((None, RED), (4, GREEN))),
        number("停止的分片 Shards stopped", "每一个都在等人处理。Each waits for an operator.", "sum(max by (job, shard) (suban_shard_stopped)) or vector(0)", steps=ANY_IS_BAD),
        number("挂起的工单 Parked cases", "处理失败、搁置的工单。Set aside until an operator retries them.", "sum(max by (job, shard) (suban_parked_cases)) or vector(0)", steps=ANY_IS_BAD),
        number("死信 Dead letters", "所选时段内。Within the range.", "sum(increase(suban_dead_letters_total[$__range])) or vector(0)", steps=ANY_IS_BAD),
        number("待发记录 Outbox waiting", "已提交、还未上 Kafka。Committed, not on Kafka yet.", "sum(suban_outbox_waiting_records)", steps=((None, GREEN), (1000, AMBER), (500_000, RED))),
        number("过时未发的提醒 Rungs overdue", "应为 0。Nought is expected.", "sum(max by (shard) (suban_sla_rungs_overdue))", steps=((None, GREEN), (10, AMBER), (100, RED))),
        lines("积压（条）Lag, records", "Kafka 上还没处理的。On the broker and not taken yet.", Query("sum by (job, topic) (suban_consumer_lag_records)", "{{job}} ← {{topic}}")),
        lines("积压（秒）Lag, seconds", "最新处理到的那条有多旧。Age of the newest record taken while behind.", Query("max by (job, topic) (suban_consumer_lag_seconds)", "{{job}} ← {{topic}}"), unit="s"),
        lines("水位年龄 Watermark age", "日志已证实到多久以前，城市时间。How long ago the log is proven to, city time.", Query("max by (shard) (suban_sla_watermark_age_seconds)", "{{shard}}"), unit="s"),
        lines("事务 Transactions p99", "一个分片上的一次事务。One transaction on one shard.", Query("histogram_quantile(0.99, sum by (job, le) (rate(suban_transaction_seconds_bucket[$__rate_interval])))", "{{job}}"), unit="s"),
        lines("HTTP p99", "各服务的门。The doors.", Query('histogram_quantile(0.99, sum by (job, le) (rate(suban_http_request_seconds_bucket{route!~"/metrics|/readyz|/livez"}[$__rate_interval])))', "{{job}}"), unit="s"),
        lines("HTTP 错误 Errors", "每秒 5xx。Answers of 5xx a second.", Query('sum by (job) (rate(suban_http_request_seconds_count{status=~"5.."}[$__rate_interval])) or on () vector(0)', "{{job}}"), unit="reqps"),
    ]  # fmt: skip


def _notices() -> Sequence[Panel]:
    return [
        lines("通知 Notices an hour", "按媒介与结果。By medium and outcome.",
              Query("sum by (medium, outcome) (rate(suban_notify_notices_total[$__rate_interval])) * 3600", "{{medium}} {{outcome}}")),
        lines("等待 Waiting", "到期还没交给服务商的，最久等了多久。Due and not handed over yet, and the longest wait.",
              Query("max(suban_notify_waiting_notices)", "条 notices"), Query("max(suban_notify_oldest_waiting_seconds)", "最久 oldest, s")),
        lines("服务商 Provider p99", "一次调用。One call.",
              Query("histogram_quantile(0.99, sum by (provider, le) (rate(suban_notify_send_seconds_bucket[$__rate_interval])))", "{{provider}}"), unit="s"),
        lines("短信条数 SMS parts an hour", "计费依据。What is paid for.",
              Query("sum by (audience) (rate(suban_notify_sms_parts_total[$__rate_interval])) * 3600", "{{audience}}")),
    ]  # fmt: skip


def _hourly(series: str) -> str:
    return f"sum(rate({series}[$__rate_interval])) * 3600"


def _plain(built: dashboard.Dashboard) -> object:
    return json.loads(json.dumps(built.build(), cls=JSONEncoder, ensure_ascii=False, sort_keys=True))
