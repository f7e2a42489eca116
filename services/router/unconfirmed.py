"""How long an emergency has been waiting for the desk: a figure for the alarm, in city seconds."""

import asyncio

from services.chassis import telemetry
from services.chassis.failure import Nature, nature
from services.chassis.service import Running
from services.router import metrics, store
from services.router.state import State

EVERY_S = 2.0
log = telemetry.logger("router")


async def worker(running: Running[State]) -> None:
    """Until cancelled."""
    while True:
        try:
            await look(running)
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("unconfirmed.again", error=type(failed).__name__)
        await asyncio.sleep(EVERY_S)


async def look(running: Running[State]) -> None:
    many, since, wall = await store.unconfirmed(running.plumbing.pool)
    now = running.plumbing.clock.city(wall)
    metrics.UNCONFIRMED.set(many)
    metrics.UNCONFIRMED_AGE.set(max(0.0, (now - since).total_seconds()) if since else 0.0)
