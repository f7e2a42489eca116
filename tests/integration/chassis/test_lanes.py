"""Delivery rules 2 and 9: a lane's batches, what fails alone, what is tried again, what stops; on real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from services.chassis import clock, database, events_in, lanes
from services.chassis.events_in import EventBatch, Table
from services.chassis.failure import Busy
from services.chassis.lanes import Lanes, Work
from services.chassis.outbox import Publisher
from services.chassis.producer import KafkaProducer
from services.chassis.testing import FakeProducer
from services.chassis.transaction import Tx
from services.contracts import topics
from services.contracts.events import ActReceived
from tests import servers
from tests.integration.chassis import test_consume, toy
from tests.integration.chassis.toy import Feeder, case_in, started, until

EVEN = clock.CityClock(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await toy.provision(database)
    made = await _pool(database)
    yield made
    await made.close()


async def _pool(url: str) -> asyncpg.Pool:
    return await database.create_pool(url, toy.NAME, 8)


@pytest.fixture
async def working(pool: asyncpg.Pool) -> AsyncIterator[Lanes]:
    made = Lanes(pool, toy.NAME, toy.SHARDS, EVEN, Publisher(pool, FakeProducer(), toy.NAME, toy.SHARDS))
    serving = asyncio.create_task(made.serve())
    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_what_waits_shares_a_transaction(working: Lanes) -> None:
    async def stamp(tx: Tx[Any]) -> datetime:
        return tx.now

    stamps = await asyncio.gather(*(working.run(0, stamp) for _ in range(50)))
    assert len(set(stamps)) < 10


async def test_who_fails_fails_alone(working: Lanes, pool: asyncpg.Pool) -> None:
    async def tell(tx: Tx[Any]) -> str:
        tx.emit(toy.told("x"), case_id=case_in(0), cause=str(tx.now))
        return "done"

    async def fail(tx: Tx[Any]) -> str:
        tx.emit(toy.told("never"), case_id=case_in(0), cause="never")
        raise LookupError

    found = await asyncio.gather(*(working.run(0, job) for job in (tell, fail, tell)), return_exceptions=True)
    assert [found[0], found[2]] == ["done", "done"]
    assert isinstance(found[1], LookupError)
    assert await pool.fetchval("SELECT sum(size) FROM outbox") == 2


async def test_a_hot_shard_answers_busy_and_others_go_on(working: Lanes, pool: asyncpg.Pool) -> None:
    async def here(tx: Tx[Any]) -> int:
        return tx.shard

    async with pool.acquire() as holder, holder.transaction():
        await holder.fetchval("SELECT pg_advisory_xact_lock($1, 0)", _lock())
        waiting = [asyncio.create_task(working.run(0, here, wait_s=0.3)) for _ in range(20)]
        assert await working.run(1, here) == 1
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, Busy) for one in found)
    assert await working.run(0, here, wait_s=5) == 0


def _lock() -> int:
    return database.lock_class(toy.NAME)


async def test_a_failure_of_the_moment_is_tried_again(working: Lanes) -> None:
    tries: list[int] = []

    async def flaky(tx: Tx[Any]) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise asyncpg.DeadlockDetectedError
        return len(tries)

    assert await working.run(0, flaky, wait_s=5) == 3


async def test_what_is_counted_in_memory_is_counted_once(working: Lanes) -> None:
    counted: list[int] = []
    tries: list[int] = []

    async def count(tx: Tx[Any]) -> None:
        tries.append(1)
        tx.after_commit.append(lambda: counted.append(1))
        if len(tries) == 1:
            raise asyncpg.DeadlockDetectedError

    await working.run(0, count, wait_s=5)
    assert (len(tries), len(counted)) == (2, 1)


@dataclass(eq=False)
class _Record:
    """Work that fails when told to, as a record of a topic does; `parks` is its case."""

    parks: str | None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    size: int = 1
    rereads: bool = True

    async def apply(self, tx: Tx[Any]) -> None:
        if self.parks is not None:
            raise LookupError

    def split(self) -> Sequence[Work]:
        return (self,)

    async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
        return self.parks

    def succeed(self) -> None:
        self.done.set()

    def fail(self, error: BaseException) -> None:
        self.done.set()

    def expired(self) -> bool:
        return False


async def _do(working: Lanes, record: _Record) -> None:
    working.put(0, record)
    async with asyncio.timeout(10):
        await record.done.wait()


async def test_failing_cases_with_successes_between_stop_nothing(working: Lanes) -> None:
    """One bad case a week must not add up to a stopped shard."""
    for number in range(2 * lanes.FAILING_CASES_LIMIT):
        await _do(working, _Record(f"case {number}"))
        await _do(working, _Record(None))
    assert working.stopped() == []


async def test_a_tick_between_failing_cases_is_no_success(working: Lanes) -> None:
    async def nothing(tx: Tx[Any]) -> None:
        return None

    for number in range(lanes.FAILING_CASES_LIMIT):
        await _do(working, _Record(f"case {number}"))
        if number + 1 < lanes.FAILING_CASES_LIMIT:
            await working.run(0, nothing, wait_s=5)
    assert "5 cases failed in a row" in working.stopped()[0]


async def test_what_cannot_even_be_parked_stops_the_shard_and_says_so(working: Lanes) -> None:
    class Unparkable(_Record):
        async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
            raise KeyError("王先生")

    await _do(working, Unparkable("case"))
    assert "KeyError" in working.stopped()[0]
    assert "王" not in working.stopped()[0]


async def test_a_rescue_that_fails_for_the_moment_is_tried_again(working: Lanes, pool: asyncpg.Pool) -> None:
    tries: list[int] = []

    async def refuse(events: Any, tx: Tx[Any]) -> None:
        raise LookupError

    async def rescue(events: Any, tx: Tx[Any]) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise asyncpg.LockNotAvailableError

    table = Table({ActReceived.TYPE: refuse}, {ActReceived.TYPE: rescue}, None)
    key, value, headers = Feeder(None).record(case_in(0), "a")  # type: ignore[arg-type]
    told: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
    record = events_in.decode(ActReceived.TOPIC, 0, 0, key, headers, value, table)
    working.put(0, EventBatch([record], table, told.set_result))
    assert await asyncio.wait_for(told, 10) is None
    assert len(tries) == 2
    assert await pool.fetchval("SELECT count(*) FROM parked") == 0


@pytest.fixture
async def feeder(empty_kafka: servers.Broker) -> AsyncIterator[Feeder]:
    test_consume.toy_topics(empty_kafka.bootstrap)
    producer = KafkaProducer(empty_kafka.bootstrap)
    yield Feeder(producer)
    await producer.close()


async def test_five_cases_failing_in_a_row_stop_the_shard(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    """It is not five bad records, it is us: better stop than park a city."""
    await toy.provision(database)
    cases = [case_in(2, n) for n in range(8)]
    async with started(database, empty_kafka.bootstrap) as service:
        service.running.state.poison |= {str(n) for n in range(8)}
        for n, case in enumerate(cases):
            await feeder.send(case, feeder.record(case, str(n)))

        async def stopped() -> bool:
            return bool(service.running.plumbing.lanes.stopped())

        await until(stopped)
        assert "5 cases failed in a row" in service.running.plumbing.lanes.stopped()[0]
        assert (
            await service.pool.fetchval("SELECT count(DISTINCT case_id) FROM parked")
            == lanes.FAILING_CASES_LIMIT
        )


async def test_a_recreated_topic_stops_the_shard_instead_of_being_skipped_as_seen(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    case = case_in(0)
    await feeder.send(case, *(feeder.record(case, str(n)) for n in range(5)))
    async with started(database, empty_kafka.bootstrap) as service:
        await until(lambda: _applied(service, 5))
    empty_kafka.empty()
    test_consume.toy_topics(empty_kafka.bootstrap)
    await feeder.send(case, feeder.record(case, "new"))
    async with started(database, empty_kafka.bootstrap) as service:

        async def stopped() -> bool:
            return bool(service.running.plumbing.lanes.stopped())

        await until(stopped)
        assert any("topic recreated?" in why for why in service.running.plumbing.lanes.stopped())
        assert topics.SUBMISSIONS in service.running.plumbing.lanes.stopped()[0]
        assert "new" not in await service.applied()


async def _applied(service: toy.Toy, wanted: int) -> bool:
    return len(await service.applied()) >= wanted
