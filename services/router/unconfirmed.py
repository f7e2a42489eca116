"""How long an emergency has been waiting for the desk: a figure for the alarm, in city seconds."""

from functools import partial

from services.chassis import rounds
from services.chassis.service import Running
from services.router import metrics, store
from services.router.state import State

EVERY_S = 2.0


async def worker(running: Running[State]) -> None:
    """Until cancelled."""
    await rounds.every(EVERY_S, "unconfirmed", partial(look, running))


async def look(running: Running[State]) -> None:
    many, since, wall = await store.unconfirmed(running.plumbing.pool)
    now = running.plumbing.clock.city(wall)
    metrics.UNCONFIRMED.set(many)
    metrics.UNCONFIRMED_AGE.set(max(0.0, (now - since).total_seconds()) if since else 0.0)
