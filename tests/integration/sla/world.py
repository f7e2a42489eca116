"""sla over a real Postgres, its city's time in the test's hand; no broker: the log is applied as the lanes would."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis import database, heads, packed, retry, run, ticker, transaction
from services.chassis.clock import CityClock
from services.chassis.service import Received, Running
from services.chassis.transaction import Tx
from services.contracts import envelope as envelopes
from services.contracts import ids, topics
from services.contracts.envelope import Envelope
from services.contracts.events import CaseEvent, ShardMark, Watermark
from services.contracts.ids import CaseId, EventId
from services.sla import handlers
from services.sla import state as states
from services.sla.service import SERVICE
from services.sla.settings import SlaSettings
from services.sla.state import State

ROOT = Path(__file__).resolve().parents[3]
SHARDS = 4
Line = tuple[CaseId, CaseEvent]


class Killed(Exception):
    """The process died before its commit."""


@dataclass(frozen=True)
class Told:
    """One record of suban.clocks.v1."""

    id: EventId
    type: str
    case: CaseId
    data: dict[str, Any]


@dataclass
class World:
    running: Running[State]
    numbers: dict[int, int] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return self.running.state

    @property
    def pool(self) -> asyncpg.Pool:
        return self.running.plumbing.pool

    def set_time(self, city: datetime) -> None:
        """From now on it is `city`; wall time flows on as it does."""
        clock = CityClock(wall_base=datetime.now(UTC), city_base=city)
        self.running.plumbing.clock = self.state.clock = clock

    def restart(self) -> None:
        """Memory is gone."""
        fresh = type(self.state.marks)(states.command_topics(_departments(self.state)))
        state = replace(
            self.state, marks=fresh, agenda=type(self.state.agenda)(5.0), plans=type(self.state.plans)()
        )
        self.running = Running(self.running.plumbing, state)

    async def apply(self, *lines: Line, die: bool = False) -> None:
        """The lines of one shard as one batch."""
        shard = ids.shard_of(lines[0][0], SHARDS)
        first = self.numbers.get(shard, 0)
        try:
            async with self._begin(shard) as tx:
                await handlers.on_case_events([received(line, first + n) for n, line in enumerate(lines)], tx)
                tx.row.seen[states.LOG] = first + len(lines)
                if die:
                    raise Killed
        except Killed:
            return
        self.numbers[shard] = first + len(lines)

    def mark(self, at: datetime, shard: int, parked: tuple[str, ...] = (), number: int | None = None) -> None:
        """Everything up to `at` is on the log."""
        known = ShardMark(number=self.numbers.get(shard, 0) if number is None else number, at=at)
        commands = dict.fromkeys(states.command_topics(_departments(self.state)), at)
        mark = Watermark(shards={shard: known}, commands=commands, parked=parked)
        states.take_mark(self.state, mark.model_dump_json().encode())

    async def tick(self, shard: int, die: bool = False) -> bool:
        """One run of the ticker; whether there is more."""
        more = False
        try:
            async with self._begin(shard) as tx:
                more = await handlers.on_tick(tx)
                if die:
                    raise Killed
        except Killed:
            return True
        return more

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Lanes, ticker and retries at work, as in a running service."""
        plumbing = self.running.plumbing
        plumbing.lanes.state, plumbing.lanes.clock = self.state, plumbing.clock
        plumbing.owned = lambda: set(range(SHARDS))
        table = run.table_of(SERVICE, plumbing.settings)
        loops = [
            plumbing.lanes.serve(),
            retry.serve(self.running, table),
            *(ticker.tick(self.running, row) for row in SERVICE.tickers),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def fire(self, at: datetime, shard: int) -> None:
        """It is `at`, a mark says so, and the ticker runs until it has no more to do."""
        self.set_time(at + timedelta(seconds=1))
        self.mark(at, shard)
        while await self.tick(shard):
            pass

    async def told(self, shard: int) -> list[Told]:
        """What is in the outbox, in order of number."""
        rows = await self.pool.fetch(
            "SELECT * FROM outbox WHERE topic = $1 AND shard = $2 ORDER BY first", topics.CLOCKS, shard
        )
        return [_told(*pair) for row in rows for pair in packed.pairs(row["records"])]

    @asynccontextmanager
    async def _begin(self, shard: int) -> AsyncIterator[Tx[State]]:
        async with transaction.begin(self.pool, "sla", shard, self.running.plumbing.clock, self.state) as tx:
            yield tx


def _departments(state: State) -> Any:
    assert state.departments is not None
    return state.departments.value


def _told(headers: bytes, value: bytes) -> Told:
    envelope = envelopes.read_headers(heads.unpack(headers))
    return Told(envelope.id, envelope.type, envelope.case_id, json.loads(value))


def received(line: Line, number: int) -> Received[CaseEvent]:
    case, event = line
    identity = ids.event_id(f"{case}{number}", event.TYPE, 0)
    return Received(Envelope(identity, "router", event.TYPE, event.at, case, str(case), "cause"), event)


def case_in(shard: int, number: int = 0) -> CaseId:
    """A case id of that shard; another one for another number."""
    return CaseId(UUID(int=(number + 1) * 1_000_003 * SHARDS + shard))


async def provision(url: str, service: str = "sla") -> None:
    now = datetime.now(UTC).isoformat()
    facts = {"schema_version": database.SCHEMA_VERSION, "shards": SHARDS,
             "clock": {"wall_base": now, "city_base": now, "rate": 1.0}}  # fmt: skip
    conn = await asyncpg.connect(url, server_settings={"search_path": service})
    await database.set_codecs(conn)
    for key, value in facts.items():
        await conn.execute(database.SQL["put_meta"], key, value)
    await conn.execute("INSERT INTO shard (shard) SELECT generate_series(0, $1 - 1)", SHARDS)
    await conn.close()


@asynccontextmanager
async def opened(url: str, bootstrap: str = "127.0.0.1:1", **more: Any) -> AsyncIterator[World]:
    """sla as its own boot makes it, without its loops."""
    await provision(url)
    city = ROOT / "deploy" / "city" / "pingshan"
    settings = SlaSettings(database_url=url, kafka_bootstrap=bootstrap, city_dir=city, **more)
    pool = await database.create_pool(url, "sla", 4)
    running, _consumer, producer = await run.boot(SERVICE, settings, pool)
    try:
        yield World(running)
    finally:
        await producer.close()
        await pool.close()


def kinds(told: Sequence[Told], case: CaseId, clock: str) -> list[str]:
    """The types of one clock's events, a rung's with its percent."""
    return [
        each.type.removeprefix("clock.") + (f" {each.data['percent']}" if "percent" in each.data else "")
        for each in told
        if each.case == case and each.data["clock"] == clock
    ]
