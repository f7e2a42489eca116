"""Counts for the metrics, taken now and then and never because somebody scrapes.

The whole count costs about a third of a second over a million open clocks, so it may use one part in a hundred of
the time and no more; what is due soon is read from an index, in one part in twenty.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from math import nan

from asyncpg import QueryCanceledError

from services.chassis import clock, rounds
from services.chassis.database import Connection
from services.chassis.service import Running
from services.sla import decide, metrics, store
from services.sla import state as states
from services.sla.decide import Why
from services.sla.state import State

SHARE, DUE_SHARE = 100, 20
WAITS = (Why.NO_MARK_YET, Why.BEHIND)


async def worker(running: Running[State]) -> None:
    """Until cancelled."""
    due, whole = Paced(DUE_SHARE), Paced(SHARE)

    async def look() -> None:
        await due.take(lambda: show_due(running))
        await whole.take(lambda: show_running(running))

    await rounds.every(running.state.settings.snapshot_s, "snapshot", look)


@dataclass(slots=True)
class Paced:
    """A look that uses one part in `share` of the time. One that the server cut off waits as long: it would be again."""

    share: int
    again_at: float = 0.0

    async def take(self, look: Callable[[], Awaitable[object]]) -> None:
        began = clock.monotonic()
        if began < self.again_at:
            return
        try:
            await look()
        except QueryCanceledError:
            self._rest(began)
            raise
        self._rest(began)

    def _rest(self, began: float) -> None:
        now = clock.monotonic()
        self.again_at = now + self.share * (now - began)


async def show_running(running: Running[State]) -> None:
    """Everything that runs."""
    async with running.plumbing.pool.acquire() as conn, conn.transaction():
        now = await _now(running, conn)
        counts = await store.running(conn, now)
    metrics.show(metrics.OPEN, by_unit((row.kind, row.holder, row.many) for row in counts))
    metrics.show(metrics.BREACHED, by_unit((row.kind, row.holder, row.some) for row in counts))
    ages = ((row.kind, row.holder, (now - row.oldest_at).total_seconds()) for row in counts if row.oldest_at)
    metrics.show(metrics.OLDEST, by_unit(ages, max))


async def show_due(running: Running[State]) -> None:
    """What falls due soon, and each of our shards' backlog and watermark."""
    async with running.plumbing.pool.acquire() as conn:
        now = await _now(running, conn)
        soon = await store.due_soon(conn, now)
        applied = await store.applied(conn, states.LOG)
        overdue = {shard: await store.overdue_rungs(conn, shard, now) for shard in running.plumbing.owned()}
    hour = by_unit((row.kind, row.holder, row.many) for row in soon)
    minutes = by_unit((row.kind, row.holder, row.some) for row in soon)
    within: dict[tuple[str, ...], float] = {
        (kind, span, unit): many
        for span, of in (("1h", hour), ("5m", minutes))
        for (kind, unit), many in of.items()
    }
    metrics.show(metrics.DUE_SOON, within)
    for gauge in metrics.BY_SHARD:
        gauge.clear()  # a shard that is another process' now is not shown with its last figure
    for shard, waiting in overdue.items():
        _show_shard(running.state, shard, applied.get(shard, 0), now, waiting)


async def _now(running: Running[State], conn: Connection) -> datetime:
    return running.plumbing.clock.city(await store.wall(conn))


def _show_shard(state: State, shard: int, applied: int, now: datetime, overdue: int) -> None:
    mark = state.marks.watermark(shard, applied)
    reach = decide.reach(mark, now, state.silence(), state.listened(shard), state.patience)
    metrics.BACKLOG.labels(shard).set(overdue)
    metrics.WATERMARK_AGE.labels(shard).set((now - mark).total_seconds() if mark else nan)
    metrics.HELD_CASES.labels(shard).set(len(state.marks.held(shard, applied)))
    for why in WAITS:
        metrics.WAITING.labels(shard, why).set(reach.why is why and overdue > 0)


def by_unit(
    rows: Iterable[tuple[str, str, float]], join: Callable[[float, float], float] = float.__add__
) -> dict[tuple[str, ...], float]:
    """(clock, holder, value) by clock and label: holders that the city's files do not name are one, `other`."""
    found: dict[tuple[str, ...], float] = {}
    for kind, holder, value in rows:
        key = kind, metrics.unit(holder)
        found[key] = join(found[key], float(value)) if key in found else float(value)
    return found
