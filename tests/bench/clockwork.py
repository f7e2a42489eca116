"""What the clocks' bench puts around a running sla: open clocks by the million, the router's marks, eyes on the topic."""

import threading
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import asyncpg
import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from services.chassis import database
from services.contracts import envelope as envelopes
from services.contracts import ids, topics
from services.contracts.envelope import Envelope, Position
from services.contracts.events import ShardMark, Watermark
from services.contracts.ids import CaseId
from services.contracts.plans import Close, Plan, Response
from services.sla import store
from tests.unit.sla import sample

SHARDS = 4
MONTH, HALF = timedelta(days=30), timedelta(days=15)
EVERY_S = 0.25
RUNGS = (b"clock.warned", b"clock.breached", b"clock.escalated")

FILL = """
INSERT INTO clock (clock_id, case_id, plan, started_at, due_at, next_rung_at, shard, rung, holder_is_desk, kind, number,
                   holder, category, area)
SELECT gen_random_uuid(), case_id, $1, started_at, started_at + $2::interval, started_at + $2::interval / 2,
       get_byte(uuid_send(case_id), 15) % $3::int, 0, false, CASE WHEN n % 2 = 0 THEN 'close' ELSE 'response' END,
       '20261123-' || lpad(n::text, 9, '0'), 'unit-' || n % 46, '市容环卫/占道经营', 'pingshan/biling'
FROM (SELECT n, gen_random_uuid() AS case_id, $4::timestamptz + n * $5::interval AS started_at
      FROM generate_series(1, $6::int) AS n) AS one
"""


def promise() -> Plan:
    """A month for everything: the first rung falls due after half of it, the second nine days later."""
    changed = {"response": Response(target=MONTH), "close": Close(target=MONTH), "name": "bench"}
    return sample.plan().model_copy(update=changed)


@dataclass(frozen=True)
class Table:
    """sla's table of clocks, by the superuser's door."""

    url: str

    async def connect(self) -> asyncpg.Connection:
        conn = await asyncpg.connect(self.url)
        await database.set_codecs(conn)
        await conn.execute(
            "SET search_path = sla; SET statement_timeout = 0; SET maintenance_work_mem = '512MB'"
        )
        return conn

    async def fill(
        self, many: int, first_rung_at: datetime, spread: timedelta, *, anew: bool = False
    ) -> None:
        """`many` clocks, half response, half close, whose next rung falls due one by one over `spread`.

        `anew`: the indexes are made afterwards, which takes a third of the time.
        """
        conn = await self.connect()
        try:
            plan = promise()
            key = store.plan_key(plan)
            await conn.execute(store.SQL["keep_plans"], [key], [plan.model_dump(mode="json")])
            if anew:
                await conn.execute("ALTER TABLE clock DROP CONSTRAINT clock_pkey; DROP INDEX clock_next_rung, "
                                   "clock_of_number, clock_running")  # fmt: skip
            start = first_rung_at - HALF
            await conn.execute(FILL, key, MONTH, SHARDS, start, spread / many, many)
            if anew:
                await conn.execute("ALTER TABLE clock ADD PRIMARY KEY (clock_id)")
                await database.migrate(conn, "sla")
                await conn.execute("SET search_path = sla")
            await conn.execute("VACUUM (ANALYZE) clock" if anew else "ANALYZE clock")
            if anew:
                await conn.execute("CHECKPOINT")
        finally:
            await conn.close()

    async def value(self, question: str, *args: Any) -> Any:
        conn = await self.connect()
        try:
            return await conn.fetchval(question, *args)
        finally:
            await conn.close()


