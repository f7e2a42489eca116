"""What topics and tables hold, read by plain code of its own: evidence, which knows nothing of how the services work.

Only headers and JSON as docs/events.md describes them, and tables by their columns.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

PREFIX = "suban."
UNWANTED = ("suban.watermarks.v1",)  # four marks a second that say nothing about a case
AT_ONCE = 2000
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic. `appended_at` is the broker's wall time."""

    topic: str
    partition: int
    offset: int
    appended_at: datetime
    headers: dict[str, str]
    value: bytes

    @property
    def id(self) -> str:
        return self.headers.get("ce_id", "")

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "")

    @property
    def case(self) -> str:
        return self.headers.get("ce_subject", "")

    @property
    def where(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.value)
        return found


Places = Mapping[tuple[str, int], int]  # (topic, partition) → offset


def topics(bootstrap: str, since: Places | None = None) -> Iterator[Record]:
    """Every record of every topic of ours that is there now, or those from `since` on; of one partition in order.

    Raises KafkaException.
    """
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "suban-ledger", "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "enable.partition.eof": True, "log_level": 0,
        "fetch.wait.max.ms": 50, "queued.max.messages.kbytes": 16384,
    })  # fmt: skip
    try:
        unread = _everything(consumer)
        consumer.assign([TopicPartition(*place, (since or {}).get(place, 0)) for place in unread])
        heard = time.monotonic()
        while unread:
            # consume() waits for all it was asked for: a short time-out, and patience of our own.
            messages = consumer.consume(AT_ONCE, timeout=0.05)
            heard = time.monotonic() if messages else heard
            if time.monotonic() - heard > PATIENCE_S:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            for message in messages:
                if (record := _read(message, unread)) is not None:
                    yield record
    finally:
        consumer.close()


def now(bootstrap: str) -> Places:
    """Where every partition of ours ends now: what comes later is read from there."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "suban-ledger", "log_level": 0})
    try:
        return {
            place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1]
            for place in _everything(consumer)
        }
    finally:
        consumer.close()


def _everything(consumer: Consumer) -> set[tuple[str, int]]:
    found = consumer.list_topics(timeout=PATIENCE_S).topics
    ours = (name for name in found if name.startswith(PREFIX) and name not in UNWANTED)
    return {(name, partition) for name in ours for partition in found[name].partitions}


def _read(message: Message, unread: set[tuple[str, int]]) -> Record | None:
    """None at a partition's end, which is noted; what came after it is a later look's business."""
    topic, partition = message.topic() or "", message.partition() or 0
    error = message.error()
    if error is not None:
        if error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        unread.discard((topic, partition))
        return None
    pairs: Any = message.headers() or ()
    headers = {name: raw.decode() for name, raw in pairs}
    appended_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
    return Record(topic, partition, message.offset() or 0, appended_at, headers, message.value() or b"")


@dataclass(frozen=True, slots=True)
class Row:
    """A case as the router's table has it."""

    state: str
    holder: str
    holder_is_desk: bool
    holder_reason: str | None


@dataclass(frozen=True, slots=True)
class Tables:
    """What the services' tables hold when they are read.

    `sent`: (case number, event, whom by what) → how often the local provider or the feed told them, where more than once.
    """

    journal: dict[str, str]
    cases: dict[str, Row]
    sent: dict[tuple[str, str, str], int]
    clocks: dict[str, int]
    parked: tuple[str, ...]


async def tables(url: str) -> Tables:
    """`url` is the superuser's, who sees all schemas."""
    conn = await asyncpg.connect(url, timeout=10)
    try:
        journal = {
            str(r["case_id"]): r["channel"]
            for r in await conn.fetch("SELECT case_id, channel FROM intake.journal")
        }
        cases = {
            str(row["case_id"]): Row(row["state"], row["holder"], row["holder_is_desk"], row["holder_reason"])
            for row in await conn.fetch(
                "SELECT case_id, state, holder, holder_is_desk, holder_reason FROM router.cases"
            )
        }
        sent = {(r["number"], r["event"], r["whom"]): r["times"] for r in await conn.fetch(SENT_TWICE)}
        clocks = {
            str(r["case_id"]): r["kinds"]
            for r in await conn.fetch("SELECT case_id, count(*) AS kinds FROM sla.clock GROUP BY 1")
        }
        parked = [
            str(r["case_id"])
            for schema in ("router", "sla", "notify")
            for r in await conn.fetch(f"SELECT DISTINCT case_id FROM {schema}.parked")
        ]
        return Tables(journal, cases, sent, clocks, tuple(parked))
    finally:
        await conn.close()


