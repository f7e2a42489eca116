"""Watermarks, the writing side (delivery rule 8): how far this process has taken each shard and each inbox topic.

From memory and one short transaction. *Shared* try-locks on all shards: a shard whose lock we get has no transaction in
flight; one that is held is skipped and comes next time. Then, in a second statement, numbers, times and parked cases.
What the inbox topics have reached is asked *before* that: so everything it speaks of is below the numbers read after it.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import asyncpg

from services.chassis import clock, database, metrics, telemetry
from services.chassis.clock import CityClock
from services.chassis.failure import Nature, nature
from services.chassis.producer import TooLarge, Undelivered
from services.chassis.service import Plumbing, Running
from services.contracts import topics
from services.contracts.events import ShardMark, Watermark

SQL = database.SQL
EVERY_S = 0.25
SOON_S = 0.05  # a busy shard is free only between two transactions: look again soon
PARTITION = 0
log = telemetry.logger("watermark")


async def worker(running: "Running[object]") -> None:
    """Until cancelled: a mark each quarter of a second of wall time. A missed one is made good by the next."""
    plumbing = running.plumbing
    while True:
        began, pause = clock.monotonic(), EVERY_S
        try:
            pause = EVERY_S if await publish(plumbing) else SOON_S
        except Exception as failed:
            if not isinstance(failed, Undelivered | TooLarge) and nature(failed) is not Nature.TRANSIENT:
                raise
            metrics.MARKS_MISSED.inc()
            log.warning("mark.missed", error=type(failed).__name__)
        await asyncio.sleep(max(0.0, began + pause - clock.monotonic()))


async def publish(plumbing: Plumbing) -> bool:
    """One mark; whether it speaks of every shard. Raises what the store or the broker raises."""
    reached = dict(plumbing.inbox_progress())
    mark = await read(plumbing.pool, plumbing.name, plumbing.shards, plumbing.clock, reached)
    if mark.shards:
        await plumbing.producer.send(
            topics.WATERMARKS, PARTITION, [(None, mark.model_dump_json().encode(), [])]
        )
        metrics.MARKS_PUBLISHED.inc()
    return len(mark.shards) == plumbing.shards


async def read(
    pool: asyncpg.Pool, service: str, shards: int, city: CityClock, reached: Mapping[str, datetime]
) -> Watermark:
    """The mark of this moment. `reached`: inbox topic → city time up to which everything appended is executed.

    `at` is Postgres' time under our lock, so every later transaction's is later (or the shard's last time, should the
    clock have been set back).
    """
    async with pool.acquire() as conn, conn.transaction():
        free = await conn.fetch(SQL["try_shared_locks"], database.lock_class(service), list(range(shards)))
        rows = await conn.fetch(SQL["marks_of"], [row["shard"] for row in free], topics.CASES)
        parked = await conn.fetch(SQL["parked_cases"]) if any(row["parked"] for row in rows) else []
    return Watermark(
        shards={row["shard"]: ShardMark(number=row["number"], at=city.city(row["at"])) for row in rows},
        commands=reached,
        parked=tuple(row["case_id"] for row in parked),
    )
