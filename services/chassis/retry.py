"""Taking up again what an operator asked for (`dead-letters retry`): one case, all that waits for it, in order."""

from typing import Any

import asyncpg

from services.chassis import database, events_in, heads, parking, requests_in, rounds, telemetry
from services.chassis.events_in import Table
from services.chassis.failure import Nature, Poison, nature, reason
from services.chassis.lanes import Lanes
from services.chassis.parking import Aside
from services.chassis.service import Running
from services.chassis.transaction import Tx
from services.contracts.ids import CaseId

SQL = database.SQL
log = telemetry.logger("retry")
LOCK_WAIT_S = 10.0
EVERY_S = 1.0


async def serve(running: Running[Any], table: Table) -> None:
    """Until cancelled."""
    plumbing = running.plumbing

    async def look() -> None:
        for row in await plumbing.pool.fetch(SQL["retry_wanted"]):
            await _one(plumbing.lanes, row["shard"], table)

    await rounds.every(EVERY_S, "retry", look)


async def _one(lanes: Lanes, shard: int, table: Table) -> None:
    async def again(tx: Tx[Any]) -> bool:
        return await take_up(tx, table)

    async def give_up(tx: Tx[Any]) -> None:
        case = await tx.conn.fetchval(SQL["next_retry"], shard)
        await tx.conn.execute(SQL["still_parked"], case, why)

    try:
        await lanes.run(shard, again, wait_s=LOCK_WAIT_S)
    except Exception as failed:
        if nature(failed) is not Nature.OWN:
            raise
        why = reason(failed)
        log.error("retry.failed", shard=shard, reason=why)
        await lanes.run(shard, give_up, wait_s=LOCK_WAIT_S)


async def take_up(tx: Tx[Any], table: Table) -> bool:
    """One case of the shard; True when there was one. Raises what its handlers raise.

    It is released first, or its own requests would wait behind it. A timer is not run here: released, its ticker finds
    it due, after everything else that waited has been done.
    """
    rows = await tx.conn.fetch(SQL["parked_to_retry"], tx.shard)
    if not rows:
        return False
    case_id = CaseId(rows[0]["case_id"])
    await parking.release(case_id, tx)
    for row in rows:
        await _handle(_aside(row), table, tx)
    log.info("case.released", case_id=str(case_id), events=len(rows))
    return True


def _aside(row: asyncpg.Record) -> Aside:
    headers = heads.unpack(row["headers"])
    return Aside(row["case_id"], row["topic"], row["offset"], headers, row["value"])


async def _handle(aside: Aside, table: Table, tx: Tx[Any]) -> None:
    if aside.topic.startswith(parking.TIMERS):
        return
    if table.inbox is not None and requests_in.is_request(aside):
        await table.inbox.handler([requests_in.asked_again(aside, table.inbox)], tx)
        return
    key = str(aside.case_id).encode()
    record = events_in.decode(aside.topic, tx.shard, aside.offset, key, aside.headers, aside.value, table)
    if record.fault is not None:
        raise Poison(record.fault)
    if record.envelope is not None and record.data is not None:
        await table.handlers[record.envelope.type]([events_in.received(record)], tx)
