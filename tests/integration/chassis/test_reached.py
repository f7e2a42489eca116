"""How far a command topic has been read (delivery rule 8): never further than it was, whatever the sender and our host do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from confluent_kafka import Producer

from services.chassis import clock
from services.chassis.producer import KafkaProducer
from services.chassis.service import Asked
from services.contracts.ids import CaseId
from tests import servers, skewed
from tests.integration.chassis.test_inbox import ASKED, PARKS, ROADS, _acts, _service, ask, producer
from tests.integration.chassis.toy import Toy, case_in, started, until

__all__ = ["Asked", "producer"]
HOUR = 3600.0


def transaction(broker: servers.Broker, case: CaseId, *wishes: str) -> Producer:
    """One of a sender's own, begun and not ended."""
    sender = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": "parks"})
    sender.init_transactions(10)
    sender.begin_transaction()
    for wish in wishes:
        sender.produce(PARKS, orjson.dumps({"case": str(case), "do": wish}), partition=0)
    assert sender.flush(10) == 0
    return sender


def now(service: Toy) -> datetime:
    """The city's, which is the database's here."""
    told = service.running.plumbing.clock.told.now()
    return service.running.plumbing.clock.city(told or datetime.now(UTC))


async def reached_beyond(service: Toy, topic: str, at: datetime) -> None:
    async def beyond() -> bool:
        return service.running.plumbing.inbox_progress().get(topic, at) > at

    await until(beyond)


async def test_a_senders_transaction_ends_with_a_marker_and_the_topic_is_read_to_its_end(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker
) -> None:
    async with started(database, empty_kafka.bootstrap, ASKED, silence_limit_s=5) as service:
        await _service(service)
        transaction(empty_kafka, case_in(1), "in it").commit_transaction(10)
        await until(lambda: _acts(service, "in it"))
        await reached_beyond(service, PARKS, now(service))
        await reached_beyond(service, PARKS, now(service) + timedelta(seconds=5))
        assert not service.task.done(), "nothing to be read is no silence"


async def test_what_stands_behind_an_open_transaction_is_not_claimed_to_be_read(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker
) -> None:
    async with started(database, empty_kafka.bootstrap, ASKED, silence_limit_s=5) as service:
        await _service(service)
        await ask(producer, PARKS, case_in(1), "before")
        await until(lambda: _acts(service, "before"))
        held = transaction(empty_kafka, case_in(1), "given up")
        began = now(service)
        await ask(producer, PARKS, case_in(1), "behind")
        await reached_beyond(service, ROADS, began + timedelta(seconds=6))
        assert service.running.plumbing.inbox_progress()[PARKS] < began
        assert not service.task.done(), "nor is it a silence of ours"
        held.abort_transaction(10)
        await until(lambda: _acts(service, "before", "behind"))
        await reached_beyond(service, PARKS, began)
        assert not await _acts(service, "given up")


@contextmanager
def set_by(seconds: float) -> Iterator[None]:
    """This host's clock, ours and the libraries'."""
    true_time, true_now = time.time, clock.wall_now
    skewed.off_by(lambda: seconds)
    try:
        yield
    finally:
        time.time, clock.wall_now = true_time, true_now


@pytest.mark.parametrize("seconds", [HOUR, -60.0])
async def test_a_host_whose_clock_jumps_claims_no_more_and_no_less(
    producer: KafkaProducer, database: str, empty_kafka: servers.Broker, seconds: float
) -> None:
    async with started(database, empty_kafka.bootstrap, ASKED) as service:
        await _service(service)
        await ask(producer, PARKS, case_in(1), "before")
        await until(lambda: _acts(service, "before"))
        with set_by(seconds):
            jumped = datetime.now(UTC)
            service.running.plumbing.clock.told.hear(jumped)
            await reached_beyond(service, PARKS, service.running.plumbing.clock.city(jumped))
            assert service.running.plumbing.inbox_progress()[PARKS] <= now(service)
            assert abs(service.running.plumbing.clock.now() - now(service)) < timedelta(seconds=1)
