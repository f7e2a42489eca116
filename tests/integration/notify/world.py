"""notify over a real Postgres, the city's time in the test's hand; no broker: the log is applied as the lanes would."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx

from services.chassis import database, heads, http, keys, packed, run, sealing
from services.chassis.clock import CityClock
from services.chassis.sealing import Sealer
from services.chassis.service import Received, Running
from services.chassis.transaction import Tx
from services.contracts import envelope as envelopes
from services.contracts import ids, topics
from services.contracts.envelope import Envelope
from services.contracts.events import CaseEvent, Rung
from services.contracts.ids import CaseId
from services.contracts.values import Contact, Person
from services.notify import api, handlers, send
from services.notify.service import SERVICE
from services.notify.settings import NotifySettings
from services.notify.state import State
from tests.unit.notify import sample

SHARDS = 4
PRIVATE, PUBLIC = sealing.new_key_pair()
# Nobody's number, name and account: wherever they turn up they do not belong.
CANARY = Person(name="金丝雀", phone="+8613800138000", app_user="canary-user")
CANARIES = ("金丝雀", "13800138000", "canary-user")


def contact(person: Person = CANARY, **more: Any) -> Contact:
    box = Sealer(PUBLIC).seal(person.model_dump_json().encode(), 0.0)
    masked = {"masked_name": "金**", "masked_phone": "138****8000"}
    return Contact(sealed=box, textable=True, has_app=True, **masked | more)


@dataclass
class World:
    running: Running[State]
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return self.running.state

    @property
    def pool(self) -> asyncpg.Pool:
        return self.running.plumbing.pool

    def set_time(self, city: datetime) -> None:
        clock = CityClock(wall_base=datetime.now(UTC), city_base=city)
        plumbing = self.running.plumbing
        plumbing.clock = plumbing.lanes.clock = self.state.clock = clock

    async def apply(self, *events: CaseEvent | Rung, case: CaseId = sample.CASE) -> None:
        """The events of one case, as one batch of one kind."""
        name = "+".join(event.TYPE for event in events)
        self.numbers[name] = self.numbers.get(name, 0) + 1
        received = [
            Received(Envelope(ids.event_id(f"{name}{self.numbers[name]}", event.TYPE, n), "router", event.TYPE,
                              self.state.clock.now(), case, str(case), "cause"), event)
            for n, event in enumerate(events)
        ]  # fmt: skip
        await self.apply_again(received)

    async def apply_again(self, received: Sequence[Received[Any]]) -> None:
        rungs = isinstance(received[0].data, Rung)

        async def job(tx: Tx[State]) -> None:
            await (handlers.on_clock_events(received, tx) if rungs else handlers.on_case_events(received, tx))

        await self.running.plumbing.lanes.run(ids.shard_of(received[0].case_id, SHARDS), job, wait_s=10)

    async def send(self) -> None:
        """Everything that is due, by every carrier."""
        for carrier in send.carriers(self.state):
            for shard in range(SHARDS):
                await send.drain(self.running, carrier, shard)

    async def expire(self) -> None:
        """Whoever holds a claim is taken for dead; what waits for another try waits no longer."""
        await self.pool.execute(
            "UPDATE notice SET look_at = clock_timestamp() - interval '1 second' "
            "WHERE state IN ('claimed', 'unknown') OR state = 'waiting' AND attempts > 0"
        )

    async def outgoing(self, **where: Any) -> list[asyncpg.Record]:
        rows = await self.pool.fetch("SELECT * FROM outgoing ORDER BY id")
        return [row for row in rows if all(row[name] == value for name, value in where.items())]

    async def notices(self, **where: Any) -> list[asyncpg.Record]:
        rows = await self.pool.fetch("SELECT * FROM notice ORDER BY made_at, notice_id")
        return [row for row in rows if all(row[name] == value for name, value in where.items())]

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """(type, data) of what is in the outbox for suban.notices.v1."""
        rows = await self.pool.fetch(
            "SELECT * FROM outbox WHERE topic = $1 ORDER BY shard, first", topics.NOTICES
        )
        pairs = [pair for row in rows for pair in packed.pairs(row["records"])]
        return [
            (envelopes.read_headers(heads.unpack(headers)).type, json.loads(value))
            for headers, value in pairs
        ]

    async def key(self, principal: str) -> dict[str, str]:
        async with self.pool.acquire() as conn:
            token = await keys.add_to(conn, principal, ["notify"])
        self.state.ring.replace(await keys.read(self.pool))
        return {"Authorization": f"Bearer {token}"}

    @asynccontextmanager
    async def door(self) -> AsyncIterator[httpx.AsyncClient]:
        app = http.build("notify", [])
        api.routes(app, self.running)
        transport = httpx.ASGITransport(app=http.Capped(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://notify") as client:
            yield client

    async def everything_kept(self) -> str:
        """All rows of all tables of the schema as text, for the search of what must not be there."""
        names = await self.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'notify'")
        rows = [row for name in names for row in await self.pool.fetch(f"SELECT * FROM {name[0]}")]
        return "\n".join(
            str(
                [
                    value.decode(errors="replace") if isinstance(value, bytes) else value
                    for value in _flat(row)
                ]
            )
            for row in rows
        )


def _flat(row: asyncpg.Record) -> list[Any]:
    return [part for value in row.values() for part in (value if isinstance(value, list) else [value])]


async def provision(url: str) -> None:
    now = datetime.now(UTC).isoformat()
    facts = {"schema_version": database.SCHEMA_VERSION, "shards": SHARDS,
             "clock": {"wall_base": now, "city_base": now, "rate": 1.0}}  # fmt: skip
    conn = await asyncpg.connect(url, server_settings={"search_path": "notify"})
    await database.set_codecs(conn)
    for name, value in facts.items():
        await conn.execute(database.SQL["put_meta"], name, value)
    await conn.execute("INSERT INTO shard (shard) SELECT generate_series(0, $1 - 1)", SHARDS)
    await conn.close()


@asynccontextmanager
async def opened(
    url: str, bootstrap: str = "127.0.0.1:1", *, fresh: bool = True, **more: Any
) -> AsyncIterator[World]:
    """notify as its own boot makes it, with its lanes and without its other loops. The city's time is a Monday noon."""
    if fresh:
        await provision(url)
    settings = NotifySettings(
        database_url=url, kafka_bootstrap=bootstrap, city_dir=more.pop("city_dir", sample.CITY), pool_size=4,
        contact_private_key=PRIVATE, blind_index_secret="a secret of sixteen or more", **more,
    )  # fmt: skip
    pool = await database.create_pool(url, "notify", 4)
    running, _consumer, producer = await run.boot(SERVICE, settings, pool)
    lanes = asyncio.create_task(running.plumbing.lanes.serve())
    world = World(running)
    world.set_time(sample.NOON)
    try:
        yield world
    finally:
        lanes.cancel()
        await asyncio.gather(lanes, return_exceptions=True)
        await producer.close()
        await pool.close()