SENT_TWICE = """
SELECT number, event, concat_ws(' ', audience, medium, recipient) AS whom, count(*) AS times
FROM notify.outgoing GROUP BY number, event, audience, medium, recipient HAVING count(*) > 1
UNION ALL
SELECT number, event, 'feed ' || recipient, count(*) FROM notify.feed GROUP BY number, event, recipient HAVING count(*) > 1
"""
SERVICES = ("intake", "router", "sla", "notify")
WAITING = """
SELECT coalesce(sum(given.value::bigint - coalesce(c.published, 0)), 0)
     + (SELECT count(*) FROM {schema}.outbox WHERE first IS NULL) AS waiting
FROM {schema}.shard s CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN {schema}.outbox_cursor c ON c.topic = given.key AND c.shard = s.shard
"""


async def unfinished(url: str, promised: set[str]) -> str | None:
    """Why it is too early to judge, in words; None when everything that was promised has gone all the way.

    Only waits for what will come: what never comes is the ledger's to say, so whoever asks gives up at some time.
    """
    conn = await asyncpg.connect(url, timeout=10)
    try:
        waiting = {name: int(await conn.fetchval(WAITING.format(schema=name))) for name in SERVICES}
        known = {str(row["case_id"]) for row in await conn.fetch("SELECT case_id FROM router.cases")}
        timed = {str(row["case_id"]) for row in await conn.fetch("SELECT DISTINCT case_id FROM sla.clock")}
        told = await conn.fetchval("SELECT count(*) FROM notify.known_case")
        unsent = await conn.fetchval("SELECT count(*) FROM notify.notice WHERE state = 'claimed'")
    finally:
        await conn.close()
    if missing := len(promised - known):
        return f"{missing} promised requests are no cases yet"
    if missing := len(known - timed):
        return f"{missing} cases have no clocks yet"
    if told < len(known):
        return f"notify has not heard of {len(known) - told} cases"
    if unsent:
        return f"{unsent} notices are on their way"
    busy = {name: count for name, count in waiting.items() if count}
    return f"records wait for Kafka: {busy}" if busy else None


async def clock_base(url: str) -> dict[str, Any]:
    """The base of the city's clock, as it was provisioned: wall_base, city_base (ISO 8601), rate."""
    conn = await asyncpg.connect(url, timeout=10)
    try:
        found: dict[str, Any] = json.loads(
            await conn.fetchval("SELECT value::text FROM router.meta WHERE key = 'clock'")
        )
        return found
    finally:
        await conn.close()


# What time does goes on while repeats are read, by a timer or by a rung that asks: it is not counted.
EFFECTS = {
    "cases": "SELECT count(*) FROM router.cases", "clocks": "SELECT count(*) FROM sla.clock WHERE kind IN ('response', 'close')",
    "moves": "SELECT count(*) FROM router.move WHERE actor NOT IN ('timer', 'sla')",
    "replies": "SELECT count(*) FROM router.reply WHERE actor NOT IN ('timer', 'sla')",
    "told": "SELECT count(*) FROM notify.known_case", "requests": "SELECT count(*) FROM intake.journal",
}  # fmt: skip


async def effects(url: str) -> dict[str, int]:
    """How many rows there are of what only happens once: the same before and after nothing but repeats."""
    conn = await asyncpg.connect(url, timeout=10)
    try:
        return {name: int(await conn.fetchval(statement)) for name, statement in EFFECTS.items()}
    finally:
        await conn.close()


def taken(bootstrap: str) -> dict[tuple[str, str, int], int]:
    """(group, topic, partition) → the offset a service says it goes on at: a hint of theirs, two seconds late."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    groups = [f"suban-{service}" for service in SERVICES]
    asked = [
        admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group] for group in groups
    ]
    return {
        (group, place.topic, place.partition): place.offset
        for group, answer in zip(groups, asked, strict=True)
        for place in answer.result(timeout=10).topic_partitions
        if place.offset >= 0
    }


def ends(bootstrap: str) -> dict[tuple[str, str, int], int]:
    """The same places → where their partitions end now."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "suban-ledger", "log_level": 0})
    try:
        return {
            place: consumer.get_watermark_offsets(TopicPartition(*place[1:]), timeout=10)[1]
            for place in taken(bootstrap)
        }
    finally:
        consumer.close()
