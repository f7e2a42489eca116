"""Delivery rules 4, 6 and 11: from the outbox to the topic, in order, at least once; on real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from services.chassis import clock, database, outbox, transaction
from services.chassis.lanes import Lanes
from services.chassis.outbox import Publisher, Restored
from services.chassis.packed import Outgoing
from services.chassis.producer import KafkaProducer, Record, Undelivered
from services.chassis.testing import FakeProducer
from services.contracts import envelope, topics
from services.contracts.events import CommandRefused
from tests import servers
from tests.integration.chassis import test_consume, toy

EVEN = clock.CityClock(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await toy.provision(database)
    made = await _pool(database)
    yield made
    await made.close()


async def _pool(url: str) -> asyncpg.Pool:
    return await database.create_pool(url, toy.NAME, 8)


async def _write(pool: asyncpg.Pool, *names: str, shard: int = 0, department: str | None = None) -> None:
    async with transaction.begin(pool, toy.NAME, shard, EVEN, None) as tx:
        for name in names:
            told = (
                CommandRefused(department=department, code="c", reason=name) if department else toy.told(name)
            )
            tx.emit(told, case_id=toy.case_in(shard), cause=name)


def _numbers(producer: FakeProducer, topic: str = topics.NOTICES, partition: int = 0) -> list[int]:
    positions = [envelope.read_position(record[2]) for record in producer.sent.get((topic, partition), [])]
    return [position.number for position in positions if position is not None]


async def test_records_leave_in_number_order(pool: asyncpg.Pool) -> None:
    producer = FakeProducer()
    for batch in (["a"], ["b", "c"], ["d"]):
        await _write(pool, *batch)
    assert await Publisher(pool, producer, toy.NAME, 4).publish(0)
    assert _numbers(producer) == [1, 2, 3, 4]


async def test_after_a_failure_it_starts_again_from_the_cursor(pool: asyncpg.Pool) -> None:
    producer, publisher = FakeProducer(away=True), None
    publisher = Publisher(pool, producer, toy.NAME, 4)
    await _write(pool, "a", "b")
    with pytest.raises(Undelivered):
        await publisher.publish(0)
    producer.away = False
    await _write(pool, "c")
    await publisher.publish(0)
    await publisher.publish(0)
    assert _numbers(producer) == [1, 2, 3]


async def test_a_chunk_that_fits_in_part_goes_on_where_it_ended(pool: asyncpg.Pool) -> None:
    producer = FakeProducer(batch_limit=3)
    await _write(pool, *map(str, range(10)))
    await Publisher(pool, producer, toy.NAME, 4).publish(0)
    assert _numbers(producer) == list(range(1, 11))


async def test_a_topic_that_refuses_holds_up_nobody_else(pool: asyncpg.Pool) -> None:
    refusing = topics.replies("new-office")
    producer = FakeProducer(refuses={refusing})
    publisher = Publisher(pool, producer, toy.NAME, 4)
    await _write(pool, "to nobody", department="new-office")
    await _write(pool, "a")
    await publisher.publish(0)
    await _write(pool, "b")
    assert await publisher.publish(0)
    assert _numbers(producer) == [1, 2]
    assert (refusing, 0) not in producer.sent


async def test_two_publishers_at_once_do_not_both_send(pool: asyncpg.Pool, database: str) -> None:
    producer, other = FakeProducer(), await _pool(database)
    await _write(pool, "a")
    async with other.acquire() as conn, conn.transaction():
        key = _lock_class(f"{toy.NAME} publishes")
        assert await conn.fetchval("SELECT pg_try_advisory_xact_lock($1, 0)", key)
        assert not await Publisher(pool, producer, toy.NAME, 4).publish(0)
    assert producer.sent == {}
    await other.close()


def _lock_class(name: str) -> int:
    return database.lock_class(name)


async def test_rows_written_without_the_lock_get_numbers_in_their_order(pool: asyncpg.Pool) -> None:
    producer = FakeProducer()
    for names in (["a", "b"], ["c"]):
        out = Outgoing([b"k"] * len(names), [b"h\0v"] * len(names), [n.encode() for n in names])
        async with pool.acquire() as conn:
            await outbox.append_late(conn, [(topics.NOTICES, 0, out)])
    publisher = Publisher(pool, producer, toy.NAME, 4, numbers_late=True)
    await publisher.publish(0)
    assert _numbers(producer) == [1, 2, 3]
    assert [record[1] for record in producer.sent[topics.NOTICES, 0]] == [b"a", b"b", b"c"]


async def test_a_topic_behind_the_store_is_published_again(
    pool: asyncpg.Pool, empty_kafka: servers.Broker
) -> None:
    test_consume.toy_topics(empty_kafka.bootstrap)
    producer = KafkaProducer(empty_kafka.bootstrap)
    await _write(pool, "a", "b")
    await pool.execute(
        "INSERT INTO outbox_cursor VALUES ($1, 0, 2)", topics.NOTICES
    )  # said so, and lost by the broker
    await outbox.verify(pool, empty_kafka.bootstrap, toy.NAME)
    assert await pool.fetchval("SELECT published FROM outbox_cursor") == 0
    await Publisher(pool, producer, toy.NAME, 4).publish(0)
    await outbox.verify(pool, empty_kafka.bootstrap, toy.NAME)
    assert await pool.fetchval("SELECT published FROM outbox_cursor") == 2
    await producer.close()


async def test_a_topic_ahead_of_the_store_says_the_store_was_restored(
    pool: asyncpg.Pool, empty_kafka: servers.Broker
) -> None:
    test_consume.toy_topics(empty_kafka.bootstrap)
    producer = KafkaProducer(empty_kafka.bootstrap)
    await _write(pool, "a", "b", "c")
    await Publisher(pool, producer, toy.NAME, 4).publish(0)
    await pool.execute("UPDATE shard SET numbers = $1 WHERE shard = 0", {topics.NOTICES: 1})
    with pytest.raises(Restored, match="older than the topic"):
        await outbox.verify(pool, empty_kafka.bootstrap, toy.NAME)
    await producer.close()


async def test_the_producer_goes_on_after_a_refused_batch(empty_kafka: servers.Broker) -> None:
    """aiokafka's own would answer OutOfOrderSequenceNumber for ever (ground: aiokafka)."""
    test_consume.toy_topics(empty_kafka.bootstrap)
    producer = KafkaProducer(empty_kafka.bootstrap)
    assert await producer.send(topics.NOTICES, 0, [(b"k", b"1", [])]) == 1
    with pytest.raises(Undelivered):
        await producer.send("suban.nowhere.v1", 0, [(b"k", b"2", [])])
    assert await producer.send(topics.NOTICES, 0, [(b"k", b"3", [])]) == 1
    await producer.close()


