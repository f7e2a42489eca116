"""Wall clocks: what a clock on the wall of a zone shows, as a line that never falls. Pure.

Twice a year many zones skip an hour or live one twice. The line stands still through an hour lived twice; an hour
skipped is on the line but has no instant of its own: `first` gives the instant the clock jumped over it, `shown` the
time later by what was skipped, as RFC 5545 and PEP 495 do. A time that comes twice is the first of the two.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows, naive; through the second of two like hours, what it showed at the end of the first."""
    local = instant.astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    back = (local.replace(fold=0).utcoffset() or SECOND * 0) - offset(instant, zone)
    return naive(transition(zone, instant - back, instant), zone) + back


def naive(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows, without more."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def shown(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows this, in UTC."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def first(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows this or more, in UTC."""
    at = shown(local, zone)
    skipped = naive(at, zone) - local
    return transition(zone, at - skipped, at) if skipped else at


def offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None  # a ZoneInfo always has one
    return found


def transition(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The instant in (low, high] from which the zone has the offset it has at `high`: to the second, as zones are."""
    after, low = offset(high, zone), low.replace(microsecond=0)
    before, since = 0, -((low - high) // SECOND)
    while since - before > 1:
        middle = (before + since) // 2
        if offset(low + middle * SECOND, zone) == after:
            since = middle
        else:
            before = middle
    return low + since * SECOND
