"""What sla tells of itself. Spans are city seconds. Labels are closed: clocks, outcomes, departments of the city, rungs;
a unit that the city's files do not name is `other`.

A clock is decided once: when its due falls (breached), or when it stops before (met, cancelled); what a redo makes of
it later is the redo clock's. A breach that was ours (the act was in time, we took it late) is counted as `corrected`
beside. So the share in time is (met + corrected) / (met + breached).
"""

import functools
from collections.abc import Iterable, Mapping
from itertools import product
from typing import assert_never

from prometheus_client import Counter, Gauge, Histogram

from services.contracts.countings import Elapsed
from services.contracts.values import ClockKind, PauseReason
from services.sla import course as courses
from services.sla import ladder
from services.sla.clocks import (
    Clock,
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
from services.sla.course import Course
from services.sla.plain import Shot

OTHER = "other"
CORRECTED = "corrected"
OUTCOMES = (*Outcome, CORRECTED)
WAITS = (*PauseReason, courses.VERIFICATION)
BUCKETS = (
    60, 300, 600, 900, 1200, 1500, 1800, 2700, 3600, 7200, 14400, 28800, 43200, 64800, 86400, 172800, 259200, 604800,
    1296000,
)  # fmt: skip

STARTED = Counter("suban_sla_clocks_started_total", "Clocks opened", ["clock"])
FINISHED = Counter("suban_sla_clocks_finished_total",
                   "Clocks decided, once each: breached when due falls, met or cancelled when stopped before; corrected: "
                   "a breach taken back, because the act was in time and we took it late",
                   ["clock", "outcome", "department"])  # fmt: skip
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
OLDEST = Gauge("suban_sla_oldest_open_seconds", "Age of the oldest clock that runs, city time; take max over processes",
               ["clock", "department"])  # fmt: skip
HELD = Counter("suban_sla_held_seconds_total",
               "City time cases were in whose hands, from receipt to their first resolve, counted at that resolve",
               ["department"])  # fmt: skip
WAITED = Counter("suban_sla_waited_seconds_total", "City time cases rested until their first resolve, counted at that resolve",
                 ["reason"])  # fmt: skip
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
    STARTED, FINISHED, MOVED, RESPONSE_SECONDS, CLOSE_SECONDS, RUNGS, RUNGS_UNCONFIRMED, RUNG_LATE_SECONDS, OPEN,
    BREACHED, DUE_SOON, OLDEST, HELD, WAITED, BACKLOG, WATERMARK_AGE, WAITING, MARKS, HELD_CASES,
)  # fmt: skip
BY_SHARD = (BACKLOG, WATERMARK_AGE, WAITING, HELD_CASES)
SPANS: dict[str, Histogram] = {"response": RESPONSE_SECONDS, "close": CLOSE_SECONDS}


_units: set[str] = {courses.US}


def know(departments: Iterable[str]) -> None:
    """Series from nought: Prometheus does not count a first increase that makes its own series."""
    _units.update(departments)
    for kind in ClockKind:
        STARTED.labels(kind)
        RUNGS_UNCONFIRMED.labels(kind)
    for main, outcome, each in product(SPANS, OUTCOMES, (*_units, OTHER)):
        FINISHED.labels(main, outcome, each)
    for each in (*_units, OTHER):
        HELD.labels(each)
    for reason in WAITS:
        WAITED.labels(reason)


def unit(name: str) -> str:
    """As a label: what the city's files do not name is `other`, so that labels stay a closed list."""
    return name if name in _units else OTHER


def known() -> list[str]:
    """Every label of a department but `other`."""
    return sorted(_units)


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
            if _decides(clock, outcome):
                FINISHED.labels(kind, outcome, unit(stop.by)).inc()
            if not stop.cancels and kind in SPANS:
                SPANS[kind].observe((stop.at - clock.started_at).total_seconds())
        case Corrected(stop=stop):
            FINISHED.labels(kind, CORRECTED, unit(stop.by)).inc()
        case Rested() | Resumed() | Extended():
            MOVED.labels(kind, type(happening).__name__.lower()).inc()
        case _:
            assert_never(happening)


def count_shots(shots: Iterable[Shot]) -> None:
    """As `count`, of plain clocks."""
    for kind, percent, holder, late_s, unconfirmed in (shot[6:11] for shot in shots):
        _series(RUNGS, kind, str(percent)).inc()
        RUNG_LATE_SECONDS.observe(late_s)
        if unconfirmed:
            _series(RUNGS_UNCONFIRMED, kind).inc()
        if percent == ladder.BREACH:
            _series(FINISHED, kind, Outcome.BREACHED, unit(holder)).inc()


@functools.cache
def _series(counter: Counter, *labels: str) -> Counter:
    """Labels are a closed list, and looking one up costs four times what counting does."""
    return counter.labels(*labels)


def _rung(reached: Reached) -> None:
    kind = reached.clock.kind
    RUNGS.labels(kind, str(reached.step.percent)).inc()
    RUNG_LATE_SECONDS.observe(reached.late_by.total_seconds())
    if reached.unconfirmed:
        RUNGS_UNCONFIRMED.labels(kind).inc()
    if reached.step.percent == ladder.BREACH and not reached.clock.reopened:
        FINISHED.labels(kind, Outcome.BREACHED, unit(reached.holding.unit)).inc()


def _decides(clock: Clock, outcome: Outcome) -> bool:
    """Whether this end is the clock's first verdict. One whose breach was taken back has a new due, which may fall too."""
    first = clock.breached_at is None and not clock.reopened
    return first and (not clock.corrected or outcome is Outcome.BREACHED)


def count_hands(over: Iterable[Course]) -> None:
    """Who held these cases until they were resolved, and what they waited for."""
    for course in over:
        assert course.resolved_at is not None
        account = courses.account(course, course.resolved_at, Elapsed())
        for holder, span in account.holdings.items():
            HELD.labels(unit(holder)).inc(span.wall.total_seconds())
        for reason, span in account.waits.items():
            WAITED.labels(reason).inc(span.wall.total_seconds())


def show(gauge: Gauge, values: Mapping[tuple[str, ...], float]) -> None:
    """The whole gauge, so that a department that holds nothing any more is not shown with its last figure."""
    gauge.clear()
    for labels, value in values.items():
        gauge.labels(*labels).set(value)
