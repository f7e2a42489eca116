"""Reading Kafka: positions are ours, stored with the effects; Kafka's commits are only a hint (delivery rule 5).

The listener only sets a flag: aiokafka may hand records of a new assignment out before it is told, and a lock held
across getmany deadlocks it. Records of a partition we have not placed ourselves are dropped and read again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata

from services.chassis import clock as clocks
from services.chassis import database, ending, metrics, telemetry
from services.chassis.events_in import Table
from services.chassis.failure import Nature, nature
from services.chassis.handover import HandOver
from services.chassis.lanes import Lanes
from services.chassis.places import Place
from services.chassis.service import Inbox
from services.chassis.settings import ServiceSettings

SQL = database.SQL
log = telemetry.logger("consume")
POLL_MS = 200
COMMIT_EVERY_S = 2.0
WATCH_EVERY_S = 1.0
FRESH, NOTHING = timedelta(seconds=2), timedelta(0)
GATHER_S, GATHER_BYTES = 0.1, 262_144


class Silent(Exception):
    """Behind, and no record for too long: the process leaves and its supervisor starts another (ground: aiokafka)."""


@dataclass(slots=True)
class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    changed: Callable[[], None]

    def on_partitions_revoked(self, revoked: Any) -> None:
        self.changed()

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.changed()


class Consumer:
    """One group member: event topics (partition = shard) and inbox topics (one partition each)."""

    def __init__(
        self,
        settings: ServiceSettings,
        service: str,
        event_topics: Sequence[str],
        inbox: Inbox | None,
        inbox_topics: Callable[[], Sequence[str]],
        table: Table,
        lanes: Lanes,
        pool: asyncpg.Pool,
        shards: int,
        every_s: float = 0.0,
    ) -> None:
        self._settings, self._service, self._every_s = settings, service, every_s
        self._event_topics = frozenset(event_topics)
        self._handing = HandOver(lanes, table, inbox, settings.batch_size, self._back)
        self._list_inbox, self._inbox_topics = inbox_topics, frozenset(inbox_topics())
        self._lanes, self._pool, self._shards = lanes, pool, shards
        self._places: dict[TopicPartition, Place] = {}
        self._progress: dict[str, datetime] = {}
        self._newest: dict[str, datetime] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._last_record = self._last_commit = self._last_watch = clocks.monotonic()
        self._draining = False

    async def run(self) -> None:
        """Until cancelled. Raises Silent when the watchdog finds it dead."""
        consumer = await self._start()
        try:
            while not self._draining:
                began = clocks.monotonic()
                if await self._round(consumer) < self._settings.batch_size:
                    await asyncio.sleep(began + self._every_s - clocks.monotonic())
        finally:
            self._consumer = None
            await ending.stop(consumer.stop(), "consumer", 3.0)

    def drain(self) -> None:
        """Hand nothing more to the lanes."""
        self._draining = True

    def owned(self) -> set[int]:
        """Shards whose event partitions this process reads now."""
        return {
            tp.partition
            for tp in self._places
            if tp.topic in self._event_topics and tp.partition < self._shards
        }

    def at_end(self, shard: int) -> bool:
        """At the end of the shard's log by a fetch that succeeded lately, and nothing of it is in work."""
        places = [tp for tp in self._places if tp.topic in self._event_topics and tp.partition == shard]
        return bool(places) and all(
            self._caught_up(tp) and self._places[tp].done >= self._places[tp].next for tp in places
        )

    def inbox_progress(self) -> Mapping[str, datetime]:
        """For each inbox topic read here: the city instant up to which everything appended has been executed."""
        margin = timedelta(seconds=self._settings.append_margin_s)
        for tp, place in self._places.items():
            if tp.topic not in self._inbox_topics:
                continue
            reached = place.executed_at
            if not place.pending and self._caught_up(tp):
                reached = self._fetched_at(tp) or reached
            if reached is not None:
                at = self._lanes.clock.city(reached - margin)
                self._progress[tp.topic] = max(at, self._progress.get(tp.topic, at))
        return {topic: at for topic, at in self._progress.items() if TopicPartition(topic, 0) in self._places}

    async def _start(self) -> AIOKafkaConsumer:
        while True:
            consumer = self._new()
            try:
                await consumer.start()
            except (KafkaError, OSError) as away:
                await ending.stop(consumer.stop(), "consumer", 3.0)
                log.warning("consume.broker_away", error=type(away).__name__)
                await asyncio.sleep(1.0)
                continue
            self._subscribe(consumer)
            self._consumer = consumer
            return consumer

    def _subscribe(self, consumer: AIOKafkaConsumer) -> None:
        wanted = list(self._event_topics | self._inbox_topics)
        consumer.subscribe(topics=wanted, listener=_Listener(self._places.clear))

    def _follow_city(self, consumer: AIOKafkaConsumer) -> None:
        """A department added by a reload: its commands are read from now on (delivery rule 7)."""
        listed = frozenset(self._list_inbox())
        if listed != self._inbox_topics:
            log.info("consume.inbox_changed", added=sorted(listed - self._inbox_topics))
            self._inbox_topics = listed
            self._subscribe(consumer)

    def _new(self) -> AIOKafkaConsumer:
        timeout_ms = int(self._settings.session_timeout_s * 1000)
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap, group_id=f"suban-{self._service}",
            enable_auto_commit=False, auto_offset_reset="none", isolation_level="read_committed",
            session_timeout_ms=timeout_ms, heartbeat_interval_ms=timeout_ms // 4, rebalance_timeout_ms=timeout_ms,
            max_partition_fetch_bytes=2_097_152, metadata_max_age_ms=30_000,
            **self._waiting(), **self._settings.access.aiokafka(),
        )  # fmt: skip

    def _waiting(self) -> dict[str, int]:
        """How long a fetch waits at the broker. Who reads seldom lets records gather there: each answer costs both."""
        if self._every_s < GATHER_S:
            return {"fetch_max_wait_ms": 500}
        return {"fetch_max_wait_ms": int(1000 * self._every_s), "fetch_min_bytes": GATHER_BYTES}

    async def _round(self, consumer: AIOKafkaConsumer) -> int:
        """One poll, handed over. Returns how many records it brought."""
        try:
            await self._place(consumer)
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=4 * self._settings.batch_size)
        except NoOffsetForPartitionError:
            return 0  # not placed yet: the next round places it
        except OffsetOutOfRangeError as lost:
            self._out_of_range(lost)
            return 0
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("consume.again", error=type(failed).__name__)
            await asyncio.sleep(0.5)
            return 0
        self._hand_over({tp: records for tp, records in polled.items() if tp in self._places})
        await self._pass_markers(consumer)
        self._regulate(consumer)
        await self._commit(consumer)
        if clocks.monotonic() - self._last_watch >= WATCH_EVERY_S:
            self._last_watch = clocks.monotonic()
            self._watch(consumer)
        return sum(map(len, polled.values()))

    async def _place(self, consumer: AIOKafkaConsumer) -> None:
        """Seek every partition we were given to where our own store says."""
        fresh = [tp for tp in consumer.assignment() if tp not in self._places]
        if not fresh:
            return
        stored = await self._stored()
        starts = await consumer.beginning_offsets(fresh)
        ends = await consumer.end_offsets(fresh)
        for tp in fresh:
            if tp not in consumer.assignment():
                return
            start = self._position(tp, stored.get(tp), starts[tp], ends[tp])
            if start is not None:
                consumer.seek(tp, start)
            self._places[tp] = Place(next=start or 0, done=start or 0, paused=start is None)
            if start is None:
                consumer.pause(tp)

    def _position(self, tp: TopicPartition, stored: int | None, first: int, end: int) -> int | None:
        """Where to go on; None when this partition must not be read."""
        if tp.topic in self._event_topics and tp.partition >= self._shards:
            metrics.SHARDS_STOPPED.labels(tp.partition).set(1)
            log.error("consume.partition_beyond_shards", topic=tp.topic, partition=tp.partition)
            return None
        if stored is None:
            return first
        if first <= stored <= end:
            return stored
        why = f"{tp.topic}[{tp.partition}]: offset {stored} is next, the broker has {first} to {end}: topic recreated?"
        self._refuse(tp, why)
        return None

    def _refuse(self, tp: TopicPartition, why: str) -> None:
        shards = range(self._shards) if tp.topic in self._inbox_topics else [tp.partition]
        for shard in shards:
            self._lanes.lanes[shard].stop(why)

    async def _stored(self) -> dict[TopicPartition, int]:
        """The next offset of every partition we have read before."""
        next_offsets = {
            TopicPartition(topic, row["shard"]): offset + 1
            for row in await self._pool.fetch(SQL["stored_offsets"])
            for topic, offset in row["offsets"].items()
            if topic in self._event_topics
        }
        for row in await self._pool.fetch(SQL["inbox_positions"]):
            next_offsets[TopicPartition(row["topic"], 0)] = row["next_offset"]
        return next_offsets

    def _out_of_range(self, lost: OffsetOutOfRangeError) -> None:
        for tp, offset in lost.args[0].items():
            self._refuse(tp, f"{tp.topic}[{tp.partition}]: offset {offset} is not on the broker any more")
            if tp in self._places:
                self._places[tp].paused = True
            if self._consumer is not None and tp in self._consumer.assignment():
                self._consumer.pause(tp)  # or every poll raises the same again

    def _hand_over(self, polled: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        requests: dict[TopicPartition, Sequence[ConsumerRecord]] = {}
        for tp, records in polled.items():
            fresh = self._fresh(tp, records)
            if fresh and tp.topic in self._inbox_topics:
                requests[tp] = fresh
            elif fresh:
                self._handing.events(tp, self._places[tp], fresh)
        if requests:
            self._handing.requests(requests, self._places)

    def _fresh(self, tp: TopicPartition, records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord]:
        """What has not been handed over since we last went to this place."""
        place = self._places[tp]
        self._last_record = clocks.monotonic()
        fresh = [record for record in records if record.offset >= place.next and not place.paused]
        if fresh:
            place.next = fresh[-1].offset + 1
            taken_at = datetime.fromtimestamp(fresh[-1].timestamp / 1000, UTC)
            self._newest[metrics.topic_kind(tp.topic)] = taken_at
        return fresh

    async def _pass_markers(self, consumer: AIOKafkaConsumer) -> None:
        """Where a sender's transaction ends the broker writes a marker: an offset that no record of ours has."""
        ours = consumer.assignment()
        for tp, place in list(self._places.items()):
            if tp not in ours or place.paused or (consumer.highwater(tp) or 0) <= place.next:
                continue
            at_rest = place.done == place.next and not place.pending
            place.next = max(place.next, await consumer.position(tp))
            place.done = place.next if at_rest else place.done

    def _back(self, tp: TopicPartition) -> None:
        """Read again from what was applied; nothing to do when the partition is not ours any more."""
        consumer, place = self._consumer, self._places.get(tp)
        if consumer is not None and place is not None and tp in consumer.assignment():
            place.next = place.done
            consumer.seek(tp, place.done)

    def _regulate(self, consumer: AIOKafkaConsumer) -> None:
        """Hold a partition back while its lane is full: what waits in memory is bounded."""
        limit = 4 * self._settings.batch_size
        ours, paused = consumer.assignment(), consumer.paused()  # asked once: each looks at every partition
        for tp, place in self._places.items():
            if tp not in ours:
                continue
            if tp.topic in self._inbox_topics:
                full = len(place.pending) > 20
            else:
                full = self._lanes.lanes[tp.partition % self._shards].queued() > limit
            if (full or place.paused) and tp not in paused:
                consumer.pause(tp)
            elif not full and not place.paused and tp in paused:
                consumer.resume(tp)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Store inbox positions; tell Kafka ours as a hint, for the tools that show lag."""
        if clocks.monotonic() - self._last_commit < COMMIT_EVERY_S:
            return
        self._last_commit = clocks.monotonic()
        self._follow_city(consumer)
        moved = {tp: place for tp, place in self._places.items() if place.done != place.told}
        inbox = [(tp.topic, place.done) for tp, place in moved.items() if tp.topic in self._inbox_topics]
        try:
            if inbox:
                await self._pool.execute(SQL["advance_inbox"], *map(list, zip(*inbox, strict=True)))
            for place in moved.values():
                place.told = place.done
            held = {
                tp: OffsetAndMetadata(p.done, "") for tp, p in moved.items() if tp in consumer.assignment()
            }
            if held:
                async with asyncio.timeout(2.0):
                    await consumer.commit(held)
        except (CommitFailedError, KafkaError, TimeoutError) as missed:
            log.info("consume.hint_missed", error=type(missed).__name__)
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("consume.positions_not_stored", error=type(failed).__name__)

    def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Metrics of lag, and the watchdog against a consumer that went silent."""
        lags: dict[str, int] = {}
        for tp, place in self._places.items():
            end = consumer.highwater(tp) if tp in consumer.assignment() else None
            kind = metrics.topic_kind(tp.topic)
            lags[kind] = lags.get(kind, 0) + max(0, (end or 0) - place.done)
        for kind, lag in lags.items():
            metrics.LAG_RECORDS.labels(kind).set(lag)
            metrics.LAG_SECONDS.labels(kind).set(self._age(kind) if lag else 0.0)
            if not lag:
                self._newest.pop(kind, None)
        behind = any(self._behind(consumer, tp, place) for tp, place in self._places.items())
        if not behind:
            self._last_record = clocks.monotonic()
        elif clocks.monotonic() - self._last_record > self._settings.silence_limit_s:
            raise Silent(f"behind, and no record for {self._settings.silence_limit_s:.0f} s")

    def _age(self, kind: str) -> float:
        """Wall seconds since the broker took the newest record we have of these topics."""
        newest = self._newest.get(kind)
        return (clocks.wall_now() - newest).total_seconds() if newest else 0.0

    def _behind(self, consumer: AIOKafkaConsumer, tp: TopicPartition, place: Place) -> bool:
        """There is something to be read: not what stands behind a transaction that its sender has not ended."""
        if place.paused or tp not in consumer.assignment() or tp in consumer.paused():
            return False
        return (consumer.last_stable_offset(tp) or 0) > place.next

    def _caught_up(self, tp: TopicPartition) -> bool:
        consumer = self._consumer
        if consumer is None or self._since_fetch(tp) is None:
            return False
        end = consumer.highwater(tp)
        return end is not None and self._places[tp].next >= end

    def _fetched_at(self, tp: TopicPartition) -> datetime | None:
        """When the broker's last answer for this partition came, as Postgres tells the time."""
        now, since = self._lanes.clock.told.now(), self._since_fetch(tp)
        return now - since if now is not None and since is not None else None

    def _since_fetch(self, tp: TopicPartition) -> timedelta | None:
        """How long ago it came; None when that is too long, or when this host's clock was set meanwhile."""
        consumer = self._consumer
        if consumer is None or tp not in consumer.assignment():
            return None
        stamp = consumer.last_poll_timestamp(tp)
        since = clocks.wall_now() - datetime.fromtimestamp((stamp or 0) / 1000, UTC)
        return since if NOTHING <= since < FRESH else None
