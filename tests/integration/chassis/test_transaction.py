"""Delivery rules 2, 3 and 4: one writer, its time, its numbers; on real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.chassis import clock, database, transaction
from services.chassis.failure import Nature, ShardStopped, nature
from tests.integration.chassis import toy

SQL = database.SQL
EVEN = clock.CityClock(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await toy.provision(database)
    made = await _pool(database)
    yield made
    await made.close()


async def _pool(url: str) -> asyncpg.Pool:
    return await database.create_pool(url, toy.NAME, 8)


async def test_time_rises_strictly_even_when_the_clock_does_not(pool: asyncpg.Pool) -> None:
    await pool.execute(
        "UPDATE shard SET last_wall = clock_timestamp() + interval '3 seconds' WHERE shard = 0"
    )
    seen = []
    for _ in range(3):
        async with transaction.begin(pool, toy.NAME, 0, EVEN, None) as tx:
            seen.append(tx.now)
    assert seen[1] - seen[0] == seen[2] - seen[1] == timedelta(microseconds=1)


async def test_a_shard_ahead_of_the_clock_stops(pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE shard SET last_wall = clock_timestamp() + interval '1 hour' WHERE shard = 0")
    with pytest.raises(ShardStopped, match="ahead"):
        async with transaction.begin(pool, toy.NAME, 0, EVEN, None):
            raise AssertionError("must not come here")


async def test_a_shard_that_was_never_provisioned_stops(pool: asyncpg.Pool) -> None:
    with pytest.raises(ShardStopped, match="never provisioned"):
        async with transaction.begin(pool, toy.NAME, 99, EVEN, None):
            raise AssertionError("must not come here")


async def test_writers_of_one_shard_take_turns(pool: asyncpg.Pool) -> None:
    """Without the second statement the row would come from a snapshot older than the lock, and numbers would repeat."""
    case = toy.case_in(0)

    async def write(name: int) -> None:
        async with transaction.begin(pool, toy.NAME, 0, EVEN, None) as tx:
            tx.emit(toy.told(str(name)), case_id=case, cause=str(name))

    await asyncio.gather(*(write(n) for n in range(40)))
    rows = await pool.fetch("SELECT first, size FROM outbox ORDER BY first")
    assert [row["first"] for row in rows] == list(range(1, 41))


async def test_nothing_is_numbered_when_the_transaction_fails(pool: asyncpg.Pool) -> None:
    async def fails() -> None:
        async with transaction.begin(pool, toy.NAME, 0, EVEN, None) as tx:
            tx.emit(toy.told("x"), case_id=toy.case_in(0), cause="x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
    assert await pool.fetchval("SELECT numbers FROM shard WHERE shard = 0") == {}


async def test_ids_come_from_causes_so_a_repeat_is_the_same_event(pool: asyncpg.Pool) -> None:
    ids = []
    for _ in range(2):
        async with transaction.begin(pool, toy.NAME, 0, EVEN, None) as tx:
            ids.append([tx.emit(toy.told("x"), case_id=toy.case_in(0), cause="c") for _ in range(2)])
    assert ids[0] == ids[1]
    assert ids[0][0] != ids[0][1]


async def test_a_frozen_process_does_not_hold_its_shard(pool: asyncpg.Pool, database: str) -> None:
    """Frozen in mid-transaction: the server ends the session after its time-out, the next writer goes on, and the
    thawed one finds its connection closed: nothing of it is committed."""
    frozen, entered = await _pool(database), asyncio.Event()

    async def freeze() -> None:
        async with transaction.begin(frozen, toy.NAME, 0, EVEN, None) as tx:
            tx.emit(toy.told("lost"), case_id=toy.case_in(0), cause="lost")
            entered.set()
            await asyncio.sleep(5)

    freezing = asyncio.create_task(freeze())
    await entered.wait()
    async with asyncio.timeout(15):
        while not await _wrote(pool):
            pass
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as thawed:
        await freezing
    assert nature(thawed.value) is Nature.TRANSIENT
    assert await pool.fetchval("SELECT sum(size) FROM outbox") == 1
    frozen.terminate()


async def _wrote(pool: asyncpg.Pool) -> bool:
    """False while the lock is held by somebody else: a wait that is tried again and never parks."""
    try:
        async with transaction.begin(pool, toy.NAME, 0, EVEN, None) as tx:
            tx.emit(toy.told("kept"), case_id=toy.case_in(0), cause="kept")
    except asyncpg.LockNotAvailableError as waiting:
        return nature(waiting) is not Nature.TRANSIENT
    return True


async def test_the_city_runs_faster_where_it_was_told_to(pool: asyncpg.Pool) -> None:
    fast = clock.CityClock(datetime.now(UTC), datetime(2026, 1, 1, tzinfo=UTC), 720.0)
    async with transaction.begin(pool, toy.NAME, 0, fast, None) as first:
        pass
    async with transaction.begin(pool, toy.NAME, 0, fast, None) as second:
        pass
    walls = await pool.fetchval("SELECT last_wall FROM shard WHERE shard = 0")
    assert second.now == fast.city(walls)
    assert second.now > first.now
