"""A loop beside the door: when a channel was last seen."""

import asyncio

from services.chassis.failure import Nature, nature
from services.chassis.service import Running
from services.intake import store
from services.intake.state import State

SEEN_S = 10.0


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
