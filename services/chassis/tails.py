"""The ends of topics: which number of ours stands last on Kafka. Read once, when a service starts."""

import asyncio
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis import ending, telemetry
from services.chassis.access import OPEN, Access
from services.contracts import envelope as envelopes
from services.contracts.envelope import Headers, NotAnEnvelope, Position

log = telemetry.logger("tails")
TAIL = 200  # records read back: several shards write into a department's one partition
Place = tuple[str, int]


async def last_numbers(
    bootstrap: str,
    service: str,
    given: Mapping[Place, int],
    partition_of: Callable[[str, int], int],
    access: Access = OPEN,
) -> dict[Place, int]:
    """(topic, shard) → last number of `service` on Kafka; left out where the tail does not tell. Waits for a broker."""
    if not given:
        return {}
    places = {place: TopicPartition(place[0], partition_of(*place)) for place in given}
    while True:
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest",
                                    isolation_level="read_committed", **access.aiokafka())  # fmt: skip
        try:
            await consumer.start()
            return await _read(consumer, service, places)
        except (KafkaError, OSError, TimeoutError) as away:
            log.warning("tails.again", error=type(away).__name__)
            await asyncio.sleep(1.0)
        finally:
            await ending.stop(consumer.stop(), "tails", 3.0)


async def _read(
    consumer: AIOKafkaConsumer, service: str, places: Mapping[Place, TopicPartition]
) -> dict[Place, int]:
    on_broker = await consumer.topics()
    partitions = [tp for tp in set(places.values()) if tp.topic in on_broker]
    known = set(partitions)
    first = await consumer.beginning_offsets(partitions)
    end = await consumer.end_offsets(partitions)
    waiting = {tp for tp in partitions if end[tp] > first[tp]}
    found = {place: 0 for place, tp in places.items() if tp in known and end[tp] == 0}
    if not waiting:
        return found
    consumer.assign(list(waiting))
    for tp in waiting:
        consumer.seek(tp, max(first[tp], end[tp] - TAIL))
    while waiting:
        async with asyncio.timeout(10):
            polled = await consumer.getmany(timeout_ms=500)
        for tp, records in polled.items():
            for record in records:
                position = _position(record.headers)
                if position is not None and position.source == service:
                    place = (tp.topic, position.shard)
                    found[place] = max(position.number, found.get(place, 0))
        waiting -= {tp for tp in waiting if await consumer.position(tp) >= end[tp]}
    return {place: number for place, number in found.items() if place in places}


def _position(headers: Headers) -> Position | None:
    """None for what is not ours, or cannot be read: whoever reads the topic will say so."""
    try:
        return envelopes.read_position(headers)
    except NotAnEnvelope:
        return None
