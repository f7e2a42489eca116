"""Delivery rule 8, both sides: marks read under shared locks, sent through Kafka, and believed by sla."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from services.chassis import clock, follow, transaction, watermark
from services.chassis import database as databases
from services.chassis.clock import CityClock
from services.chassis.lanes import Lanes
from services.chassis.outbox import Publisher
from services.chassis.producer import KafkaProducer, Producer, Record
from services.chassis.service import Plumbing
from services.contracts import topics
from services.contracts.events import Watermark
from services.sla.marks import Marks
from services.sla.settings import SlaSettings
from tests import servers
from tests.integration.chassis.toy import until
from tests.integration.sla import world
from tests.integration.sla.world import SHARDS, case_in
from tests.unit.sla import sample

BASE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Router:
    """What a router writes to its shards, and what it says of them."""

    pool: asyncpg.Pool
    clock: CityClock = field(default_factory=lambda: clock.same(BASE))
    written: list[tuple[int, datetime]] = field(default_factory=list)

    async def write(self, shard: int) -> None:
        async with transaction.begin(self.pool, "router", shard, self.clock, None) as tx:
            tx.emit(sample.registered(), case_id=case_in(shard), cause=str(len(self.written)))
            at = tx.now
        self.written.append((tx.row.numbers[topics.CASES], at))

    async def mark(self, reached: Mapping[str, datetime] | None = None) -> Watermark:
        return await watermark.read(self.pool, "router", range(SHARDS), self.clock, reached or {})

    def plumbing(
        self, producer: Producer, lanes: Lanes | None, reached: Mapping[str, datetime] | None = None
    ) -> Plumbing:
        return cast(Plumbing, SimpleNamespace(
            name="router", pool=self.pool, shards=SHARDS, clock=self.clock, producer=producer,
            lanes=lanes or SimpleNamespace(stopped_shards=frozenset),
            inbox_progress=lambda: reached or {},
        ))  # fmt: skip


@dataclass
class FakeProducer:
    """Keeps what it is given."""

    sent: list[Record] = field(default_factory=list)

    async def ready(self) -> None:
        return None

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        self.sent += records
        return len(records)


@pytest.fixture
async def router(database: str) -> AsyncIterator[Router]:
    await world.provision(database, "router")
    pool = await databases.create_pool(database, "router", 6)
    yield Router(pool)
    await pool.close()


async def test_a_mark_names_every_free_shard(router: Router) -> None:
    await router.write(2)
    mark = await router.mark({"suban.commands.a.v1": BASE})
    assert {shard: said.number for shard, said in mark.shards.items()} == {0: 0, 1: 0, 2: 1, 3: 0}
    assert mark.shards[2].at > router.written[0][1]
    assert mark.commands == {"suban.commands.a.v1": BASE}


async def test_a_shard_being_written_is_skipped(router: Router) -> None:
    async with transaction.begin(router.pool, "router", 1, router.clock, None) as tx:
        tx.emit(sample.registered(), case_id=case_in(1), cause="c")
        assert set((await router.mark()).shards) == {0, 2, 3}
    assert (await router.mark()).shards[1].number == 1


async def test_a_writer_waits_for_no_mark_longer_than_it_takes(router: Router) -> None:
    for _ in range(20):
        await asyncio.gather(router.write(0), router.mark(), router.write(0))
    assert len(router.written) == 40


async def test_what_is_written_later_is_later_than_the_mark(router: Router) -> None:
    """The whole claim: beyond the mark's number nothing is older than the mark's time."""
    marks: list[Watermark] = []

    async def write() -> None:
        for _ in range(100):
            await router.write(0)
            await asyncio.sleep(0)

    async def mark() -> None:
        while len(router.written) < 200:
            marks.append(await router.mark())
            async with transaction.begin(router.pool, "router", 0, router.clock, None) as tx:
                marks.append(await watermark.committed(tx))

    await asyncio.gather(write(), write(), mark())
    said = [mark.shards[0] for mark in marks if 0 in mark.shards]
    assert len(said) > 5
    for one in said:
        assert all(at > one.at for number, at in router.written if number > one.number)
        assert all(at <= one.at for number, at in router.written if number <= one.number)


async def test_a_shard_at_work_says_it_in_its_own_next_transaction(router: Router) -> None:
    producer = FakeProducer()
    publisher = Publisher(router.pool, producer, "router", SHARDS)
    lanes = Lanes(router.pool, "router", SHARDS, router.clock, publisher)
    serving = asyncio.create_task(lanes.serve())
    await router.write(1)

    async def at_work() -> bool:
        return lanes.lanes[1].busy

    async with transaction.begin(router.pool, "router", 1, router.clock, None):
        publishing = asyncio.create_task(watermark.publish(router.plumbing(producer, lanes)))
        await until(at_work)
    await publishing
    serving.cancel()
    mark = Watermark.model_validate_json(producer.sent[0][1])
    assert {shard: said.number for shard, said in mark.shards.items()} == {0: 0, 1: 1, 2: 0, 3: 0}


async def test_a_clock_set_back_makes_no_mark_older(router: Router) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=3)
    await router.pool.execute("UPDATE shard SET last_wall = $1 WHERE shard = 0", ahead)
    assert (await router.mark()).shards[0].at == router.clock.city(ahead)


async def test_parked_cases_are_named(router: Router) -> None:
    case = case_in(1)
    await router.pool.execute("INSERT INTO parked (case_id, shard, topic, \"offset\", headers, value, reason, parked_at)"
                              " VALUES ($1, 1, 't', 1, '', '', 'r', now())", case)  # fmt: skip
    assert (await router.mark()).parked == ()
    await router.pool.execute("UPDATE shard SET parked = 1 WHERE shard = 1")
    assert (await router.mark()).parked == (str(case),)


async def test_marks_reach_sla_through_kafka(
    router: Router, empty_kafka: servers.Broker, database: str
) -> None:
    client = AdminClient({"bootstrap.servers": empty_kafka.bootstrap})
    made = client.create_topics([NewTopic(topics.WATERMARKS, 1, 1)], operation_timeout=30)
    made[topics.WATERMARKS].result()
    topic = topics.commands("a")
    marks = Marks([topic])
    producer = KafkaProducer(empty_kafka.bootstrap)
    plumbing = router.plumbing(producer, None, {topic: BASE + timedelta(days=1)})
    settings = SlaSettings(database_url=database, kafka_bootstrap=empty_kafka.bootstrap)
    following = asyncio.create_task(
        follow.follow(settings, topics.WATERMARKS, lambda raw: marks.feed(Watermark.model_validate_json(raw)))
    )
    await router.write(0)
    async with asyncio.timeout(20):
        while marks.watermark(0, 1) is None:
            await watermark.publish(plumbing)
            await asyncio.sleep(0.1)
    assert marks.watermark(0, 1) == BASE + timedelta(days=1)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await producer.close()
