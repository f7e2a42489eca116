"""Watermarks, the writing side (delivery rule 8): how far this process has taken each shard and each inbox topic.

From memory and one short transaction. *Shared* try-locks on all shards: a shard whose lock we get has no transaction in
flight. Then, in a second statement, numbers, times and parked cases. A shard that is held joins its own next transaction.
What the inbox topics have reached is asked *before* that: so everything it speaks of is below the numbers read after it.
A stopped shard is in no mark of ours: the inbox topics go on without it, and what they have reached is not true of it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.chassis import clock, database, metrics, telemetry, transaction
from services.chassis.clock import CityClock
from services.chassis.failure import Busy, Nature, nature
from services.chassis.producer import TooLarge, Undelivered
from services.chassis.service import Plumbing, Running
from services.chassis.transaction import Tx
from services.contracts import topics
from services.contracts.events import ShardMark, Watermark

SQL = database.SQL
EVERY_S = 0.25
PARTITION = 0
log = telemetry.logger("watermark")


async def worker(running: "Running[object]") -> None:
    """Until cancelled: a mark each quarter of a second of wall time. A missed one is made good by the next."""
    plumbing = running.plumbing
    while True:
        began = clock.monotonic()
        try:
            await publish(plumbing)
        except Exception as failed:
            if not isinstance(failed, Undelivered | TooLarge) and nature(failed) is not Nature.TRANSIENT:
                raise
            metrics.MARKS_MISSED.inc()
            log.warning("mark.missed", error=type(failed).__name__)
        await asyncio.sleep(max(0.0, began + EVERY_S - clock.monotonic()))


async def publish(plumbing: Plumbing) -> None:
    """One mark. Raises what the store or the broker raises. Asked in this order: a shard that stops after the topics'
    reach was asked has executed everything it speaks of; one that stopped before is left out."""
    reached = dict(plumbing.inbox_progress())
    stopped = plumbing.lanes.stopped_shards()
    well = [shard for shard in range(plumbing.shards) if shard not in stopped]
    mark = await read(plumbing.pool, plumbing.name, well, plumbing.clock, reached)
    busy = [shard for shard in well if shard not in mark.shards]
    mark = merged([mark, *await asyncio.gather(*(_in_turn(plumbing, shard) for shard in busy))])
    if mark.shards:
        value = mark.model_dump_json().encode()
        await plumbing.producer.send(topics.WATERMARKS, PARTITION, [(None, value, [])])
        metrics.MARKS_PUBLISHED.inc()


async def _in_turn(plumbing: Plumbing, shard: int) -> Watermark:
    """A shard at work is never free when we look: its own next transaction says how far it is."""
    try:
        return await plumbing.lanes.run(shard, committed, wait_s=EVERY_S)
    except Busy:
        return Watermark(shards={}, commands={})


async def committed(tx: Tx[Any]) -> Watermark:
    """The mark of a shard from within its transaction: what this one writes has a higher number and is not older."""
    rows = await tx.conn.fetch(SQL["parked_cases"]) if tx.row.parked else []
    said = ShardMark(number=tx.row.numbers.get(topics.CASES, 0), at=tx.now - transaction.TICK)
    return Watermark(shards={tx.shard: said}, commands={}, parked=tuple(row["case_id"] for row in rows))


def merged(marks: Sequence[Watermark]) -> Watermark:
    """One mark of several taken one after the other; the first has the inbox topics, asked before all of them."""
    return Watermark(
        shards={shard: said for mark in marks for shard, said in mark.shards.items()},
        commands=marks[0].commands,
        parked=tuple(sorted({case for mark in marks for case in mark.parked})),
    )


async def read(
    pool: asyncpg.Pool, service: str, shards: Sequence[int], city: CityClock, reached: Mapping[str, datetime]
) -> Watermark:
    """The mark of this moment. `reached`: inbox topic → city time up to which everything appended is executed.

    `at` is Postgres' time under our lock, so every later transaction's is later (or the shard's last time, should the
    clock have been set back).
    """
    async with pool.acquire() as conn, conn.transaction():
        free = await conn.fetch(SQL["try_shared_locks"], database.lock_class(service), list(shards))
        rows = await conn.fetch(SQL["marks_of"], [row["shard"] for row in free], topics.CASES)
        if rows:
            city.told.hear(rows[-1]["wall"])
        parked = await conn.fetch(SQL["parked_cases"]) if any(row["parked"] for row in rows) else []
    return Watermark(
        shards={row["shard"]: ShardMark(number=row["number"], at=city.city(row["at"])) for row in rows},
        commands=reached,
        parked=tuple(row["case_id"] for row in parked),
    )