@dataclass
class Router:
    """What the router would say: a mark each quarter of a second, and new cases. `held`: marks go no further than this."""

    bootstrap: str
    commands: Sequence[str]
    held: datetime | None = None
    marks: list[tuple[float, float]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._producer = Producer(
            {"bootstrap.servers": self.bootstrap, "acks": "all", "linger.ms": 0, "log_level": 0}
        )

    def run(self) -> None:
        while not self.ended.wait(EVERY_S):
            self._mark()
        self._producer.flush(10)

    def _mark(self) -> None:
        with self.lock:
            now = datetime.now(UTC)
            at = min(now, self.held) if self.held else now
            shards = {shard: ShardMark(number=self.numbers.get(shard, 0), at=at) for shard in range(SHARDS)}
            mark = Watermark(shards=shards, commands=dict.fromkeys(self.commands, at))
            self._producer.produce(topics.WATERMARKS, mark.model_dump_json().encode(), partition=0)
            self._producer.poll(0)
            self.marks.append((at.timestamp(), now.timestamp()))

    def register(self, case: CaseId) -> float:
        """A new case onto the log; the wall time it was said."""
        event, shard = sample.registered(datetime.now(UTC), promise()), ids.shard_of(case, SHARDS)
        with self.lock:
            number = self.numbers[shard] = self.numbers.get(shard, 0) + 1
            head = Envelope(
                ids.event_id(str(case), event.TYPE, 0), "router", event.TYPE, event.at, case, "c", "c"
            )
            headers: Any = envelopes.to_headers(head) + envelopes.position_headers(
                Position("router", shard, number)
            )
            value = event.model_dump_json().encode()
            self._producer.produce(topics.CASES, value, str(case), partition=shard, headers=headers)
            self._producer.poll(0)
        return time.time()


@dataclass
class Eyes:
    """Everything on suban.clocks.v1, as it comes: a thread of its own, librdkafka waits outside of Python.

    Times are seconds; `appended` is the broker's.
    """

    bootstrap: str
    rung_at: "array[float]" = field(default_factory=lambda: array("d"))
    appended: "array[float]" = field(default_factory=lambda: array("d"))
    shard: "array[int]" = field(default_factory=lambda: array("B"))
    started: dict[str, float] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)
    repeated: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "bench-clocks", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 100, "log_level": 0,
        })  # fmt: skip
        consumer.assign([TopicPartition(topics.CLOCKS, shard, 0) for shard in range(SHARDS)])
        try:
            while not self.ended.is_set():
                for message in consumer.consume(2000, 0.1):
                    if message.error() is None:
                        self._take(message)
        finally:
            consumer.close()

    def _take(self, message: Any) -> None:
        headers, at = dict(message.headers()), message.timestamp()[1] / 1000
        if headers["ce_id"] in self.seen:
            self.repeated += 1
            return
        self.seen.add(headers["ce_id"])
        if headers["ce_type"] not in RUNGS:
            self.started.setdefault(headers["ce_subject"].decode(), at)
            return
        told = datetime.fromisoformat(orjson.loads(message.value())["rung_at"])
        self.rung_at.append(told.timestamp())
        self.appended.append(at)
        self.shard.append(message.partition())

    def out_of_order(self, since: int) -> int:
        """Rungs from this place on that come after a younger one of their shard."""
        last, found = dict[int, float](), 0
        for place in range(since, len(self.rung_at)):
            shard, at = self.shard[place], self.rung_at[place]
            found += at < last.get(shard, 0.0)
            last[shard] = max(at, last.get(shard, 0.0))
        return found


@contextmanager
def at_work(*many: Router | Eyes) -> Iterator[None]:
    """In threads of their own."""
    threads = [threading.Thread(target=one.run, daemon=True) for one in many]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in many:
            one.ended.set()
        for thread in threads:
            thread.join()


Lag = Literal["due", "provable"]


def lags(eyes: Eyes, router: Router, since: int) -> dict[Lag, list[float]]:
    """Milliseconds to the topic of each rung from this place on: from its due, and from the later of its due and the mark
    that let it fire."""
    found: dict[Lag, list[float]] = {"due": [], "provable": []}
    marks, place = router.marks, 0
    for at, appended in sorted(zip(eyes.rung_at[since:], eyes.appended[since:], strict=True)):
        while place < len(marks) - 1 and marks[place][0] < at:
            place += 1
        found["due"].append(1000 * (appended - at))
        found["provable"].append(1000 * (appended - max(at, marks[place][1])))
    return found
