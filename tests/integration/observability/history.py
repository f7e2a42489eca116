"""An hour of a made-up city as Prometheus would have stored it: whoever knows what went in knows what must come out.

Each row is a series and its value at the beginning and at the end of the hour; between them it goes straight.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

HOUR_S, STEP_S = 3600, 15
Row = tuple[str, float, float]

PROMISE: list[Row] = [
    # 100 responses decided: 88 met, 12 late of which 2 by our fault → 90 % in time. 50 closes: 49 met, 1 late.
    ('suban_sla_clocks_finished_total{job="sla",clock="response",outcome="met",department="urban"}', 0, 60),
    ('suban_sla_clocks_finished_total{job="sla",clock="response",outcome="met",department="water"}', 0, 28),
    ('suban_sla_clocks_finished_total{job="sla",clock="response",outcome="breached",department="water"}', 0, 12),
    ('suban_sla_clocks_finished_total{job="sla",clock="response",outcome="cancelled",department="water"}', 0, 40),
    ('suban_sla_clocks_finished_total{job="sla",clock="close",outcome="met",department="urban"}', 0, 49),
    ('suban_sla_clocks_finished_total{job="sla",clock="close",outcome="breached",department="urban"}', 0, 1),
    ('suban_sla_clocks_finished_total{job="sla",clock="response",outcome="corrected",department="water"}', 0, 2),
    ('suban_sla_clocks_finished_total{job="sla",clock="close",outcome="corrected",department="urban"}', 0, 0),
    ('suban_sla_clocks_open{job="sla",clock="close",department="urban"}', 7, 7),
    ('suban_sla_clocks_open{job="sla",clock="close",department="water"}', 5, 5),
    ('suban_sla_clocks_breached{job="sla",clock="response",department="water"}', 3, 3),
    ('suban_sla_clocks_breached{job="sla",clock="close",department="urban"}', 1, 1),
    ('suban_sla_clocks_due_soon{job="sla",clock="response",within="5m",department="water"}', 2, 2),
    ('suban_sla_clocks_due_soon{job="sla",clock="response",within="1h",department="water"}', 4, 4),
    ('suban_sla_clocks_due_soon{job="sla",clock="close",within="1h",department="urban"}', 6, 6),
    ('suban_sla_rungs_fired_total{job="sla",clock="response",percent="50"}', 0, 40),
    ('suban_sla_response_seconds_bucket{job="sla",le="900.0"}', 0, 50),
    ('suban_sla_response_seconds_bucket{job="sla",le="1800.0"}', 0, 100),
    ('suban_sla_response_seconds_bucket{job="sla",le="+Inf"}', 0, 100),
]  # fmt: skip
FLOW: list[Row] = [
    ('suban_intake_requests_total{job="intake",channel="hotline-12345",outcome="accepted"}', 0, 120),
    ('suban_intake_requests_total{job="intake",channel="web",outcome="accepted"}', 0, 60),
    ('suban_intake_requests_total{job="intake",channel="web",outcome="refused"}', 0, 30),
    ('suban_router_registered_total{job="router",by="rule"}', 0, 150),
    ('suban_router_commands_total{job="router",command="accept",verdict="accepted"}', 0, 140),
    *[(f'suban_events_applied_total{{job="sla",topic="suban.cases.v1",type="case.{step}"}}', 0, many)
      for step, many in {"registered": 180, "dispatched": 170, "accepted": 160, "responded": 150, "returned": 10,
                         "resolved": 60, "closed": 50}.items()],
]  # fmt: skip
MACHINERY: list[Row] = [
    *[(f'up{{job="{job}",instance="{job}:1"}}', 1, 1) for job in ("intake", "router", "sla", "notify")],
    ('suban_outbox_waiting_records{job="router"}', 9, 9),
    ('suban_consumer_lag_records{job="router",topic="submissions"}', 11, 11),
    ('suban_consumer_lag_seconds{job="router",topic="submissions"}', 0, 0),
    ('suban_sla_watermark_age_seconds{job="sla",shard="0"}', 1, 1),
    ('suban_sla_rungs_overdue{job="sla",shard="0"}', 0, 0),
    ('suban_transaction_seconds_bucket{job="router",le="0.01"}', 0, 500),
    ('suban_transaction_seconds_bucket{job="router",le="+Inf"}', 0, 500),
    ('suban_http_request_seconds_bucket{job="intake",route="/v1/requests",status="202",le="0.025"}', 0, 180),
    ('suban_http_request_seconds_bucket{job="intake",route="/v1/requests",status="202",le="+Inf"}', 0, 180),
    ('suban_notify_notices_total{job="notify",event="case.registered",audience="citizen",medium="sms",outcome="sent"}', 0, 180),
    ('suban_notify_waiting_notices{job="notify"}', 1, 1),
    ('suban_notify_oldest_waiting_seconds{job="notify"}', 2, 2),
    ('suban_notify_send_seconds_bucket{job="notify",provider="local",le="0.01"}', 0, 180),
    ('suban_notify_send_seconds_bucket{job="notify",provider="local",le="+Inf"}', 0, 180),
    ('suban_notify_sms_parts_total{job="notify",audience="citizen"}', 0, 200),
]  # fmt: skip
ROWS = [*PROMISE, *FLOW, *MACHINERY]


def blocks(promtool: str, folder: Path, end: float) -> Path:
    """A folder of blocks that holds the hour up to `end` (Unix seconds)."""
    text, data = folder / "history.txt", folder / "blocks"
    folder.mkdir(parents=True, exist_ok=True)
    text.write_text("\n".join([*_exposition(end), "# EOF"]) + "\n")
    words = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(text), str(data)]
    subprocess.run(words, check=True, capture_output=True)
    return data


def _exposition(end: float) -> Iterator[str]:
    steps = HOUR_S // STEP_S
    for series, first, last in ROWS:
        for step in range(steps + 1):
            value = first + (last - first) * step / steps
            yield f"{series} {value:g} {end - HOUR_S + step * STEP_S:.0f}"
