"""The Kafka producer, wrapped: nothing is called delivered that is not, and no error outlives its batch.

aiokafka's idempotent producer answers OutOfOrderSequenceNumber for ever after one refused batch, and its send and
stop may hang while the broker is away: here every error replaces the inner producer, and everything has a deadline.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.chassis import ending, metrics, telemetry
from services.chassis.access import OPEN, Access
from services.contracts.envelope import Headers

log = telemetry.logger("producer")
MAX_BATCH_BYTES = (
    900_000  # below the topics' max.message.bytes of 1 MiB, headers and framing counted by aiokafka
)
Record = tuple[bytes | None, bytes, Headers]


class Undelivered(Exception):
    """Not acknowledged in time, or refused. It may still land: sending the same event id again is safe."""


class TooLarge(Exception):
    """One record alone is above the limit; sending it again cannot help."""


class Producer(Protocol):
    """What the publisher needs; `chassis.testing.FakeProducer` is the other one."""

    async def ready(self) -> None:
        """A broker has answered. Raises Undelivered."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int: ...


class KafkaProducer:
    """Sends whole batches: a batch is acknowledged whole or not at all, so order survives every failure."""

    def __init__(self, bootstrap: str, access: Access = OPEN, deadline_s: float = 2.5) -> None:
        self._bootstrap, self._access, self._deadline_s = bootstrap, access, deadline_s
        self._inner: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Send the leading records that fit into one batch and wait for all replicas. Returns how many were sent.

        Raises Undelivered, or TooLarge when the very first record does not fit.
        """
        inner = await self._connected()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._send(inner, topic, partition, records)
        except (KafkaError, TimeoutError, OSError) as failed:
            await self._replace(inner)
            raise Undelivered(f"{topic}[{partition}]: {type(failed).__name__}") from failed

    async def _send(
        self, inner: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]
    ) -> int:
        builder = inner.create_batch()
        count = 0
        for key, value, headers in records:
            if builder.append(key=key, value=value, timestamp=None, headers=headers) is None:
                break
            count += 1
        if count == 0:
            raise TooLarge(f"{topic}: a record of {len(records[0][1])} bytes; the limit is {MAX_BATCH_BYTES}")
        builder.close()
        await (await inner.send_batch(builder, topic, partition=partition))
        return count

    async def ready(self) -> None:
        await self._connected()

    async def _connected(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._inner is None:
                inner = new_inner(self._bootstrap, self._access)
                try:
                    async with asyncio.timeout(self._deadline_s):
                        await inner.start()
                except (KafkaError, TimeoutError, OSError) as failed:
                    await ending.stop(inner.stop(), "producer", 1.0)
                    raise Undelivered(
                        f"no broker answers at {self._bootstrap}: {type(failed).__name__}"
                    ) from failed
                self._inner = inner
            return self._inner

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        if self._inner is broken:
            self._inner = None
            metrics.PRODUCERS_REPLACED.inc()
        await ending.stop(broken.stop(), "producer", 1.0)

    async def ping(self) -> str | None:
        """None when a broker answers for its metadata, else a reason; for readiness."""
        try:
            async with asyncio.timeout(1.0):
                await (await self._connected()).client.fetch_all_metadata()
        except (Undelivered, KafkaError, TimeoutError, OSError) as away:
            return f"Kafka does not answer at {self._bootstrap} ({type(away).__name__})"
        return None

    async def close(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            await ending.stop(inner.stop(), "producer", 1.0)


def new_inner(bootstrap: str, access: Access = OPEN) -> AIOKafkaProducer:
    """The one set of producer options. The defaults lose data (acks=1)."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, compression_type="zstd",
        linger_ms=0, max_batch_size=MAX_BATCH_BYTES, max_request_size=1_000_000, request_timeout_ms=2000,
        metadata_max_age_ms=60_000,
        **access.aiokafka(),
    )  # fmt: skip
