"""What sla tells of itself. Spans are city seconds. Labels are closed: clocks, outcomes, departments of the city, rungs.

A clock is counted as finished once: when its due falls (breached), or when it stops before (met, cancelled); so
met / finished is the share in time. A breach that was ours is counted in `corrected` too and taken off there.
"""

from collections.abc import Iterable
from itertools import product
from typing import assert_never

from prometheus_client import Counter, Gauge, Histogram

from services.contracts.values import ClockKind
from services.sla import ladder
from services.sla.clocks import (
    Corrected,
    Extended,
    Finished,
    Happening,
    Outcome,
    Reached,
    Rested,
    Resumed,
    Started,
)

BUCKETS = (
    60, 300, 600, 900, 1200, 1500, 1800, 2700, 3600, 7200, 14400, 28800, 43200, 64800, 86400, 172800, 259200, 604800,
    1296000,
)  # fmt: skip

STARTED = Counter("suban_sla_clocks_started_total", "Clocks opened", ["clock"])
FINISHED = Counter("suban_sla_clocks_finished_total",
                   "Clocks decided, once each: breached when due falls, met or cancelled when stopped before",
                   ["clock", "outcome", "department"])  # fmt: skip
CORRECTED = Counter("suban_sla_clocks_corrected_total",
                    "Breaches taken back because the act was received in time and reached us late",
                    ["clock", "department"])  # fmt: skip
MOVED = Counter("suban_sla_clocks_moved_total", "Rests begun and ended, extensions granted", ["clock", "how"])
RESPONSE_SECONDS = Histogram(
    "suban_sla_response_seconds", "Receipt to the first act that counts, city time", buckets=BUCKETS
)
CLOSE_SECONDS = Histogram("suban_sla_close_seconds", "Receipt to resolve, city time", buckets=BUCKETS)
RUNGS = Counter(
    "suban_sla_rungs_fired_total",
    "Rungs of ladders that fired, by percent of the target",
    ["clock", "percent"],
)
RUNGS_UNCONFIRMED = Counter("suban_sla_rungs_unconfirmed_total",
                            "Rungs fired beyond the watermark, because no mark came for too long", ["clock"])  # fmt: skip
RUNG_LATE_SECONDS = Histogram("suban_sla_rung_late_seconds", "From a rung's instant to its firing, city time",
                              buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600, 86400))  # fmt: skip
OPEN = Gauge("suban_sla_clocks_open", "Clocks running; every process counts all shards: take max, not sum",
             ["clock", "department"])  # fmt: skip
BREACHED = Gauge("suban_sla_clocks_breached", "Clocks running past their due; take max over processes",
                 ["clock", "department"])  # fmt: skip
DUE_SOON = Gauge("suban_sla_clocks_due_soon", "Clocks not answered and due within the span; take max over processes",
                 ["clock", "within", "department"])  # fmt: skip
BACKLOG = Gauge(
    "suban_sla_rungs_overdue", "Rungs past their instant that have not fired, counted up to 10,000", ["shard"]
)
WATERMARK_AGE = Gauge("suban_sla_watermark_age_seconds", "City time since the instant up to which the log is proven; NaN before "
                      "the first mark", ["shard"])  # fmt: skip
WAITING = Gauge("suban_sla_shard_waiting", "1 while rungs of the shard wait: no mark yet, or we are behind with no marks",
                ["shard", "reason"])  # fmt: skip
MARKS = Counter("suban_sla_marks_total", "Watermarks taken", ["verdict"])
HELD_CASES = Gauge(
    "suban_sla_held_cases", "Cases whose rungs wait because their events are parked", ["shard"]
)

METRICS = (
    STARTED, FINISHED, CORRECTED, MOVED, RESPONSE_SECONDS, CLOSE_SECONDS, RUNGS, RUNGS_UNCONFIRMED, RUNG_LATE_SECONDS, OPEN,
    BREACHED, DUE_SOON, BACKLOG, WATERMARK_AGE, WAITING, MARKS, HELD_CASES,
)  # fmt: skip
BY_SHARD = (BACKLOG, WATERMARK_AGE, WAITING, HELD_CASES)
SPANS: dict[str, Histogram] = {"response": RESPONSE_SECONDS, "close": CLOSE_SECONDS}


def know(departments: Iterable[str]) -> None:
    """Series from nought: Prometheus does not count a first increase that makes its own series."""
    for kind in ClockKind:
        STARTED.labels(kind)
        RUNGS_UNCONFIRMED.labels(kind)
    for main, unit in product(SPANS, departments):
        CORRECTED.labels(main, unit)
        for outcome in Outcome:
            FINISHED.labels(main, outcome, unit)


def count(happened: Iterable[Happening]) -> None:
    """After the commit, so that a transaction tried again counts once."""
    for happening in happened:
        _count(happening)


def _count(happening: Happening) -> None:
    kind = happening.clock.kind
    match happening:
        case Started():
            STARTED.labels(kind).inc()
        case Reached():
            _rung(happening)
        case Finished(clock, stop, outcome):
            if clock.breached_at is None and not clock.reopened:
                FINISHED.labels(kind, outcome, stop.by).inc()
            if not stop.cancels and kind in SPANS:
                SPANS[kind].observe((stop.at - clock.started_at).total_seconds())
        case Corrected(stop=stop):
            CORRECTED.labels(kind, stop.by).inc()
        case Rested() | Resumed() | Extended():
            MOVED.labels(kind, type(happening).__name__.lower()).inc()
        case _:
            assert_never(happening)


def _rung(reached: Reached) -> None:
    kind = reached.clock.kind
    RUNGS.labels(kind, str(reached.step.percent)).inc()
    RUNG_LATE_SECONDS.observe(reached.late_by.total_seconds())
    if reached.unconfirmed:
        RUNGS_UNCONFIRMED.labels(kind).inc()
    if reached.step.percent == ladder.BREACH:
        FINISHED.labels(kind, Outcome.BREACHED, reached.holding.unit).inc()
