"""The dashboard *SLA 时限*: is the promise kept, where not, and through whose hands did the time go."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana import promise
from deploy.grafana.panels import (
    AMBER,
    GREEN,
    RED,
    Panel,
    Query,
    bars,
    board,
    choice,
    given,
    heat,
    lines,
    number,
)
from deploy.grafana.promise import MINE

SHARE = ((None, RED), (0.95, AMBER), (0.99, GREEN))
LEFT = ((None, RED), (0.0, AMBER), (0.25, GREEN))
NONE_IS_GOOD = ((None, GREEN), (1, AMBER), (10, RED))
ANY_IS_BAD = ((None, GREEN), (1, RED))
NAMES = {"response": "响应 Response", "close": "办结 Close"}
WINDOWS = (("今日 today", "$__range", "now/d"), ("7 天 d", "7d", None), ("30 天 d", "30d", None))


def build() -> dashboard.Dashboard:
    return board(
        "suban-sla",
        "SLA 时限",
        "30 分钟响应，24 小时办结：兑现了吗？哪里没有？Is the promise kept, and where not? Alerts and lists: docs/operations.md.",
        [
            ("承诺 Promise", _promise()),
            ("额度 Budget", _budget()),
            ("部门 Departments", _departments()),
            ("更正与未确认 Corrected and unconfirmed", _corrected()),
            ("流转 Flow", _flow()),
            ("系统 Machinery", _machinery()),
            ("通知 Notices", _notices()),
        ],
        [
            choice("department", "部门 Department", f"label_values({promise.FINISHED}, department)"),
            given("sla", "时限服务地址 sla's door", "http://127.0.0.1:8103"),
        ],
    )


def _promise() -> Sequence[Panel]:
    shares = [
        number(f"{NAMES[clock]} {name}", f"{about}，按时的比例，系统造成的超时不计。Share in time; breaches that were ours count as met.",
               promise.in_time(clock, window), unit="percentunit", steps=SHARE, since=since)
        for clock, about in (("response", "受理起 30 分钟（按方案）内有实质响应"), ("close", "受理起 24 小时（按方案）内办结"))
        for name, window, since in WINDOWS
    ]  # fmt: skip
    response = {"clock": "response"}
    soon = f"{promise.soon('response', '5m')} or vector(0)"
    oldest = f'max(suban:oldest_open_seconds:max{{clock="close", {MINE}}}) or vector(0)'
    running = f'sum(suban:clocks_open:max{{clock="close", {MINE}}}) or vector(0)'
    return [
        *shares,
        number("5 分钟内到期未响应 Due in 5 min, no response", "现在打电话还来得及。There is still time to telephone.", soon,
               steps=NONE_IS_GOOD, list_=promise.list_of("due_soon", within="PT5M", **response)),
        number("1 小时内到期未办结 Due in 1 h, not resolved", "下一小时的活。The next hour's work.", f"{promise.soon('close', '1h')} or vector(0)",
               list_=promise.list_of("due_soon", clock="close")),
        number("超时未响应 Late, no response", "已过响应时限、仍未响应。Past due and still not answered.", promise.late_now("response"),
               steps=NONE_IS_GOOD, list_=promise.list_of("breached", **response)),
        number("超时未办结 Late, not resolved", "已过办结时限、仍未办结。Past due and still not resolved.", promise.late_now("close"),
               steps=NONE_IS_GOOD, list_=promise.list_of("breached", clock="close")),
        number("在办 Open", "仍在走办结时限的工单。Cases whose close clock runs.", running, list_=promise.list_of("running", clock="close")),
        number("最久在办 Oldest open", "最早受理仍在办的，城市时间。Since the oldest was received, city time.", oldest, unit="s"),
    ]  # fmt: skip


def _budget() -> Sequence[Panel]:
    left = [
        number(f"{NAMES[clock]} 超时额度剩余 budget left", "30 天的超时额度还剩多少；负数为透支。Of 30 days' allowance; below nought it is overdrawn.",
               promise.budget_left(clock), unit="percentunit", steps=LEFT, span=6)
        for clock in NAMES
    ]  # fmt: skip
    used = [
        number(f"{NAMES[clock]} 消耗速度 burn, 1 h", "1 为恰好一个月用完。At 1 the allowance lasts the month.",
               f'({promise.burn("1h")}) and on (clock) {promise.OBJECTIVE % clock}', steps=((None, GREEN), (1, AMBER), (14.4, RED)), span=6)
        for clock in NAMES
    ]  # fmt: skip
    quantile = (
        "histogram_quantile({}, sum by (le) (rate(suban_sla_response_seconds_bucket[$__rate_interval])))"
    )
    return [
        *left, *used,
        lines("额度消耗速度 Burn", "目标允许速度的倍数，按窗口；告警线 14.4、6、3、1。Times the rate the objective allows; alerts at 14.4, 6, 3, 1.",
              *(Query(promise.burn(window), f"{{{{clock}}}} {window}") for window in ("1h", "6h", "1d", "3d"))),
        lines("及时率（近一小时）In time, last hour", "虚线以下即在消耗超时额度。Below the objective the allowance is being used up.",
              Query("1 - suban:clock_breach:ratio_rate1h", "{{clock}}"), Query("suban:objective:ratio", "目标 objective {{clock}}"), unit="percentunit"),
        heat("响应用时分布 Response times", "受理到首次实质响应，每格多少件；30 分钟处有界。Receipt to the first act that counts; a bound lies at 30 minutes.",
             Query("sum by (le) (increase(suban_sla_response_seconds_bucket[$__rate_interval]))", "{{le}}")),
        lines("响应用时 Time to respond", "受理到首次实质响应，城市时间。Receipt to the first act that counts, city time.",
              Query(quantile.format(0.5), "p50"), Query(quantile.format(0.9), "p90"), unit="s"),
    ]  # fmt: skip


def _departments() -> Sequence[Panel]:
    # Who holds nothing has no series of open clocks; `or` shows a nought.
    nought = f'0 * sum by (department) ({promise.FINISHED}{{clock="close", {MINE}}})'
    held = f'sum by (department) (suban:clocks_open:max{{clock="close", {MINE}}}) or {nought}'
    soon = " by (department)"
    here = "${__field.labels.department}"
    late = promise.list_of(
        "breached", clock="${__field.labels.clock}", department=here, since="${__from:date:iso}"
    )
    worst = (
        f'bottomk(10, 1 - sum by (department) (sum_over_time(suban:clocks_late:increase5m{{{MINE}}}[7d]))'
        f' / (sum by (department) (sum_over_time(suban:clocks_decided:increase5m{{{MINE}}}[7d])) > 0))'
    )  # fmt: skip
    hours = f"sum by (department) (increase(suban_sla_held_seconds_total{{{MINE}}}[$__range])) / 3600"
    waits = "sum by (reason) (increase(suban_sla_waited_seconds_total[$__range])) / 3600"
    return [
        bars("分单位超时 Breaches by department", "所选时段内超时的时限数，前十；点开看清单。Fell due unanswered, the ten worst; click for the list.",
             Query(f"topk(10, {promise.counted('breached')})", "{{department}} · {{clock}}"), steps=NONE_IS_GOOD, list_=late),
        bars("分单位及时率 7 天 In time by department, 7 d", "响应与办结合计，最低的十个。Response and close together, the ten lowest.",
             Query(worst, "{{department}}"), unit="percentunit", steps=SHARE),
        bars("即将到期 Due within the hour", "未响应与未办结，按单位；点开看清单。Not answered or not resolved; click for the list.",
             Query(f"topk(10, {promise.soon('response', '1h', soon)} + {promise.soon('close', '1h', soon)}"
                   f" or {promise.soon('response', '1h', soon)} or {promise.soon('close', '1h', soon)} or {nought})", "{{department}}"),
             steps=NONE_IS_GOOD, list_=promise.list_of("due_soon", department=here)),
        bars("分单位在办 Open by department", "现持有的未办结工单，前十；点开看清单。Cases held now, the ten fullest; click for the list.",
             Query(f"topk(10, {held})", "{{department}}"), list_=promise.list_of("running", clock="close", department=here)),
        bars("时间在谁手里 Who held the time", "所选时段内办结的工单，各单位持有的小时数。Of cases resolved within the range, hours in whose hands.",
             Query(f"topk(10, {hours})", "{{department}}"), unit="h"),
        bars("时间等在哪里 What it waited for", "同上，各种暂停的小时数。The same, hours it rested, by reason.", Query(waits, "{{reason}}"), unit="h"),
        lines("一小时内到期 Due within the hour, over time", "未响应与未办结的，按时限。Not answered or not resolved yet, by clock.",
              Query(f"{promise.soon('response', '1h')} or vector(0)", "响应 response"), Query(f"{promise.soon('close', '1h')} or vector(0)", "办结 close")),
        lines("提醒 Rungs fired", "阶梯提醒每小时触发数，按目标的百分比。Rungs an hour, by percent of the target.",
              Query("sum by (clock, percent) (rate(suban_sla_rungs_fired_total[$__rate_interval])) * 3600 or on () vector(0)", "{{clock}} {{percent}} %")),
    ]  # fmt: skip


def _corrected() -> Sequence[Panel]:
    corrected = f'sum(increase({promise.FINISHED}{{outcome="corrected", {MINE}}}[$__range])) or vector(0)'
    unconfirmed = "sum(increase(suban_sla_rungs_unconfirmed_total[$__range])) or vector(0)"
    return [
        number("更正的超时 Corrected", "所选时段内：按时到达、因我方迟处理而误计，已更正。In time, taken late by us, taken back.", corrected,
               steps=NONE_IS_GOOD, span=6, list_=promise.list_of("corrected", since="${__from:date:iso}")),
        number("未确认的提醒 Unconfirmed", "所选时段内：路由静默过久，未证实即触发。The router was silent for too long.", unconfirmed, steps=NONE_IS_GOOD, span=6),
        lines("更正与未确认，每小时 An hour", "应为 0。Nought is expected.",
              Query(f'sum(rate({promise.FINISHED}{{outcome="corrected", {MINE}}}[$__rate_interval])) * 3600 or vector(0)', "更正 corrected"),
              Query("sum(rate(suban_sla_rungs_unconfirmed_total[$__rate_interval])) * 3600 or vector(0)", "未确认 unconfirmed")),
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
