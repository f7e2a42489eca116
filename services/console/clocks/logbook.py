"""A shard's records of ours on one topic, from the first that is kept, each number once and in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis import clock, ending
from services.chassis.access import Access
from services.contracts import envelope as envelopes
from services.contracts import events
from services.contracts.envelope import Envelope
from services.contracts.events import Event

PATIENCE_S = 15.0
E = TypeVar("E", bound=Event)


class BadLog(ValueError):
    """The topic does not hold what is needed of it; the message says what to do."""


@dataclass(slots=True)
class Logbook:
    """`number`: the last that was read; `first`: the first that is kept, None while nothing was read."""

    consumer: AIOKafkaConsumer
    place: TopicPartition
    number: int = 0
    first: int | None = None

    async def upto(self, last: int) -> AsyncIterator[tuple[int, Envelope, Event | None]]:
        """(number, envelope, data) of everything after what was read, up to `last`; no data of types we do not know.

        Raises BadLog when a number is missing, or `last` does not come.
        """
        heard = clock.monotonic()
        while self.number < last:
            if clock.monotonic() - heard > PATIENCE_S:
                raise BadLog(f"{self._name}: number {last} is not on the topic, the last is {self.number}: is the writer's "
                             "outbox stuck? See `python -m services check`.")  # fmt: skip
            polled = await self.consumer.getmany(self.place, timeout_ms=200, max_records=1000)
            for record in polled.get(self.place, []):
                heard = clock.monotonic()
                headers = [(name, value or b"") for name, value in record.headers]
                position = envelopes.read_position(headers)
                if position is None or position.number <= self.number:
                    continue  # a repeat
                if position.number > last:
                    self.consumer.seek(self.place, record.offset)
                    return
                self._follows(position.number)
                envelope = envelopes.read_headers(headers)
                kind = events.EVENTS.get(envelope.type)
                yield position.number, envelope, kind.model_validate_json(record.value) if kind else None

    def _follows(self, number: int) -> None:
        if self.first is None:
            self.first = number
        elif number != self.number + 1:
            raise BadLog(f"{self._name}: after number {self.number} comes {number}: records are missing. See "
                         "SubanShardStopped in docs/operations.md.")  # fmt: skip
        self.number = number

    @property
    def _name(self) -> str:
        return f"{self.place.topic}[{self.place.partition}]"


@asynccontextmanager
async def opened(bootstrap: str, access: Access, topic: str, shard: int) -> AsyncIterator[Logbook]:
    """Outside any group. Raises BadLog when no broker answers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest",
                                isolation_level="read_committed", **access.aiokafka())  # fmt: skip
    place = TopicPartition(topic, shard)
    try:
        try:
            await consumer.start()
            consumer.assign([place])
            await consumer.seek_to_beginning(place)
        except (KafkaError, OSError) as away:
            raise BadLog(f"no broker answers at {bootstrap} ({type(away).__name__})") from away
        yield Logbook(consumer, place)
    finally:
        await ending.stop(consumer.stop(), "consumer", 3.0)
