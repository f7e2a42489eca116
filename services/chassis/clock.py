"""The one place that knows what time it is.

*City time* stands in plans, ladders, calendars and events. It is Postgres' time through one mapping whose base is
stored at provisioning and never goes back: 1:1 in production, faster in a demonstration. *Wall time* is for
time-outs, back-off, leases, signature windows and measured latency (delivery rule 3).
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Told:
    """Postgres' time between two looks at it, carried on by a clock that nobody sets: this host's own has no say.

    Never ahead of Postgres' time: what was read is taken for the moment the answer came.
    """

    wall: datetime | None = None
    heard: float = 0.0

    def hear(self, wall: datetime) -> None:
        self.wall, self.heard = wall, monotonic()

    def now(self) -> datetime | None:
        """None before the first look."""
        return None if self.wall is None else self.wall + timedelta(seconds=monotonic() - self.heard)


@dataclass(frozen=True, slots=True)
class CityClock:
    """`rate` city seconds pass in a wall second, counted from `wall_base`, which was `city_base` in the city."""

    wall_base: datetime
    city_base: datetime
    rate: float = 1.0
    told: Told = field(default_factory=Told, compare=False, repr=False)

    def city(self, wall: datetime) -> datetime:
        """An instant of the wall as the city's. Exact to the microsecond at rate 1."""
        return self.city_base + (wall - self.wall_base) * self.rate

    def wall(self, city: datetime) -> datetime:
        """The inverse of `city`."""
        return self.wall_base + (city - self.city_base) / self.rate

    def now(self) -> datetime:
        """City time as Postgres told it last: for display and hints only. Decisions use the transaction's time."""
        return self.city(self.told.now() or wall_now())


def wall_now() -> datetime:
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds, for measuring spans and deadlines in wall time."""
    return time.monotonic()


def same(wall_base: datetime) -> CityClock:
    """The production mapping: the city's time is everybody's."""
    return CityClock(wall_base=wall_base, city_base=wall_base)
