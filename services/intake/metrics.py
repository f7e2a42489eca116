"""What intake counts."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("suban_intake_requests_total", "Requests by channel and what became of them: accepted, repeated, refused, limited, unavailable",
                   ["channel", "outcome"])  # fmt: skip
REFUSED = Counter("suban_intake_refused_total", "Requests refused, by the kind of fault", ["code"])
UNAUTHORIZED = Counter(
    "suban_intake_unauthorized_total", "Requests without a valid key of a channel that is on"
)
ACTS = Counter("suban_intake_acts_total", "What citizens added, by kind", ["kind"])
COMMIT_REQUESTS = Histogram(
    "suban_intake_commit_requests",
    "Requests that shared a commit",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
COMMIT_SECONDS = Histogram("suban_intake_commit_seconds", "One commit of the door, wall time",
                           buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1))  # fmt: skip
STORE_AWAY = Counter("suban_intake_store_away_total", "Commits given up because Postgres did not answer")
CHANNELS_ON = Gauge("suban_intake_channels_on", "Channels that may send")

METRICS = (REQUESTS, REFUSED, UNAUTHORIZED, ACTS, COMMIT_REQUESTS, COMMIT_SECONDS, STORE_AWAY, CHANNELS_ON)
