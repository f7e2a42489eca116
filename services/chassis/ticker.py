"""Things done by the clock, under the shard's lock like everything else."""

import asyncio
from typing import Any

from services.chassis import database, events_in, telemetry
from services.chassis.events_in import Table
from services.chassis.failure import Nature, nature, reason
from services.chassis.lanes import Busy
from services.chassis.service import Running, Ticker
from services.chassis.transaction import Tx

SQL = database.SQL
log = telemetry.logger("ticker")
LOCK_WAIT_S = 10.0
RETRY_EVERY_S = 1.0
HOUSEKEEPING_S = 600.0


async def tick(running: Running[Any], ticker: Ticker) -> None:
    """Until cancelled: the ticker's job on every shard this process looks after."""
    while True:
        for shard in sorted(running.plumbing.owned()):
            if ticker.ready is None or ticker.ready(running.state, shard):
                await _run(running, ticker, shard)
        await asyncio.sleep(ticker.every.total_seconds())


async def _run(running: Running[Any], ticker: Ticker, shard: int) -> None:
    try:
        while await running.plumbing.lanes.run(shard, ticker.job, wait_s=LOCK_WAIT_S):
            pass
    except Busy as busy:
        log.warning("tick.busy", ticker=ticker.name, shard=shard, reason=str(busy))
    except Exception as failed:
        if nature(failed) is not Nature.OWN:
            log.warning("tick.again", ticker=ticker.name, shard=shard, error=type(failed).__name__)
            return
        log.error("tick.failed", ticker=ticker.name, shard=shard, reason=reason(failed))


async def retry_parked(running: Running[Any], table: Table) -> None:
    """Until cancelled: cases an operator asked to take up again (`dead-letters retry`)."""
    plumbing = running.plumbing
    while True:
        try:
            for row in await plumbing.pool.fetch(SQL["retry_wanted"]):
                await _retry(plumbing.lanes, row["shard"], table)
        except Exception as failed:
            if nature(failed) is Nature.OWN and not isinstance(failed, Busy):
                raise
        await asyncio.sleep(RETRY_EVERY_S)


async def _retry(lanes: Any, shard: int, table: Table) -> None:
    async def again(tx: Tx[Any]) -> bool:
        return await events_in.retry_parked(tx, table)

    async def give_up(tx: Tx[Any]) -> None:
        case = await tx.conn.fetchval(SQL["next_retry"], shard)
        await tx.conn.execute(SQL["still_parked"], case, why)

    try:
        await lanes.run(shard, again, wait_s=LOCK_WAIT_S)
    except Exception as failed:
        if nature(failed) is not Nature.OWN or isinstance(failed, Busy):
            raise
        why = reason(failed)
        log.error("retry.failed", shard=shard, reason=why)
        await lanes.run(shard, give_up, wait_s=LOCK_WAIT_S)


async def housekeeping(running: Running[Any]) -> None:
    """Until cancelled: published outbox rows go by day (delivery rule 13)."""
    days = running.plumbing.settings.outbox_days
    while True:
        try:
            await running.plumbing.pool.execute(SQL["forget_published"], days)
        except Exception as failed:
            if nature(failed) is Nature.OWN:
                raise
        await asyncio.sleep(HOUSEKEEPING_S)
