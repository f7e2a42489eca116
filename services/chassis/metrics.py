"""What every service tells of itself. Labels are closed: topics, shards, tickers; never a case."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

EVENTS_APPLIED = Counter(
    "suban_events_applied_total", "Events whose effects are committed", ["topic", "type"]
)
EVENTS_REPEATED = Counter(
    "suban_events_repeated_total", "Events dropped because they had been applied", ["topic"]
)
EVENTS_UNKNOWN = Counter(
    "suban_events_unknown_total", "Events of a type this version does not know, counted as applied", ["topic"]
)
EVENTS_PARKED = Counter(
    "suban_events_parked_total", "Events set aside because they or one before them failed", ["topic"]
)
PARKED_CASES = Gauge("suban_parked_cases", "Cases set aside until an operator retries them", ["shard"])
DEAD_LETTERS = Counter("suban_dead_letters_total", "Records without a readable key", ["topic"])
SHARDS_STOPPED = Gauge("suban_shard_stopped", "1 when a shard waits for an operator", ["shard"])
BATCH_SECONDS = Histogram("suban_transaction_seconds", "One transaction on one shard, from lock to commit, wall time",
                          buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5))  # fmt: skip
BATCH_EVENTS = Histogram(
    "suban_transaction_events",
    "Events in one transaction",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
OUTBOX_WAITING = Gauge("suban_outbox_waiting_records", "Records committed and not on Kafka yet")
OUTBOX_LIMIT = Gauge(
    "suban_outbox_limit_records", "SUBAN_OUTBOX_LIMIT: with more waiting than this, intake answers 503"
)
PUBLISHED = Counter(
    "suban_outbox_published_total", "Records acknowledged by Kafka, repeats included", ["topic_kind"]
)
PUBLISH_FAILED = Counter(
    "suban_outbox_publish_failures_total", "Chunks that were not acknowledged and will be sent again"
)
PRODUCERS_REPLACED = Counter("suban_producer_replaced_total", "Producers thrown away after a delivery error")
LAG_RECORDS = Gauge("suban_consumer_lag_records", "Records on the broker that were not taken yet", ["topic"])
LAG_SECONDS = Gauge(
    "suban_consumer_lag_seconds", "Age of the newest record taken while behind; 0 at the end", ["topic"]
)
RELOADS = Counter(
    "suban_city_reloads_total",
    "City files taken anew: replaced, or refused and the old set kept",
    ["outcome"],
)
CITY_REFUSED = Gauge("suban_city_refused", "1 while the files on disk are bad and an older set is in force")
HTTP_SECONDS = Histogram("suban_http_request_seconds", "HTTP requests, wall time", ["route", "status"],
                         buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5))  # fmt: skip
MARKS_PUBLISHED = Counter("suban_marks_published_total", "Watermarks written")
MARKS_MISSED = Counter(
    "suban_marks_missed_total", "Watermarks that could not be written; the next one makes good"
)

METRICS = (
    EVENTS_APPLIED, EVENTS_REPEATED, EVENTS_UNKNOWN, EVENTS_PARKED, PARKED_CASES, DEAD_LETTERS, SHARDS_STOPPED,
    BATCH_SECONDS, BATCH_EVENTS, OUTBOX_WAITING, OUTBOX_LIMIT, PUBLISHED, PUBLISH_FAILED, PRODUCERS_REPLACED, LAG_RECORDS,
    LAG_SECONDS, RELOADS, CITY_REFUSED, HTTP_SECONDS, MARKS_PUBLISHED, MARKS_MISSED,
)  # fmt: skip


def topic_kind(topic: str) -> str:
    """`suban.assignments.x.v1` → `assignments`: departments are too many for a label here."""
    return topic.split(".")[1]
