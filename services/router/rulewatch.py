"""The loop that looks at the log of rules: what was applied comes into force here, what the file says is entered."""

import asyncio

import asyncpg

from services.chassis import reload, telemetry
from services.chassis.failure import reason
from services.chassis.service import Running
from services.router import rulebook
from services.router import state as states
from services.router.state import State

log = telemetry.logger("rules")


async def worker(running: Running[State]) -> None:
    """Until cancelled, as often as the chassis looks at the files. A look that fails is made again."""
    while True:
        try:
            await look(running.state, running.plumbing.pool)
        except Exception as failed:  # the rules in force stay in force, whatever is wrong with the log
            log.warning("rules.look_failed", error=type(failed).__name__, reason=reason(failed))
        await asyncio.sleep(running.plumbing.settings.reload_every_s)


async def look(state: State, pool: asyncpg.Pool) -> None:
    """One look."""
    ours = state.inforce
    if ours.entering is None:
        newest = await rulebook.newest(pool, ours.id)
    else:
        async with pool.acquire() as conn:
            newest = await rulebook.enter(conn, *ours.entering)
    if newest is not None and ours.take(newest) and await reload.look(state.watched, asked=True):
        states.reloaded(state)
    await _shadow(state, pool)


async def _shadow(state: State, pool: asyncpg.Pool) -> None:
    """The candidate that is asked for runs beside; what it differed in is written down."""
    wanted = await rulebook.shadow(pool)
    if (wanted[0] if wanted else None) != state.shadow.digest:
        await asyncio.to_thread(state.shadow.begin, wanted, state.law)
    if (told := state.shadow.taken()) is not None:
        digest, sums, seen = told
        async with pool.acquire() as conn:
            await rulebook.add_to_shadow(conn, digest, sums, seen)
