"""From the outbox to Kafka, in number order, each record at least once (delivery rules 4 and 6).

The cursor stands per (topic, shard): a topic that refuses holds up nobody else. Two publishers at once would only
make repeats; a try-lock makes that rare.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from services.chassis import clock, database, metrics, tails, telemetry, transaction
from services.chassis.access import OPEN, Access
from services.chassis.failure import Nature, ShardStopped, nature
from services.chassis.producer import Producer, Record, TooLarge, Undelivered
from services.contracts import topics
from services.contracts.envelope import Position, position_headers
from services.contracts.topics import Partitions

SQL = database.SQL
log = telemetry.logger("outbox")
CHUNK = 500
ROWS = 50
SWEEP_S = 1.0
REFUSING_S = 2.0
BACKOFF_S = (0.1, 0.2, 0.5, 1.0)


class Restored(Exception):
    """Kafka and the store do not belong together; only a person can say which one is right."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """One outbox record with its number."""

    number: int
    key: bytes
    headers: bytes
    value: bytes


async def append_late(conn: database.Connection, topic: str, shard: int, out: transaction.Outgoing) -> None:
    """Write records without numbers, in a transaction that does not hold the shard's lock (delivery rule 11)."""
    await transaction.append(conn, topic, shard, None, out)


class Publisher:
    """One loop a shard. `wake(shard)` after a commit; a sweep each second finds what a dead process left.

    `stop_shard` is told of a shard of which records are lost: nothing more of it is published, the others go on.
    """

    stop_shard: Callable[[int, str], None]

    def __init__(
        self,
        pool: asyncpg.Pool,
        producer: Producer,
        service: str,
        shards: int,
        *,
        numbers_late: bool = False,
        every_s: float = 0.0,
    ) -> None:
        self._pool, self._producer, self._service = pool, producer, service
        self._numbers_late, self._every_s = numbers_late, every_s
        self._woken = {shard: asyncio.Event() for shard in range(shards)}
        self._waiting = 0
        # Each holds a connection until Kafka answers: with Kafka away they must leave some to everybody else.
        self._at_once = asyncio.Semaphore(max(1, pool.get_max_size() // 2))
        self._refusing: dict[int, set[str]] = {shard: set() for shard in range(shards)}
        self._lost: set[int] = set()
        self.stop_shard = _unheard

    def wake(self, shard: int) -> None:
        if shard in self._woken:
            self._woken[shard].set()

    def waiting(self) -> int:
        """Records committed and not on Kafka, as of the last sweep."""
        return self._waiting

    async def run(self) -> None:
        """Until cancelled. Failures are waited out: what is in the outbox is safe there."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep())
            group.create_task(self._retry_refusing())
            for shard in self._woken:
                group.create_task(self._serve(shard))

    async def drain(self) -> None:
        """Publish what is left, once; for the end of a process."""
        for shard in self._woken:
            await self._attempt(shard)

    async def _serve(self, shard: int) -> None:
        failures = 0
        while True:
            self._woken[shard].clear()
            began = clock.monotonic()
            if await self._attempt(shard):
                failures = 0
                await asyncio.sleep(began + self._every_s - clock.monotonic())
                await self._woken[shard].wait()
            else:
                await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                failures += 1

    async def _sweep(self) -> None:
        while True:
            try:
                self._waiting = int(await self._pool.fetchval(SQL["waiting_to_publish"]))
                metrics.OUTBOX_WAITING.set(self._waiting)
            except Exception as failed:
                if nature(failed) is not Nature.TRANSIENT:
                    raise
            if self._waiting:
                for shard in self._woken:
                    self.wake(shard)
            await asyncio.sleep(SWEEP_S)

    async def _retry_refusing(self) -> None:
        """Topics that alone refuse (a department's that is not provisioned yet) are tried beside the others."""
        while True:
            await asyncio.sleep(REFUSING_S)
            for shard, refusing in self._refusing.items():
                if refusing:
                    await self._attempt_refusing(shard, frozenset(refusing))

    async def _attempt_refusing(self, shard: int, topics_: frozenset[str]) -> None:
        try:
            async with self._pool.acquire() as conn:
                by_topic = group(await conn.fetch(SQL["next_to_publish"], shard, 1, []))
            for topic in topics_ & by_topic.keys():
                await self._producer.send(topic, partition_of(topic, shard),
                                          [self._record(by_topic[topic][0], shard)])  # fmt: skip
                self._refusing[shard].discard(topic)
            self.wake(shard)
        except ShardStopped as stopped:
            self._lose(shard, stopped)
        except Exception as failed:
            if not isinstance(failed, Undelivered | TooLarge) and nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("outbox.topic_refuses", topics=sorted(topics_), shard=shard)

    async def _attempt(self, shard: int) -> bool:
        """One round; False when there is reason to come back by oneself."""
        if shard in self._lost:
            return True
        try:
            return await self.publish(shard)
        except ShardStopped as stopped:
            self._lose(shard, stopped)
            return True
        except Undelivered as failed:
            metrics.PUBLISH_FAILED.inc()
            log.warning("outbox.undelivered", what=str(failed), shard=shard)
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("outbox.store_away", error=type(failed).__name__, shard=shard)
        return False

    def _lose(self, shard: int, stopped: ShardStopped) -> None:
        self._lost.add(shard)
        self._refusing[shard].clear()
        self.stop_shard(shard, str(stopped))

    async def publish(self, shard: int) -> bool:
        """Publish what the shard has waiting. True when nothing is left, False when another publisher is at it.

        Raises Undelivered after everything that could be published is; the cursor of the failed topic stays. Raises
        ShardStopped when records of it are lost.
        """
        if self._numbers_late and not await self._give_numbers(shard):
            return False
        while True:
            more = await self._publish_some(shard)
            if more is not True:
                return more is None

    async def _publish_some(self, shard: int) -> bool | None:
        """One transaction's worth. None: nothing left; False: somebody else is at it; True: there may be more."""
        async with self._at_once, self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval(
                SQL["try_publishing"], database.lock_class(f"{self._service} publishes"), shard
            ):
                return False
            rows = await conn.fetch(SQL["next_to_publish"], shard, ROWS, list(self._refusing[shard]))
            by_topic = group(rows)
            if not by_topic:
                return None
            ends = await asyncio.gather(
                *(self._send(topic, shard, records) for topic, records in by_topic.items()),
                return_exceptions=True,
            )
            done = {topic: end for topic, end in zip(by_topic, ends, strict=True) if isinstance(end, int)}
            await conn.execute(SQL["set_published"], shard, list(done), list(done.values()))
        self._judge(shard, dict(zip(by_topic, ends, strict=True)), bool(done))
        return None if everything(rows, done) else True

    def _judge(self, shard: int, ends: dict[str, int | BaseException], any_done: bool) -> None:
        """A topic that failed while another was acknowledged refuses by itself: it is set aside. Else raise."""
        for topic, end in ends.items():
            if isinstance(end, Undelivered) and any_done:
                self._refusing[shard].add(topic)
            elif isinstance(end, BaseException):
                raise end

    async def _give_numbers(self, shard: int) -> bool:
        """Number what was written without the shard's lock (delivery rule 11), under it."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval(SQL["has_unnumbered"], shard):
                return True
            if not await conn.fetchval(SQL["try_lock"], database.lock_class(self._service), shard):
                return False
            given: dict[str, int] = {}
            for row in await conn.fetch(SQL["give_numbers"], shard):
                given[row["topic"]] = max(row["last"], given.get(row["topic"], 0))
            await conn.execute(SQL["set_numbers"], shard, given)
        return True

    async def _send(self, topic: str, shard: int, numbered: Sequence[Numbered]) -> int:
        """Send one chunk in number order; returns the last number that Kafka has."""
        records = [self._record(record, shard) for record in numbered]
        try:
            sent = await self._producer.send(topic, partition_of(topic, shard), records)
        except TooLarge as hopeless:
            log.error("outbox.too_large", topic=topic, offset=numbered[0].number)
            raise Undelivered(str(hopeless)) from hopeless
        metrics.PUBLISHED.labels(metrics.topic_kind(topic)).inc(sent)
        return numbered[sent - 1].number

    def _record(self, record: Numbered, shard: int) -> Record:
        place = position_headers(Position(self._service, shard, record.number))
        return record.key, record.value, transaction.unpack_headers(record.headers) + place


def _unheard(shard: int, why: str) -> None:
    log.error("outbox.lost", shard=shard, reason=why)


def group(rows: Sequence[asyncpg.Record]) -> dict[str, list[Numbered]]:
    """Rows of several topics, in order, as at most CHUNK single records a topic above its cursor."""
    by_topic: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        by_topic.setdefault(row["topic"], []).append(row)
    return {topic: unpack(some, some[0]["published"])[:CHUNK] for topic, some in by_topic.items()}


def everything(rows: Sequence[asyncpg.Record], done: Mapping[str, int]) -> bool:
    """Whether `done` (topic → last number sent) covers what was waiting, so that no look for more is needed."""
    held = Counter(row["topic"] for row in rows)
    last = {
        row["topic"]: row["first"] + row["size"] - 1 for row in rows
    }  # rows are in order: the last one stays
    return all(held[topic] < ROWS and done.get(topic) == number for topic, number in last.items())


def partition_of(topic: str, shard: int) -> int:
    """The shard itself on topics kept by case, 0 on those of one partition."""
    row = next((row for row in topics.TOPICS if row.name == topic), None)
    return shard if row is not None and row.partitions is Partitions.BY_CASE else 0


def unpack(rows: Sequence[asyncpg.Record], after: int) -> list[Numbered]:
    """Packed rows as single records with a number above `after`. Raises ShardStopped when numbers are not contiguous."""
    found = [
        Numbered(row["first"] + place, *parts)
        for row in rows
        for place, parts in enumerate(zip(row["keys"], row["headers"], row["values"], strict=True))
        if row["first"] + place > after
    ]
    if found and found[0].number != after + 1:
        raise ShardStopped(f"outbox: number {after + 1} is not kept any more, {found[0].number} is the next")
    return found


async def verify(pool: asyncpg.Pool, bootstrap: str, service: str, access: Access = OPEN) -> None:
    """Compare each topic's last number with ours, before anything is published (delivery rule 6).

    Behind: the cursor goes back and the rows kept are published again. Ahead: raises Restored. Waits for a broker.
    """
    rows = await pool.fetch(SQL["given_and_published"])
    given = {(row["topic"], row["shard"]): row["last"] for row in rows}
    published = {(row["topic"], row["shard"]): row["published"] for row in rows}
    on_kafka = await tails.last_numbers(bootstrap, service, given, partition_of, access)
    for place, last in on_kafka.items():
        if last > given[place]:
            raise Restored(f"{place[0]} shard {place[1]} has number {last} on Kafka, the store gave out {given[place]}: "
                           "the database is older than the topic. Restore a newer one, or provision anew")  # fmt: skip
        if last < published[place]:
            await _publish_again(pool, *place, last)


async def _publish_again(pool: asyncpg.Pool, topic: str, shard: int, last: int) -> None:
    oldest = await pool.fetchval(SQL["oldest_kept"], topic, shard)
    if oldest is None or oldest > last + 1:
        raise Restored(f"{topic} shard {shard} ends at number {last} on Kafka and the outbox keeps from {oldest}: "
                       "records in between are lost; restore the topic from a replica")  # fmt: skip
    log.warning("outbox.published_again", topic=topic, shard=shard, offset=last)
    await pool.execute(SQL["set_published"], shard, [topic], [last])
