"""sla as a process has it: the log and the marks from a real broker, rungs back onto it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from services.chassis import database as databases
from services.chassis import http, run
from services.chassis.producer import KafkaProducer
from services.contracts import envelope as envelopes
from services.contracts import ids, topics
from services.contracts.envelope import Envelope, Position
from services.contracts.events import ShardMark, Watermark
from services.contracts.ids import EventId
from services.sla import state as states
from services.sla.service import SERVICE
from services.sla.settings import SlaSettings
from tests import servers
from tests.integration.chassis.toy import until
from tests.integration.sla import world
from tests.integration.sla.world import SHARDS, Line, case_in
from tests.unit.sla import sample

LONG_AGO = datetime.now(UTC) - timedelta(days=3)
WHOLE = ["clock.warned", "clock.warned", "clock.breached", "clock.escalated", "clock.escalated"]


@dataclass
class Log:
    """What the router would write."""

    producer: KafkaProducer
    numbers: dict[int, int] = field(default_factory=dict)

    async def write(self, *lines: Line) -> None:
        for case, event in lines:
            shard = ids.shard_of(case, SHARDS)
            number = self.numbers[shard] = self.numbers.get(shard, 0) + 1
            identity = EventId(ids.event_id(f"{case}{number}", event.TYPE, 0))
            envelope = Envelope(identity, "router", event.TYPE, event.at, case, str(case), "cause")
            headers = envelopes.to_headers(envelope) + envelopes.position_headers(
                Position("router", shard, number)
            )
            record = (str(case).encode(), event.model_dump_json().encode(), headers)
            await self.producer.send(topics.CASES, shard, [record])

    async def mark(self, state: states.State, at: datetime | None = None) -> None:
        """The log is whole up to `at`, or now."""
        now = at or datetime.now(UTC)
        assert state.departments is not None
        shards = {shard: ShardMark(number=self.numbers.get(shard, 0), at=now) for shard in range(SHARDS)}
        commands = dict.fromkeys(states.command_topics(state.departments.value), now)
        value = Watermark(shards=shards, commands=commands).model_dump_json().encode()
        await self.producer.send(topics.WATERMARKS, 0, [(None, value, [])])


@pytest.fixture
async def log(empty_kafka: servers.Broker) -> AsyncIterator[Log]:
    client = AdminClient({"bootstrap.servers": empty_kafka.bootstrap})
    wanted = [
        NewTopic(topics.CASES, SHARDS, 1),
        NewTopic(topics.CLOCKS, SHARDS, 1),
        NewTopic(topics.WATERMARKS, 1, 1),
    ]
    for made in client.create_topics(wanted, operation_timeout=30).values():
        made.result()
    producer = KafkaProducer(empty_kafka.bootstrap)
    yield Log(producer)
    await producer.close()


@asynccontextmanager
async def serving(url: str, bootstrap: str, **more: Any) -> AsyncIterator[states.State]:
    """One process of sla."""
    settings = SlaSettings(
        database_url=url, kafka_bootstrap=bootstrap, http_port=0, session_timeout_s=6,
        city_dir=world.ROOT / "deploy" / "city" / "pingshan", **more,
    )  # fmt: skip
    pool = await databases.create_pool(url, "sla", 8)
    running, consumer, producer = await run.boot(SERVICE, settings, pool)
    stop = asyncio.Event()
    life = run.Life(SERVICE, running, consumer, producer, stop, http.listen("127.0.0.1", 0))
    task = asyncio.create_task(life.live())
    try:
        yield running.state
    finally:
        stop.set()
        await task
        await producer.close()
        await pool.close()


async def on_topic(bootstrap: str) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of everything on suban.clocks.v1, shard by shard in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    places = [TopicPartition(topics.CLOCKS, shard) for shard in range(SHARDS)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    found: list[tuple[str, dict[str, Any]]] = []
    for place in places:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        while await consumer.position(place) < ends[place]:
            for record in (await consumer.getmany(place, timeout_ms=200)).get(place, []):
                found.append((dict(record.headers)["ce_type"].decode(), json.loads(record.value)))
    await consumer.stop()
    return found


async def test_rungs_come_back_on_the_topic_once_also_over_a_restart(
    log: Log, database: str, empty_kafka: servers.Broker
) -> None:
    await world.provision(database)
    cases = [case_in(shard) for shard in range(SHARDS)]
    await log.write(*((case, sample.registered(LONG_AGO)) for case in cases))

    async def told(many: int) -> bool:
        return len(await on_topic(empty_kafka.bootstrap)) >= many

    async with serving(database, empty_kafka.bootstrap):
        await until(lambda: told(SHARDS * 2))
    async with serving(database, empty_kafka.bootstrap) as state:

        async def fired() -> bool:
            await log.mark(state)
            return await told(SHARDS * 2 * 6)

        await until(fired)
        await log.write(*((case, sample.resolved(datetime.now(UTC), "a")) for case in cases))
        await until(lambda: told(SHARDS * 2 * 7))
    found = await on_topic(empty_kafka.bootstrap)
    assert len(found) == SHARDS * 2 * 7
    for clock_id in {data["clock_id"] for _, data in found}:
        mine = [(kind, data) for kind, data in found if data["clock_id"] == clock_id]
        assert [kind for kind, _ in mine] == ["clock.started", *WHOLE, "clock.stopped"]
        assert mine[-1][1]["outcome"] == "breached"
        assert not any(data.get("unconfirmed") for _, data in mine)


async def test_without_a_router_rungs_fire_unconfirmed_once_the_log_is_read(
    log: Log, database: str, empty_kafka: servers.Broker
) -> None:
    await world.provision(database)
    await log.write((case_in(0), sample.registered(LONG_AGO)))
    async with serving(database, empty_kafka.bootstrap, mark_patience_s=5):

        async def fired() -> bool:
            return len(await on_topic(empty_kafka.bootstrap)) == 12

        await until(fired, 30)
    rungs = [data for kind, data in await on_topic(empty_kafka.bootstrap) if kind != "clock.started"]
    assert all(data["unconfirmed"] for data in rungs)
