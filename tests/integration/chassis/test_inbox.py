"""Delivery rules 7 and 9 for requests by topic: what raises is parked and answered; on real Kafka and real Postgres."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.chassis import watermark
from services.chassis.failure import ShardStopped
from services.chassis.producer import KafkaProducer
from services.chassis.service import Asked, Inbox
from services.chassis.testing import FakeProducer
from services.chassis.transaction import Tx
from services.contracts import ids, topics
from services.contracts.events import Watermark
from services.contracts.ids import CaseId
from services.router import execute
from tests import servers
from tests.integration.chassis import test_consume, toy
from tests.integration.chassis.toy import Toy, case_in, started, until

PARKS, ROADS = topics.commands("parks"), topics.commands("roads")
DO = "INSERT INTO applied (event_id, case_id, act, at) VALUES ($1, $2, $3, $4)"


async def on_requests(asked: Sequence[Asked], tx: Tx[toy.State]) -> None:
    """What the test named raises; `stop` stops the shard."""
    for one in asked:
        wish = orjson.loads(one.body)
        if wish["do"] in tx.state.poison:
            raise ShardStopped("told to stop") if wish["do"] == "stop" else LookupError
        await tx.conn.execute(
            DO, ids.derive(one.topic, str(one.offset)), wish["case"], wish["do"], one.appended_at
        )


async def set_aside(asked: Sequence[Asked], raised: bool, tx: Tx[toy.State]) -> None:
    for one in asked:
        row = (one.actor, orjson.loads(one.body)["do"], raised)
        await tx.conn.execute("INSERT INTO told (actor, act, raised) VALUES ($1, $2, $3)", *row)
        if "deaf" in tx.state.poison:
            raise LookupError


ASKED = replace(
    toy.TOY,
    inbox=Inbox(lambda _: (PARKS, ROADS), lambda topic: topics.actor_of(topic) or "", execute.case_in, on_requests,
                set_aside),
)  # fmt: skip


@pytest.fixture
async def producer(empty_kafka: servers.Broker, database: str) -> AsyncIterator[KafkaProducer]:
    test_consume.toy_topics(empty_kafka.bootstrap, ("parks", "roads"))
    await toy.provision(database)
    made = KafkaProducer(empty_kafka.bootstrap)
    yield made
    await made.close()


async def ask(producer: KafkaProducer, topic: str, case: CaseId, *wishes: str) -> None:
    for wish in wishes:
        body = orjson.dumps({"case": str(case), "do": wish})
        assert await producer.send(topic, 0, [(b"any", body, [])]) == 1


async def _service(service: Toy) -> None:
    await service.pool.execute("CREATE TABLE IF NOT EXISTS told (actor text, act text, raised boolean)")


async def _acts(service: Toy, *wanted: str) -> bool:
    return set(wanted) <= set(await service.applied())


async def _parked(service: Toy, many: int) -> bool:
    return bool(await service.pool.fetchval("SELECT count(*) FROM parked") == many)


async def _told(service: Toy) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await service.pool.fetch("SELECT actor, act, raised FROM told")]


async def test_a_request_that_raises_is_answered_and_comes_back_as_of_when_it_came(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker
) -> None:
    bad, good = case_in(1, 0), case_in(1, 1)
    async with started(database, empty_kafka.bootstrap, ASKED) as service:
        await _service(service)
        service.running.state.poison.add("break")
        await ask(producer, PARKS, bad, "break")
        await until(lambda: _parked(service, 1))
        await ask(producer, ROADS, bad, "behind")
        await ask(producer, PARKS, good, "other")
        await until(lambda: _acts(service, "other"))
        await until(lambda: _parked(service, 2))
        assert await _told(service) == [("parks", "break", True), ("roads", "behind", False)]
        assert await service.pool.fetchval("SELECT count(*) FROM dead_letter") == 0
        mended = datetime.now(UTC)
        service.running.state.poison.clear()
        await service.pool.execute("UPDATE parked SET retry = true")
        await until(lambda: _acts(service, "break", "behind"))
        assert await service.applied_to(bad) == ["break", "behind"]
        assert await service.pool.fetchval("SELECT max(at) FROM applied WHERE case_id = $1", bad) < mended
        assert await _parked(service, 0)


async def test_what_cannot_even_be_answered_is_parked_all_the_same(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker
) -> None:
    async with started(database, empty_kafka.bootstrap, ASKED) as service:
        await _service(service)
        service.running.state.poison |= {"break", "deaf"}
        await ask(producer, PARKS, case_in(1), "break")
        await ask(producer, PARKS, case_in(1, 1), "other")
        await until(lambda: _acts(service, "other"))
        assert await _parked(service, 1)
        assert await _told(service) == []


async def test_requests_that_all_raise_stop_the_shard(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker
) -> None:
    async with started(database, empty_kafka.bootstrap, ASKED) as service:
        await _service(service)
        service.running.state.poison.add("break")
        for number in range(6):
            await ask(producer, PARKS, case_in(2, number), "break")
        await until(lambda: _stopped(service))
        assert "5 cases failed in a row" in service.running.plumbing.lanes.stopped()[0]


async def test_a_stopped_shard_holds_up_no_other_and_goes_on_after_a_restart(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker
) -> None:
    """One topic has requests of all shards: what it has reached is said for the others, and the place it is read from
    again stays before what the stopped one has left undone."""
    sick, sound = case_in(0), case_in(1)
    async with started(database, empty_kafka.bootstrap, ASKED) as service:
        await _service(service)
        service.running.state.poison.add("stop")
        await ask(producer, PARKS, sound, "first")
        await ask(producer, PARKS, sick, "stop", "after")
        await until(lambda: _stopped(service))
        asked_at = service.running.plumbing.clock.city(datetime.now(UTC))
        await ask(producer, PARKS, sound, "second")
        await until(lambda: _acts(service, "first", "second"))
        mark = await _mark_beyond(service, PARKS, asked_at)
        assert sorted(mark.shards) == [1, 2, 3]
        assert not await _acts(service, "after")
    async with started(database, empty_kafka.bootstrap, ASKED) as service:
        await until(lambda: _acts(service, "stop", "after"))
        await until(lambda: _read_to(service, PARKS, 4))
        assert await service.applied_to(sick) == ["stop", "after"]
        assert await service.applied_to(sound) == ["first", "second"], "read again, and dropped as repeats"
        mark = await _mark_beyond(service, PARKS, asked_at)
        assert sorted(mark.shards) == [0, 1, 2, 3]


async def _mark_beyond(service: Toy, topic: str, at: datetime) -> Watermark:
    """The first mark that says this of the topic."""
    plumbing, said = service.running.plumbing, FakeProducer()
    plumbing.producer = said
    sent = said.sent.setdefault((topics.WATERMARKS, 0), [])

    async def beyond() -> bool:
        await watermark.publish(plumbing)
        return Watermark.model_validate_json(sent[-1][1]).commands.get(topic, at) > at

    await until(beyond)
    return Watermark.model_validate_json(sent[-1][1])


async def _read_to(service: Toy, topic: str, offset: int) -> bool:
    """The place to go on from is stored each two seconds."""
    place = "SELECT next_offset FROM inbox_cursor WHERE topic = $1"
    return bool(await service.pool.fetchval(place, topic) == offset)


async def _stopped(service: Toy) -> bool:
    return bool(service.running.plumbing.lanes.stopped())
