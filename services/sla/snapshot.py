"""Counts for the metrics, taken now and then and never because somebody scrapes.

The whole count costs about a third of a second over a million open clocks, so it may use one part in a hundred of
the time and no more; what is due soon is read from an index each round.
"""

from collections.abc import Mapping
from datetime import datetime
from math import nan

from prometheus_client import Gauge

from services.chassis import clock, rounds
from services.chassis.database import Connection
from services.chassis.service import Running
from services.sla import decide, metrics, store
from services.sla import state as states
from services.sla.decide import Why
from services.sla.state import State

SHARE = 100
WAITS = (Why.NO_MARK_YET, Why.BEHIND)


async def worker(running: Running[State]) -> None:
    """Until cancelled."""
    whole_again_at = clock.monotonic()

    async def look() -> None:
        nonlocal whole_again_at
        await show_due(running)
        if clock.monotonic() >= whole_again_at:
            took = await show_running(running)
            whole_again_at = clock.monotonic() + SHARE * took

    await rounds.every(running.state.settings.snapshot_s, "snapshot", look)


async def show_running(running: Running[State]) -> float:
    """Everything that runs; returns the wall seconds it took."""
    began = clock.monotonic()
    async with running.plumbing.pool.acquire() as conn:
        counts = await store.running(conn, await _now(running, conn))
    _replace(metrics.OPEN, {(row.kind, row.holder): row.many for row in counts})
    _replace(metrics.BREACHED, {(row.kind, row.holder): row.some for row in counts})
    return clock.monotonic() - began


async def show_due(running: Running[State]) -> None:
    """What falls due soon, and each of our shards' backlog and watermark."""
    async with running.plumbing.pool.acquire() as conn:
        now = await _now(running, conn)
        soon = await store.due_soon(conn, now)
        applied = await store.applied(conn, states.LOG)
        overdue = {shard: await store.overdue_rungs(conn, shard, now) for shard in running.plumbing.owned()}
    within: dict[tuple[str, ...], int] = {(row.kind, "1h", row.holder): row.many for row in soon}
    within |= {(row.kind, "5m", row.holder): row.some for row in soon}
    _replace(metrics.DUE_SOON, within)
    for gauge in metrics.BY_SHARD:
        gauge.clear()  # a shard that is another process' now is not shown with its last figure
    for shard, waiting in overdue.items():
        _show_shard(running.state, shard, applied.get(shard, 0), now, waiting)


async def _now(running: Running[State], conn: Connection) -> datetime:
    return running.plumbing.clock.city(await store.wall(conn))


def _show_shard(state: State, shard: int, applied: int, now: datetime, overdue: int) -> None:
    mark = state.marks.watermark(shard, applied)
    reach = decide.reach(mark, now, state.silence(), state.at_end(shard), state.patience)
    metrics.BACKLOG.labels(shard).set(overdue)
    metrics.WATERMARK_AGE.labels(shard).set((now - mark).total_seconds() if mark else nan)
    metrics.HELD_CASES.labels(shard).set(len(state.marks.held(shard, applied)))
    for why in WAITS:
        metrics.WAITING.labels(shard, why).set(reach.why is why and overdue > 0)


def _replace(gauge: Gauge, values: Mapping[tuple[str, ...], int]) -> None:
    """The whole gauge, so that a department that holds nothing any more is not shown with its last figure."""
    gauge.clear()
    for labels, value in values.items():
        gauge.labels(*labels).set(value)
