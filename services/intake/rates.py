"""How often a channel may send: a token bucket a channel, in memory of this process.

With n processes a channel may send up to n times its rate; the limit protects us, it bills nobody. A bucket holds a
minute's worth. A batch is let in by one token and charged for all its items: the next one waits until they are paid.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Rates:
    """`now` is in monotonic seconds; rates are requests a minute."""

    buckets: dict[str, Bucket] = field(default_factory=dict)

    def take(self, channel: str, per_minute: int, now: float) -> float:
        """One token: 0.0 when there was one, else the seconds until there will be."""
        bucket = self.buckets.get(channel)
        if bucket is None:
            bucket = self.buckets[channel] = Bucket(per_minute, now)
        bucket.tokens = min(per_minute, bucket.tokens + max(0.0, now - bucket.at) * per_minute / 60)
        bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) * 60 / per_minute
        bucket.tokens -= 1
        return 0.0

    def charge(self, channel: str, more: int) -> None:
        """What a batch holds beyond its first item; may leave the bucket in debt."""
        if more > 0:
            self.buckets[channel].tokens -= more
