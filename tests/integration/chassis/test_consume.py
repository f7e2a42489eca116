"""Delivery rules 1, 5, 9 and 10: repeats, gaps, poison, parking; on real Kafka and real Postgres."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest

from services.chassis.producer import KafkaProducer
from services.console import provision as topics_of
from services.contracts import topics
from tests import servers
from tests.integration.chassis import toy
from tests.integration.chassis.toy import Feeder, case_in, started, until


@pytest.fixture
async def feeder(empty_kafka: servers.Broker) -> AsyncIterator[Feeder]:
    toy_topics(empty_kafka.bootstrap)
    producer = KafkaProducer(empty_kafka.bootstrap)
    yield Feeder(producer)
    await producer.close()


def toy_topics(bootstrap: str, departments: Sequence[str] = ()) -> None:
    from confluent_kafka import admin

    rows = topics.concrete(departments)
    client = admin.AdminClient({"bootstrap.servers": bootstrap})
    made = client.create_topics(
        [topics_of._new(name, row, toy.SHARDS, 1) for name, row in rows], operation_timeout=30
    )
    for future in made.values():
        future.result()
    while not {name for name, _ in rows} <= client.list_topics(timeout=10).topics.keys():
        pass  # made, and not known to every thread of the broker yet


async def test_everything_is_applied_once_and_in_order(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    cases = [case_in(shard, n) for shard in range(4) for n in range(5)]
    for round_ in range(20):
        for case in cases:
            await feeder.send(case, feeder.record(case, f"{case.int}-{round_:03}"))
    async with started(database, empty_kafka.bootstrap) as service:
        await until(lambda: _count(service, 400))
        for case in cases:
            assert await service.applied_to(case) == [f"{case.int}-{n:03}" for n in range(20)]


async def test_a_repeat_is_dropped_even_at_another_offset(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    case = case_in(1)
    first, second = feeder.record(case, "a"), feeder.record(case, "b")
    await feeder.send(case, first, second, first, second, first, feeder.record(case, "c"))
    async with started(database, empty_kafka.bootstrap) as service:
        await until(lambda: _count(service, 3))
        assert await service.applied_to(case) == ["a", "b", "c"]


async def test_a_gap_stops_the_shard_and_no_other(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    broken, sound = case_in(0), case_in(1)
    await feeder.send(broken, feeder.record(broken, "1"), feeder.record(broken, "3", number=3))
    async with started(database, empty_kafka.bootstrap) as service:

        async def stopped() -> bool:
            return bool(service.running.plumbing.lanes.stopped())

        await until(stopped)
        await feeder.send(sound, feeder.record(sound, "x"))
        await until(lambda: _has(service, "x"))
        assert "number 2 is missing" in service.running.plumbing.lanes.stopped()[0]
        assert "3" not in await service.applied()


async def test_poison_parks_its_case_and_others_go_on(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    bad, good = case_in(2, 0), case_in(2, 1)
    await feeder.send(bad, feeder.record(bad, "bad-1", value=b"{"), feeder.record(good, "good-1"),
                      feeder.record(bad, "bad-2"), feeder.record(good, "good-2"))  # fmt: skip
    async with started(database, empty_kafka.bootstrap) as service:
        await until(lambda: _count(service, 2))
        await feeder.send(bad, feeder.record(bad, "bad-3"), feeder.record(good, "good-3"))
        await until(lambda: _count(service, 3))
        assert await service.applied_to(good) == ["good-1", "good-2", "good-3"]
        assert await service.pool.fetchval("SELECT count(*) FROM parked WHERE case_id = $1", bad) == 3


async def test_a_parked_case_comes_back_in_order(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    case = case_in(3)
    async with started(database, empty_kafka.bootstrap) as service:
        service.running.state.poison.add("1")
        await feeder.send(case, *(feeder.record(case, str(n)) for n in range(1, 5)))
        await until(lambda: _parked(service, 4))
        assert await service.applied_to(case) == []
        service.running.state.poison.clear()
        await service.pool.execute("UPDATE parked SET retry = true")
        await until(lambda: _count(service, 4))
        assert await service.applied_to(case) == ["1", "2", "3", "4"]
        assert await service.pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_no_readable_key_is_a_dead_letter(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    case = case_in(0)
    await feeder.producer.send(topics.SUBMISSIONS, 0, [(b"?", b"what is this", [])])
    await feeder.send(case, feeder.record(case, "after"))
    async with started(database, empty_kafka.bootstrap) as service:
        await until(lambda: _has(service, "after"))
        letter = await service.pool.fetchrow("SELECT * FROM dead_letter")
        assert letter is not None
        assert (letter["topic"], letter["offset"]) == (topics.SUBMISSIONS, 0)
        assert "ce_id" in letter["reason"]


async def test_a_restart_goes_on_where_it_was(
    feeder: Feeder, database: str, empty_kafka: servers.Broker
) -> None:
    await toy.provision(database)
    case = case_in(0)
    for name in ("one", "two", "three"):
        await feeder.send(case, feeder.record(case, name))
        async with started(database, empty_kafka.bootstrap) as service:
            await until(partial(_has, service, name))
    async with started(database, empty_kafka.bootstrap) as service:
        assert await service.applied_to(case) == ["one", "two", "three"]


async def _count(service: toy.Toy, wanted: int) -> bool:
    return len(await service.applied()) >= wanted


async def _has(service: toy.Toy, act: str) -> bool:
    return act in await service.applied()


async def _parked(service: toy.Toy, wanted: int) -> bool:
    return bool(await service.pool.fetchval("SELECT count(*) FROM parked") == wanted)
