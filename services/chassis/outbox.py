"""From a commit to Kafka, in number order, each record at least once (delivery rules 4 and 6; ADR 0022).

What a transaction wrote is handed over in memory when it has committed, and sent from there. The store is read only
when memory has a hole: after a restart, a failure, too much at once, or what another process left behind.

The cursor stands per (topic, shard): a topic that refuses holds up nobody else. Two publishers at once would only
make repeats; a try-lock makes that rare where the store is read.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import asyncpg

from services.chassis import backlog, clock, database, metrics, numbering, rounds, telemetry, transaction
from services.chassis.access import OPEN, Access
from services.chassis.backlog import Restored
from services.chassis.cursors import Cursors, Place
from services.chassis.failure import Nature, ShardStopped, nature
from services.chassis.numbering import Unnumbered
from services.chassis.packed import Outgoing, Written
from services.chassis.producer import Producer, Record, TooLarge, Undelivered
from services.contracts import topics
from services.contracts.envelope import Position, position_headers
from services.contracts.topics import Partitions

__all__ = ["Publisher", "Restored", "append_late", "partition_of", "verify"]

SQL = database.SQL
log = telemetry.logger("outbox")
CHUNK = 500
IN_MEMORY = 5_000
SWEEP_S = 1.0
REFUSING_S = 2.0
BUSY_S, AWAY_S = 0.02, 0.5
BACKOFF_S = (0.1, 0.2, 0.5, 1.0)


async def append_late(
    conn: database.Connection, rows: Sequence[tuple[str, int, Outgoing]]
) -> list[Unnumbered]:
    """Write records (topic, shard, records) without numbers, in a transaction that does not hold the shard's lock
    (delivery rule 11). Returns what the publisher must be told after the commit.
    """
    ids = await transaction.append(conn, [(topic, shard, None, out) for topic, shard, out in rows])
    return [Unnumbered(row, *given) for row, given in zip(ids, rows, strict=True)]


async def verify(pool: asyncpg.Pool, bootstrap: str, service: str, access: Access = OPEN) -> None:
    """As `backlog.verify`."""
    await backlog.verify(pool, bootstrap, service, partition_of, access)


@dataclass(slots=True)
class Shard:
    """What one shard has to send. `look`: memory has a hole, the store knows. `refusing`: topics set aside. `lost`:
    what comes next is not kept any more, so nothing is sent."""

    number: int
    look: bool = True
    fresh: list[Written] = field(default_factory=list)
    held: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    refusing: set[str] = field(default_factory=set)
    lost: bool = False
    at_work: bool = False

    def offer(self, written: Sequence[Written]) -> None:
        self.held += sum(len(one.records) for one in written)
        if self.held > IN_MEMORY:
            self.forget()
        else:
            self.fresh += written
        self.woken.set()

    def take(self) -> list[Written]:
        taken, self.fresh, self.held = self.fresh, [], 0
        return taken

    def forget(self) -> None:
        """It is all in the store."""
        self.take()
        self.look = True


class Publisher:
    """One loop a shard. A sweep each second finds what a dead process left.

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
        self._rest_s = (
            0.0 if numbers_late else every_s
        )  # rounds that give numbers set the pace of the shards too
        self._shards = [Shard(number) for number in range(shards)]
        self._cursors = Cursors()
        self._unnumbered: list[Unnumbered] = []
        self._late = asyncio.Event()
        self._orphans = True
        self._waiting = 0
        self._standing: dict[Place, int] = {}
        # Each holds a connection until Kafka answers: with Kafka away they must leave some to everybody else.
        self._at_once = asyncio.Semaphore(max(1, pool.get_max_size() // 2))
        self.stop_shard = _unheard

    def offer(self, shard: int, written: Sequence[Written]) -> None:
        """What a transaction on this shard has just committed."""
        if written:
            self._shards[shard].offer(written)

    def offer_late(self, rows: Sequence[Unnumbered]) -> None:
        """What was committed without numbers."""
        self._unnumbered += rows
        self._late.set()

    def waiting(self) -> int:
        """Records committed and not on Kafka, as of the last sweep."""
        return self._waiting

    def settled(self) -> bool:
        """Whether all that was offered is on Kafka; what another process left in the store is not asked for."""
        return not self._unnumbered and not any(one.fresh or one.look or one.at_work for one in self._shards)

    async def run(self) -> None:
        """Until cancelled. Failures are waited out: what is in the outbox is safe there."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep())
            group.create_task(self._retry_refusing())
            if self._numbers_late:
                group.create_task(self._number())
            for shard in self._shards:
                group.create_task(self._serve(shard))

    async def drain(self) -> None:
        """Publish what is left, once, and write down how far; for the end of a process."""
        if self._numbers_late:
            await self._give_numbers()
        for shard in self._shards:
            await self._attempt(shard)
        await self._cursors.keep(self._pool, range(len(self._shards)))

    async def _serve(self, shard: Shard) -> None:
        failures = 0
        while not shard.lost:
            shard.woken.clear()
            began = clock.monotonic()
            if await self._attempt(shard):
                failures = 0
                await asyncio.sleep(began + self._rest_s - clock.monotonic())
                await shard.woken.wait()
            else:
                await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                failures += 1

    async def _number(self) -> None:
        """All shards in one transaction a round; a shard that was busy gets its numbers in the next."""
        while True:
            await self._late.wait()
            self._late.clear()
            began = clock.monotonic()
            pause = await self._give_numbers()
            await asyncio.sleep(max(pause, began + self._every_s - clock.monotonic()))

    async def _give_numbers(self) -> float:
        """Seconds to wait before the next round."""
        waiting, self._unnumbered = self._unnumbered, []
        orphans, self._orphans = self._orphans, False
        shards = self._all() if orphans else {row.shard for row in waiting}
        try:
            found = await numbering.give(self._pool, self._service, shards, waiting, orphans)
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("outbox.store_away", error=type(failed).__name__)
            self._orphans = orphans
            self.offer_late(waiting)
            return AWAY_S
        for shard, written in found.written.items():
            self.offer(shard, written)
        for shard in found.unknown:
            self._look(shard)
        if found.busy:
            self.offer_late([row for row in waiting if row.shard in found.busy])
        return BUSY_S if found.busy else 0.0

    def _all(self) -> set[int]:
        return {shard.number for shard in self._shards}

    def _look(self, shard: int) -> None:
        self._shards[shard].look = True
        self._shards[shard].woken.set()

    async def _sweep(self) -> None:
        await rounds.every(SWEEP_S, "outbox", self._look_around)

    async def _look_around(self) -> None:
        """Write the cursors down. What has been waiting since the last time at the same place is nobody's: take it."""
        rows = await self._pool.fetch(SQL["waiting_to_publish"])
        standing = {(row["topic"], row["shard"]): row["published"] for row in rows}
        self._cursors.learn({place: number for place, number in standing.items() if place[0]})
        await self._cursors.keep(self._pool, range(len(self._shards)))
        self._waiting = sum(
            max(0, row["waiting"] - self._cursors.of((row["topic"], row["shard"])) + row["published"])
            if row["topic"] else row["waiting"]
            for row in rows
        )  # fmt: skip
        metrics.OUTBOX_WAITING.set(self._waiting)
        for place, number in standing.items():
            if self._standing.get(place) == number and self._cursors.of(place) <= number:
                self._orphaned(place)
        self._standing = standing

    def _orphaned(self, place: Place) -> None:
        topic, shard = place
        if topic:
            self._look(shard)
        else:
            self._orphans = True
            self._late.set()

    async def _retry_refusing(self) -> None:
        """Topics that alone refuse (a department's that is not provisioned yet) are tried beside the others."""
        while True:
            await asyncio.sleep(REFUSING_S)
            for shard in self._shards:
                if shard.refusing:
                    await self._attempt_refusing(shard, frozenset(shard.refusing))

    async def _attempt_refusing(self, shard: Shard, refusing: frozenset[str]) -> None:
        try:
            async with self._pool.acquire() as conn:
                waiting = await backlog.read(conn, self._cursors, shard.number, [], 1)
            for written in waiting.written:
                if written.topic in refusing:
                    await self._send(shard, written.topic, [written])
                    shard.refusing.discard(written.topic)
            self._look(shard.number)
        except ShardStopped as stopped:
            self._lose(shard, stopped)
        except Exception as failed:
            if not isinstance(failed, Undelivered) and nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("outbox.topic_refuses", topics=sorted(refusing), shard=shard.number)

    async def _attempt(self, shard: Shard) -> bool:
        """One round; False when there is reason to come back by oneself."""
        if shard.lost:
            return True
        shard.at_work = True
        try:
            return await self._publish(shard)
        except Undelivered as failed:
            metrics.PUBLISH_FAILED.inc()
            log.warning("outbox.undelivered", what=str(failed), shard=shard.number)
        except ShardStopped as stopped:
            self._lose(shard, stopped)
            return True
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("outbox.store_away", error=type(failed).__name__, shard=shard.number)
        finally:
            shard.at_work = False
        shard.forget()
        return False

    def _lose(self, shard: Shard, stopped: ShardStopped) -> None:
        shard.lost = True
        shard.refusing.clear()
        self.stop_shard(shard.number, str(stopped))

    async def publish(self, shard: int) -> bool:
        """Publish what the shard has waiting in the store. True when nothing is left, False when another publisher is at it.

        Raises Undelivered after everything that could be published is; the cursor of the failed topic stays.
        """
        if self._numbers_late:
            self._orphans = True
            await self._give_numbers()
        self._shards[shard].look = True
        return await self._publish(self._shards[shard])

    async def _publish(self, shard: Shard) -> bool:
        """First what memory holds; where that has a hole, what the store holds."""
        while True:
            if shard.look:
                shard.take()
                done = await self._from_store(shard)
                if done is not True:
                    return done is None
            elif fresh := shard.take():
                if failed := await self._send_all(shard, fresh):
                    raise failed
            else:
                return True

    async def _from_store(self, shard: Shard) -> bool | None:
        """One transaction's worth. None: nothing to do; False: somebody else is at it; True: go on."""
        await self._producer.ready()
        async with self._at_once, self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval(
                SQL["try_publishing"], database.lock_class(f"{self._service} publishes"), shard.number
            ):
                return False
            shard.look = False
            waiting = await backlog.read(conn, self._cursors, shard.number, sorted(shard.refusing))
            failed = await self._send_all(shard, waiting.written)
            await self._cursors.keep(conn, [shard.number])
        if failed:
            raise failed
        shard.look = shard.look or waiting.more
        return True

    async def _send_all(self, shard: Shard, written: Sequence[Written]) -> BaseException | None:
        """Every topic by itself. Returns what went wrong, after everything that could be sent is."""
        by_topic: dict[str, list[Written]] = {}
        for one in written:
            if one.topic not in shard.refusing:
                by_topic.setdefault(one.topic, []).append(one)
        ends = await asyncio.gather(
            *(self._send(shard, topic, some) for topic, some in by_topic.items()), return_exceptions=True
        )
        return _judged(shard, dict(zip(by_topic, ends, strict=True)))

    async def _send(self, shard: Shard, topic: str, written: Sequence[Written]) -> bool:
        """In number order, chunk by chunk. True when something was sent; a hole makes the shard look into the store."""
        place = topic, shard.number
        records: list[tuple[int, Record]] = []
        for one in written:
            after = records[-1][0] if records else self._cursors.of(place)
            if one.first > after + 1:
                shard.look = True
                break
            records += self._records(shard, one, after)
        sent = False
        while records:
            count = await self._chunk(topic, shard, [record for _, record in records[:CHUNK]])
            self._cursors.advance(place, records[count - 1][0])
            records, sent = records[count:], True
        return sent

    async def _chunk(self, topic: str, shard: Shard, records: Sequence[Record]) -> int:
        try:
            sent = await self._producer.send(topic, partition_of(topic, shard.number), records)
        except TooLarge as hopeless:
            log.error("outbox.too_large", topic=topic, shard=shard.number)
            raise Undelivered(str(hopeless)) from hopeless
        metrics.PUBLISHED.labels(metrics.topic_kind(topic)).inc(sent)
        return sent

    def _records(self, shard: Shard, written: Written, after: int) -> list[tuple[int, Record]]:
        """With their numbers, above `after`."""
        skipped, out = max(0, after + 1 - written.first), written.records
        found: list[tuple[int, Record]] = []
        *ours, (name, _) = position_headers(Position(self._service, shard.number, 0))
        for place in range(skipped, len(out)):
            number = written.first + place
            headers = [*out.headers_of(place), *ours, (name, b"%d" % number)]
            found.append((number, (out.keys[place], out.values[place], headers)))
        return found


def _unheard(shard: int, why: str) -> None:
    """Until somebody listens."""
    log.error("outbox.shard_stopped", shard=shard, reason=why)


def _judged(shard: Shard, ends: dict[str, bool | BaseException]) -> BaseException | None:
    """A topic that failed while another was acknowledged refuses by itself: it is set aside."""
    any_done = any(end is True for end in ends.values())
    for topic, end in ends.items():
        if isinstance(end, Undelivered) and any_done:
            shard.refusing.add(topic)
        elif isinstance(end, BaseException):
            return end
    return None


def partition_of(topic: str, shard: int) -> int:
    """The shard itself on topics kept by case, 0 on those of one partition."""
    row = next((row for row in topics.TOPICS if row.name == topic), None)
    return shard if row is not None and row.partitions is Partitions.BY_CASE else 0
