"""Thirty-five days of a made-up city as Prometheus would have stored them: whoever knows what went in knows what must
come out. Up to `end` everything goes straight, by so much an hour, and faster or slower from one stretch to the next.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from tests.integration.observability import prometheus

HOUR_S, DAY_S = 3600, 86_400
STRETCHES_S = (35 * DAY_S, 7 * DAY_S, DAY_S, HOUR_S, 0)  # before the end
COARSE_S, FINE_S = 120, 15  # the last two hours are stored as Prometheus scrapes
BLOCK = "1024h"
COUNTS = "suban-counts"  # the group of rules whose sums reach back for 30 days


@dataclass(frozen=True)
class Row:
    """A counter and what it grows by in an hour: 35 to 7 days ago, to a day ago, to an hour ago, in the last hour."""

    series: str
    an_hour: tuple[float, float, float, float]

    def samples(self, end: float) -> Iterator[tuple[float, float]]:
        value = 0.0
        for (first, last), an_hour in zip(pairwise(STRETCHES_S), self.an_hour, strict=True):
            step = FINE_S if first <= HOUR_S else COARSE_S
            for before in range(first, last, -step):
                yield end - before, value + an_hour * (first - before) / HOUR_S
            value += an_hour * (first - last) / HOUR_S
        yield end, value


@dataclass(frozen=True)
class Level:
    """A series of the last hour: from `first` straight to `last`."""

    series: str
    first: float
    last: float

    def samples(self, end: float) -> Iterator[tuple[float, float]]:
        for before in range(HOUR_S, -1, -FINE_S):
            yield end - before, self.first + (self.last - self.first) * (HOUR_S - before) / HOUR_S


def _finished(clock: str, outcome: str, department: str, *an_hour: float) -> Row:
    labels = f'job="sla",clock="{clock}",outcome="{outcome}",department="{department}"'
    first, second, third, fourth = an_hour
    return Row(f"suban_sla_clocks_finished_total{{{labels}}}", (first, second, third, fourth))


PROMISE: list[Row | Level] = [
    _finished("response", "met", "urban", 10, 10, 10, 60),
    _finished("response", "met", "water", 8, 6, 4, 28),
    _finished("response", "breached", "water", 1, 2, 3, 12),
    _finished("response", "corrected", "water", 0, 0, 0, 2),
    _finished("response", "cancelled", "water", 5, 5, 5, 40),
    _finished("close", "met", "urban", 20, 20, 20, 49),
    _finished("close", "breached", "urban", 0.5, 0.5, 0.5, 1),
    _finished("close", "corrected", "urban", 0, 0, 0, 0),
    Level('suban_sla_clocks_open{job="sla",clock="close",department="urban"}', 7, 7),
    Level('suban_sla_clocks_open{job="sla",clock="close",department="water"}', 5, 5),
    Level('suban_sla_clocks_breached{job="sla",clock="response",department="water"}', 3, 3),
    Level('suban_sla_clocks_breached{job="sla",clock="close",department="urban"}', 1, 1),
    Level('suban_sla_clocks_due_soon{job="sla",clock="response",within="5m",department="water"}', 2, 2),
    Level('suban_sla_clocks_due_soon{job="sla",clock="response",within="1h",department="water"}', 4, 4),
    Level('suban_sla_clocks_due_soon{job="sla",clock="close",within="1h",department="urban"}', 6, 6),
    Level('suban_sla_clocks_due_soon{job="sla",clock="close",within="1h",department="water"}', 1, 1),
    Level('suban_sla_oldest_open_seconds{job="sla",clock="close",department="urban"}', 7200, 7200),
    Level('suban_sla_oldest_open_seconds{job="sla",clock="close",department="water"}', 3600, 3600),
    Level('suban_sla_held_seconds_total{job="sla",department="urban"}', 0, 36_000),
    Level('suban_sla_held_seconds_total{job="sla",department="water"}', 0, 7_200),
    Level('suban_sla_waited_seconds_total{job="sla",reason="awaiting_citizen"}', 0, 3_600),
    Level('suban_sla_rungs_fired_total{job="sla",clock="response",percent="50"}', 0, 40),
    Level('suban_sla_rungs_unconfirmed_total{job="sla",clock="response"}', 0, 3),
    Level('suban_sla_response_seconds_bucket{job="sla",le="900.0"}', 0, 60),
    Level('suban_sla_response_seconds_bucket{job="sla",le="1800.0"}', 0, 120),
    Level('suban_sla_response_seconds_bucket{job="sla",le="+Inf"}', 0, 120),
]  # fmt: skip
FLOW: list[Row | Level] = [
    Level('suban_intake_requests_total{job="intake",channel="hotline-12345",outcome="accepted"}', 0, 120),
    Level('suban_intake_requests_total{job="intake",channel="web",outcome="accepted"}', 0, 60),
    Level('suban_intake_requests_total{job="intake",channel="web",outcome="refused"}', 0, 30),
    Level('suban_router_registered_total{job="router",by="rule"}', 0, 150),
    Level('suban_router_commands_total{job="router",command="accept",verdict="accepted"}', 0, 140),
    *[Level(f'suban_events_applied_total{{job="sla",topic="suban.cases.v1",type="case.{step}"}}', 0, many)
      for step, many in {"registered": 180, "dispatched": 170, "accepted": 160, "responded": 150, "returned": 10,
                         "resolved": 60, "closed": 50}.items()],
]  # fmt: skip
MACHINERY: list[Row | Level] = [
    *[Level(f'up{{job="{job}",instance="{job}:1"}}', 1, 1) for job in ("intake", "router", "sla", "notify")],
    Level('suban_outbox_waiting_records{job="router"}', 9, 9),
    Level('suban_shard_stopped{job="router",shard="0"}', 0, 0),
    Level('suban_parked_cases{job="router",shard="0"}', 2, 2),
    Level('suban_dead_letters_total{job="router",topic="suban.submissions.v1"}', 0, 4),
    Level('suban_consumer_lag_records{job="router",topic="submissions"}', 11, 11),
    Level('suban_consumer_lag_seconds{job="router",topic="submissions"}', 3, 3),
    Level('suban_sla_watermark_age_seconds{job="sla",shard="0"}', 1, 1),
    Level('suban_sla_rungs_overdue{job="sla",shard="0"}', 8, 8),
    Level('suban_transaction_seconds_bucket{job="router",le="0.01"}', 0, 500),
    Level('suban_transaction_seconds_bucket{job="router",le="+Inf"}', 0, 500),
    Level('suban_http_request_seconds_bucket{job="intake",route="/v1/requests",status="202",le="0.025"}', 0, 180),
    Level('suban_http_request_seconds_bucket{job="intake",route="/v1/requests",status="202",le="+Inf"}', 0, 180),
    Level('suban_http_request_seconds_count{job="intake",route="/v1/requests",status="503"}', 0, 7200),
    Level('suban_notify_notices_total{job="notify",event="case.registered",audience="citizen",medium="sms",outcome="sent"}', 0, 180),
    Level('suban_notify_waiting_notices{job="notify"}', 1, 1),
    Level('suban_notify_oldest_waiting_seconds{job="notify"}', 2, 2),
    Level('suban_notify_send_seconds_bucket{job="notify",provider="local",le="0.01"}', 0, 180),
    Level('suban_notify_send_seconds_bucket{job="notify",provider="local",le="+Inf"}', 0, 180),
    Level('suban_notify_sms_parts_total{job="notify",audience="citizen"}', 0, 200),
    Level('ALERTS{alertname="SubanShardStopped",alertstate="firing",severity="critical"}', 1, 1),
]  # fmt: skip
ROWS = [*PROMISE, *FLOW, *MACHINERY]


def stored(folder: Path, end: float) -> Path:
    """Prometheus' data up to `end` (Unix seconds, whole five minutes): the series, and what the rules made of them."""
    folder.mkdir(parents=True, exist_ok=True)
    text, data = folder / "history.txt", folder / "data"
    text.write_text("\n".join([*_exposition(end), "# EOF"]) + "\n")
    _promtool("openmetrics", "--quiet", str(text), str(data))
    groups = yaml.safe_load((prometheus.RULES / "recording.yml").read_text(encoding="utf-8"))["groups"]
    counts = [group for group in groups if group["name"] == COUNTS]
    _backfill(folder, "counts", counts, data, end - STRETCHES_S[0] + COARSE_S * 5, end)
    _backfill(folder, "rest", [group for group in groups if group["name"] != COUNTS], data, end - 600, end)
    return data


def _backfill(
    folder: Path, name: str, groups: list[dict[str, Any]], data: Path, start: float, end: float
) -> None:
    """What these rules would have recorded, as `promtool` works it out from a running Prometheus."""
    rules = folder / f"{name}.yml"
    rules.write_text(yaml.safe_dump({"groups": groups}))
    with prometheus.start_prometheus({}, folder / "none", folder / name, data) as url:
        span = ("--start", f"{start:.0f}", "--end", f"{end:.0f}")
        _promtool(
            "rules", *span, "--url", url, "--output-dir", str(data), "--eval-interval", "60s", str(rules)
        )


def _promtool(kind: str, *words: str) -> None:
    """One block for all of it: the usual two hours each would be 420 of them, and take minutes."""
    begun = [prometheus.need("promtool"), "tsdb", "create-blocks-from", f"--max-block-duration={BLOCK}", kind]
    subprocess.run([*begun, *words], check=True, capture_output=True)


def _exposition(end: float) -> Iterator[str]:
    for row in ROWS:
        for at, value in row.samples(end):
            yield f"{row.series} {value:.10g} {at:.0f}"
