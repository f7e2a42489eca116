"""The router on a real PostgreSQL, without Kafka: events are handed to its handlers, what it writes is read back."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid5

import asyncpg
import httpx
import orjson

from services.chassis import database, heads, http, packed
from services.chassis.clock import CityClock
from services.chassis.keys import KeyRing
from services.chassis.lanes import Lanes
from services.chassis.outbox import Publisher
from services.chassis.service import Asked, Plumbing, Received, Running
from services.chassis.testing import FakeProducer
from services.chassis.transaction import Tx
from services.contracts import envelope as envelopes
from services.contracts import events, ids, topics
from services.contracts.envelope import Envelope
from services.contracts.events import ActReceived, Event, SubmissionReceived
from services.contracts.ids import CaseId, EventId
from services.router import desk_api, handlers
from services.router import state as states
from services.router.settings import RouterSettings
from services.router.state import State

CITY = Path("deploy/city/pingshan")
SHARDS = 4
SECRET = "s"


@dataclass(frozen=True, slots=True)
class Written:
    """A record of the outbox."""

    topic: str
    envelope: Envelope
    data: Event


@dataclass
class Rig:
    running: Running[State]
    pool: asyncpg.Pool
    http: httpx.AsyncClient
    _offsets: dict[str, int] = field(default_factory=dict)

    @property
    def clock(self) -> CityClock:
        return self.running.plumbing.clock

    def now(self) -> datetime:
        return self.clock.city(datetime.now(UTC))

    async def job(self, shard: int, work: Callable[[Tx[State]], Awaitable[Any]]) -> Any:
        return await self.running.plumbing.lanes.run(shard, work, wait_s=20)

    async def take(self, *received: Received[Any]) -> None:
        """As the chassis would: by shard, in order, one transaction."""
        for shard in range(SHARDS):
            mine = [one for one in received if ids.shard_of(one.case_id, SHARDS) == shard]
            if mine:
                await self.job(shard, partial(handlers.on_submissions, mine))

    async def ask(
        self, actor: str, *bodies: dict[str, Any], at: datetime | None = None, untimed: bool = False
    ) -> None:
        """Commands by topic. All about cases of one shard."""
        topic = topics.commands(actor)
        appended = None if untimed else at or self.now()
        asked = []
        for body in bodies:
            offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
            asked.append(Asked(actor, topic, offset, orjson.dumps(body), appended))
        case_id = handlers.case_of(asked[0].body)
        shard = ids.shard_of(case_id, SHARDS) if case_id else 0
        await self.job(shard, partial(handlers.on_commands, asked))

    async def written(self, *types: str) -> list[Written]:
        """Everything in the outbox, in the order of writing, of these types."""
        found = []
        for row in await self.pool.fetch("SELECT topic, records FROM outbox ORDER BY id"):
            for headers, value in packed.pairs(row["records"]):
                envelope = envelopes.read_headers(heads.unpack(headers))
                data = events.EVENTS[envelope.type].model_validate_json(value)
                if not types or envelope.type in types:
                    found.append(Written(row["topic"], envelope, data))
        return found

    async def types(self, case_id: CaseId) -> list[str]:
        return [one.envelope.type for one in await self.written() if one.envelope.case_id == case_id]

    async def call(self, method: str, path: str, key: str = "desk", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}.{SECRET}", "accept-language": "en"}
        return await self.http.request(method, path, headers=headers, **more)


def ring(*principals: str) -> KeyRing:
    """Keys whose id is the principal's name."""
    digest = hashlib.sha256(SECRET.encode()).digest()
    return KeyRing({one.partition(":")[2]: (one, digest) for one in principals})


@asynccontextmanager
async def started(url: str) -> AsyncIterator[Rig]:
    conn = await asyncpg.connect(url)
    await conn.execute("SET search_path = router")
    await conn.execute("INSERT INTO shard (shard) SELECT generate_series(0, $1 - 1)", SHARDS)
    await conn.close()
    pool = await database.create_pool(url, "router", 8)
    now = datetime.now(UTC)
    clock, producer = CityClock(now, now), FakeProducer()
    settings = RouterSettings(database_url=url, kafka_bootstrap="none:1", city_dir=CITY)
    publisher = Publisher(pool, producer, "router", SHARDS)
    # A busy machine is slow and not wrong: who asks by HTTP waits.
    lanes = Lanes(pool, "router", SHARDS, clock, publisher, wait_s=20.0)
    plumbing = Plumbing("router", settings, pool, clock, SHARDS, lanes, publisher, producer, CITY)
    state = await states.build(plumbing)
    slugs = (department.slug for department in state.law.city.departments)
    state.ring = ring("desk:desk", "channel:app", *(f"department:{slug}" for slug in slugs))
    lanes.state = state
    running = Running(plumbing, state)
    app = http.build("router", [])
    desk_api.routes(app, running)
    serving = asyncio.create_task(lanes.serve())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://router") as client:
        yield Rig(running, pool, client)
    serving.cancel()
    await pool.close()


def submission(key: str, now: datetime, **more: Any) -> Received[SubmissionReceived]:
    case_id = ids.case_id("hotline-12345", key)
    received_at = more.pop("received_at", now - timedelta(seconds=2))
    text = more.pop("text", "公园草坪坏了")
    data = SubmissionReceived(
        number=ids.public_number(case_id, received_at.date()), channel="hotline-12345", channel_kind="hotline",
        request_key=key, received_at=received_at, text=text, match_text=text, **more,
    )  # fmt: skip
    return Received(_envelope(case_id, data.TYPE, key, received_at), data)


def act(key: str, kind: str, act_id: str, now: datetime, **more: Any) -> Received[ActReceived]:
    case_id = ids.case_id("hotline-12345", key)
    data = ActReceived(act_id=act_id, channel="hotline-12345", kind=kind, received_at=now, **more)
    return Received(_envelope(case_id, data.TYPE, act_id, now), data)


def _envelope(case_id: CaseId, kind: str, cause: str, at: datetime) -> Envelope:
    return Envelope(EventId(uuid5(case_id, kind + cause)), "intake", kind, at, case_id, str(case_id), cause)


def command(case_id: CaseId, name: str, command_id: str = "1", **more: Any) -> dict[str, Any]:
    return {"command": name, "command_id": command_id, "case": str(case_id), **more}


def of_one_shard(count: int, shard: int = 0) -> Sequence[str]:
    """Request keys whose cases fall on this shard."""
    keys = (f"k{number}" for number in range(100 * count))
    mine = [key for key in keys if ids.shard_of(ids.case_id("hotline-12345", key), SHARDS) == shard]
    return mine[:count]
