"""The one place that knows what time it is.

*City time* stands in plans, ladders, calendars and events. It is Postgres' time through one mapping whose base is
stored at provisioning and never goes back: 1:1 in production, faster in a demonstration. *Wall time* is for
time-outs, back-off, leases, signature windows and measured latency (delivery rule 3).
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class CityClock:
    """`rate` city seconds pass in a wall second, counted from `wall_base`, which was `city_base` in the city."""

    wall_base: datetime
    city_base: datetime
    rate: float = 1.0

    def city(self, wall: datetime) -> datetime:
        """An instant of the wall as the city's. Exact to the microsecond at rate 1."""
        return self.city_base + (wall - self.wall_base) * self.rate

    def wall(self, city: datetime) -> datetime:
        """The inverse of `city`."""
        return self.wall_base + (city - self.city_base) / self.rate

    def now(self) -> datetime:
        """City time by this host's clock: for display and hints only. Decisions use the transaction's time."""
        return self.city(wall_now())


def wall_now() -> datetime:
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds, for measuring spans and deadlines in wall time."""
    return time.monotonic()


def same(wall_base: datetime) -> CityClock:
    """The production mapping: the city's time is everybody's."""
    return CityClock(wall_base=wall_base, city_base=wall_base)
