"""The smallest service there is: what it applies to a case it writes down and tells. It lives in the sla schema."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI

from services.chassis import database, http, run
from services.chassis.producer import KafkaProducer
from services.chassis.service import Plumbing, Received, Running, Service
from services.chassis.settings import ServiceSettings
from services.chassis.transaction import Tx
from services.contracts import envelope as envelopes
from services.contracts import ids, topics
from services.contracts.envelope import Envelope, Position
from services.contracts.events import ActReceived, Event, NoticeDelivered
from services.contracts.ids import CaseId, EventId
from services.contracts.values import ActKind, Audience, Medium

SHARDS = 4
NAME = "sla"


@dataclass
class State:
    """What the test tells the handler to do."""

    poison: set[str] = field(default_factory=set)


async def on_acts(events: Sequence[Received[ActReceived]], tx: Tx[State]) -> None:
    for event in events:
        if event.data.act_id in tx.state.poison:
            raise ValueError("told to fail")
    await tx.conn.executemany(
        "INSERT INTO applied (event_id, case_id, act, at) VALUES ($1, $2, $3, $4)",
        [(e.envelope.id, e.case_id, e.data.act_id, tx.now) for e in events],
    )
    for event in events:
        tx.emit(told(event.data.act_id), case_id=event.case_id, cause=event.cause)


def told(act: str) -> Event:
    return NoticeDelivered(notice_id=act, number="n", event="e", audience=Audience.CITIZEN, medium=Medium.SMS,
                           recipient="r", template="t", provider="p")  # fmt: skip


async def _state(_plumbing: Plumbing) -> State:
    return State()


def _routes(_app: FastAPI, _running: Running[State]) -> None:
    """None of its own."""


TOY = Service(NAME, ServiceSettings, _state, {ActReceived: on_acts}, _routes)


@dataclass
class Toy:
    """The toy in operation, and what a test asks of it."""

    running: Running[State]
    pool: asyncpg.Pool
    task: "asyncio.Task[int]"
    stop: asyncio.Event

    async def applied(self) -> list[str]:
        rows = await self.pool.fetch("SELECT act FROM applied ORDER BY at, act")
        return [row["act"] for row in rows]

    async def applied_to(self, case: UUID) -> list[str]:
        return [
            r["act"]
            for r in await self.pool.fetch("SELECT act FROM applied WHERE case_id = $1 ORDER BY n", case)
        ]


async def provision(url: str, rate: float = 1.0) -> None:
    conn = await asyncpg.connect(url)
    await database.set_codecs(conn)
    await conn.execute("SET search_path = sla")
    now = datetime.now(UTC).isoformat()
    facts = {
        "schema_version": database.SCHEMA_VERSION,
        "shards": SHARDS,
        "clock": {"wall_base": now, "city_base": now, "rate": rate},
    }
    for key, value in facts.items():
        await conn.execute(database.SQL["put_meta"], key, value)
    await conn.execute(
        "INSERT INTO shard (shard) SELECT generate_series(0, $1 - 1) ON CONFLICT DO NOTHING", SHARDS
    )
    await conn.execute("CREATE TABLE IF NOT EXISTS applied (n bigint GENERATED ALWAYS AS IDENTITY, event_id uuid UNIQUE,"
                       " case_id uuid, act text, at timestamptz)")  # fmt: skip
    await conn.close()


@asynccontextmanager
async def started(url: str, bootstrap: str, service: Service[Any] = TOY, **more: Any) -> AsyncIterator[Toy]:
    values = {"http_port": 0, "session_timeout_s": 6, **more}
    chosen = service.settings(database_url=url, kafka_bootstrap=bootstrap, **values)
    pool = await database.create_pool(url, NAME, 12)
    running, consumer, producer = await run.boot(service, chosen, pool)
    stop = asyncio.Event()
    door = http.listen("127.0.0.1", 0)
    task = asyncio.create_task(run.Life(service, running, consumer, producer, stop, door).live())
    try:
        yield Toy(running, pool, task, stop)
    finally:
        stop.set()
        await task
        await producer.close()
        await pool.close()


def case_in(shard: int, number: int = 0) -> CaseId:
    """A case id of that shard; another one for another number."""
    return CaseId(UUID(int=(number + 1) * 1_000_003 * SHARDS + shard))


@dataclass
class Feeder:
    """Writes submissions as intake's publisher would: numbered per shard, and as often as told."""

    producer: KafkaProducer
    numbers: dict[int, int] = field(default_factory=dict)

    def record(self, case: CaseId, act: str, number: int | None = None, value: bytes | None = None) -> Any:
        shard = ids.shard_of(case, SHARDS)
        if number is None:
            number = self.numbers[shard] = self.numbers.get(shard, 0) + 1
        at = datetime.now(UTC)
        data = ActReceived(act_id=act, channel="c", kind=ActKind.SUPPLEMENT, received_at=at, text="…")
        envelope = Envelope(EventId(ids.event_id(act, data.TYPE, 0)), "intake", data.TYPE, at, case, "c", "c")
        headers = envelopes.to_headers(envelope) + envelopes.position_headers(
            Position("intake", shard, number)
        )
        return str(case).encode(), value if value is not None else data.model_dump_json().encode(), headers

    async def send(self, case: CaseId, *records: Any) -> None:
        shard, left = ids.shard_of(case, SHARDS), list(records)
        while left:
            left = left[await self.producer.send(topics.SUBMISSIONS, shard, left) :]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Wait on a condition; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 (the condition is another process' work)
            await asyncio.sleep(0.05)
