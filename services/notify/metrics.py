"""What notify tells of itself. Labels are closed vocabularies; never a case, a recipient or a text."""

from prometheus_client import Counter, Gauge, Histogram

NOTICES = Counter("suban_notify_notices_total", "Notices that came to an end: sent, failed or suppressed",
                  ["event", "audience", "medium", "outcome"])  # fmt: skip
PARTS = Counter("suban_notify_sms_parts_total", "SMS parts sent, which is what is paid for", ["audience"])
SUPPRESSED = Counter(
    "suban_notify_suppressed_total", "Notices not sent on purpose, or for want of an address", ["reason"]
)
FALLBACKS = Counter("suban_notify_fallbacks_total", "SMS that went to the feed instead", ["audience"])
TRIES = Counter(
    "suban_notify_tries_total", "What providers did with what they were handed", ["provider", "fate"]
)
DOUBTS = Counter("suban_notify_doubts_total", "Unknown fates settled, by how", ["provider", "settled"])
SEND_SECONDS = Histogram("suban_notify_send_seconds", "One call of a provider, wall time", ["provider"],
                         buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))  # fmt: skip
WAITING = Gauge("suban_notify_waiting_notices", "Notices due and not yet handed to a provider")
OLDEST = Gauge(
    "suban_notify_oldest_waiting_seconds", "How long the oldest due notice has waited, wall time; 0 when none"
)
REVEALS = Counter("suban_notify_reveals_total", "Contacts asked for, by verdict", ["verdict"])
FEED_STREAMS = Gauge("suban_notify_feed_streams", "Live feed connections")

METRICS = (
    NOTICES, PARTS, SUPPRESSED, FALLBACKS, TRIES, DOUBTS, SEND_SECONDS, WAITING, OLDEST, REVEALS, FEED_STREAMS,
)  # fmt: skip
