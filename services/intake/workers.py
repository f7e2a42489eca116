"""Loops beside the door: keys, city files, when a channel was last seen."""

import asyncio

from services.chassis import keys, telemetry
from services.chassis import metrics as chassis_metrics
from services.chassis.failure import Nature, nature
from services.chassis.files import Kept, Replaced
from services.chassis.service import Running
from services.intake import metrics, store
from services.intake.state import State

log = telemetry.logger("intake")
WATCH_S = 2.0
SEEN_S = 10.0


async def keep_keys(running: Running[State]) -> None:
    await keys.keep_fresh(running.state.ring, running)


async def watch_city(running: Running[State]) -> None:
    """Channels added, changed or switched off come into force without a restart; a bad set never does."""
    ways = running.state.ways
    while True:
        metrics.CHANNELS_ON.set(len(ways.value.by_principal))
        await asyncio.sleep(WATCH_S)
        match await ways.poll():
            case Replaced(digest):
                log.info("city.replaced", digest=digest)
            case Kept(reason):
                chassis_metrics.RELOADS_REFUSED.labels("channels.yaml").inc()
                log.error("city.refused", reason=reason)


async def note_seen(running: Running[State]) -> None:
    """One row a channel, at most every few seconds: hot rows of the door itself would cost more than they tell."""
    state = running.state
    while True:
        await asyncio.sleep(SEEN_S)
        channels, state.seen = state.seen, set()
        if not channels:
            continue
        try:
            async with running.plumbing.pool.acquire() as conn:
                await store.seen(conn, channels)
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            state.seen |= channels
