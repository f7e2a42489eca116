"""Things done by the clock, under the shard's lock like everything else."""

import asyncio
from typing import Any

from services.chassis import clock, database, rounds, telemetry
from services.chassis.failure import Busy, Nature, nature, reason
from services.chassis.service import CaseTimers, Running, Ticker
from services.chassis.timers import CaseTimer

SQL = database.SQL
log = telemetry.logger("ticker")
LOCK_WAIT_S = 10.0
REST_S = 5.0
HOUSEKEEPING_S = 600.0
AT_ONCE = 4  # others are in Postgres while one is here


async def tick(running: Running[Any], ticker: Ticker) -> None:
    """Until cancelled: the ticker's job on every shard this process looks after. One that fails there rests a while.

    Shards that have more to do take turns, AT_ONCE of them at a time: one with a long backlog holds up no other, and
    whatever comes for a shard meanwhile has its transaction between two runs.
    """
    rests: dict[int, float] = {}
    at_work: set[int] = set()
    at_once = asyncio.Semaphore(AT_ONCE)  # first come, first served

    async def turns(shard: int) -> None:
        more: bool | None = True
        while more:
            async with at_once:
                more = await _run(running, ticker, shard)
        if more is None:
            rests[shard] = clock.monotonic() + REST_S
        at_work.discard(shard)

    async with asyncio.TaskGroup() as group:
        while True:
            for shard in sorted(running.plumbing.owned() - at_work):
                rested = clock.monotonic() >= rests.get(shard, 0.0)
                if rested and (ticker.ready is None or ticker.ready(running.state, shard)):
                    at_work.add(shard)
                    group.create_task(turns(shard))
            await asyncio.sleep(ticker.every.total_seconds())


async def _run(running: Running[Any], ticker: Ticker, shard: int) -> bool | None:
    """One run; whether there is more to do. None when there is no use in coming back soon."""
    try:
        return await running.plumbing.lanes.run(shard, ticker.job, wait_s=LOCK_WAIT_S)
    except Busy as busy:
        log.warning("tick.busy", ticker=ticker.name, shard=shard, reason=str(busy))
        return None if running.plumbing.lanes.lanes[shard].stopped else False
    except Exception as failed:
        if nature(failed) is not Nature.OWN:
            log.warning("tick.again", ticker=ticker.name, shard=shard, error=type(failed).__name__)
            return False
        log.error("tick.failed", ticker=ticker.name, shard=shard, reason=reason(failed))
        if ticker.cases is not None and await _each_alone(running, ticker.name, ticker.cases, shard):
            return False
        return None


async def _each_alone(running: Running[Any], name: str, timers: CaseTimers, shard: int) -> bool:
    """What failed together is tried case by case, and who fails alone is parked. False when that was no help."""
    lanes = running.plumbing.lanes
    try:
        cases = await lanes.run(shard, timers.due, wait_s=LOCK_WAIT_S)
        tried = [CaseTimer(name, timers, case) for case in cases]
        for timer in tried:
            lanes.put(shard, timer)
        found = await asyncio.gather(*(timer.done for timer in tried), return_exceptions=True)
        if stopped := next((error for error in found if error is not None), None):
            raise stopped
    except Exception as failed:
        log.error("tick.not_alone", ticker=name, shard=shard, reason=reason(failed))
        return False
    return bool(tried)


async def housekeeping(running: Running[Any]) -> None:
    """Until cancelled: published outbox rows go by day (delivery rule 13)."""
    plumbing = running.plumbing

    async def forget() -> None:
        await plumbing.pool.execute(SQL["forget_published"], plumbing.settings.outbox_days)

    await rounds.every(HOUSEKEEPING_S, "housekeeping", forget)