async def test_lost_records_stop_their_shard_and_no_other(pool: asyncpg.Pool) -> None:
    """The process does not end, which would only make it end again at the next start."""
    producer = FakeProducer()
    publisher = Publisher(pool, producer, toy.NAME, toy.SHARDS)
    lanes = Lanes(pool, toy.NAME, toy.SHARDS, EVEN, publisher)
    for shard in (0, 1):
        for name in ("a", "b"):
            await _write(pool, name, shard=shard)
    await pool.execute("DELETE FROM outbox WHERE shard = 0 AND first = 1")
    publishing = asyncio.create_task(publisher.run())

    async def done() -> bool:
        return bool(lanes.stopped()) and _numbers(producer, partition=1) == [1, 2]

    await toy.until(done)
    assert lanes.stopped() == [
        "shard 0: outbox: number 1 of suban.notices.v1 is not kept any more, 2 is the next"
    ]
    await _write(pool, "c", shard=1)
    await toy.until(lambda: _has(producer, 3))
    assert not publishing.done()
    assert (topics.NOTICES, 0) not in producer.sent
    publishing.cancel()
    await asyncio.gather(publishing, return_exceptions=True)


async def _has(producer: FakeProducer, number: int) -> bool:
    return number in _numbers(producer, partition=1)


class _Hanging:
    """A broker that neither takes nor refuses."""

    async def ready(self) -> None:
        return None

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        await asyncio.Event().wait()
        return 0


async def test_with_kafka_away_publishers_leave_connections_to_others(
    pool: asyncpg.Pool, database: str
) -> None:
    """More shards than connections: were each held until Kafka answers, intake could not take a request."""
    for shard in range(toy.SHARDS):
        await _write(pool, "a", shard=shard)
    few = await _small(database)
    publishing = asyncio.create_task(Publisher(few, _Hanging(), toy.NAME, toy.SHARDS).run())
    await asyncio.sleep(0.5)
    try:
        for _ in range(3):
            assert await few.fetchval("SELECT 1", timeout=1.0) == 1
            async with few.acquire(timeout=1.0) as one:
                await one.fetchval("SELECT 1")
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        few.terminate()


async def _small(url: str) -> asyncpg.Pool:
    return await database.create_pool(url, toy.NAME, toy.SHARDS)
