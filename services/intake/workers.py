"""A loop beside the door: when a channel was last seen."""

from functools import partial

from services.chassis import rounds
from services.chassis.service import Running
from services.intake import store
from services.intake.state import State

SEEN_S = 10.0


async def note_seen(running: Running[State]) -> None:
    """One row a channel, at most every few seconds: hot rows of the door itself would cost more than they tell."""
    await rounds.every(SEEN_S, "seen", partial(_note, running))


async def _note(running: Running[State]) -> None:
    state = running.state
    if noted := set(state.seen):
        async with running.plumbing.pool.acquire() as conn:
            await store.seen(conn, noted)
        state.seen -= noted  # after the commit: with the store away they are noted in the next round
