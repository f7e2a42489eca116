"""The ticker with a million open clocks: what a fired rung costs, whether an empty look stays flat, and how long it is.

`python -m tests.bench clocks`; CLOCKS=1000000 is how many clocks are open (half response, half close). The peer is the
same firing over a hundredth as many clocks: a ratio near 1 says that the size of the table does not matter.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chassis.clock import monotonic
from services.sla import decide, store
from tests import servers
from tests.bench.figure import Figure, Limit, Say, against
from tests.integration.sla import world
from tests.integration.sla.world import World, case_in
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE

NAME = "clocks"
SHARD = 0
FIRED = 20_000
LOOKS = 200
FLAT = Limit("ratio", "<", 2)


@dataclass(frozen=True)
class Measured:
    fire_us: float
    look_ms: float
    snapshot_s: float
    bytes_each: float


FILL = """
INSERT INTO clock (clock_id, case_id, plan, started_at, due_at, next_rung_at, shard, rung, holder_is_desk, kind, number,
                   holder, category, area)
SELECT gen_random_uuid(), gen_random_uuid(), $1, $2::timestamptz + n * $5::interval, $2::timestamptz + n * $5::interval + $3::interval,
       $2::timestamptz + n * $5::interval + $3::interval / 2, $6, 0, false, $4, '20261123-7K3M-9QX2', 'unit-' || n % 46, '市容环卫/占道经营',
       'pingshan/biling'
FROM generate_series(1, $7::int) AS n
"""


async def fill(city: World, many: int) -> None:
    """Receipts spread evenly over a week, so that rungs fall due all along."""
    clocks = [turn.clock for turn in decide.opened(case_in(SHARD), sample.registered(NINE))]
    spread = timedelta(days=7) / (many / 2)
    async with city.pool.acquire() as conn:
        await conn.execute("SET statement_timeout = 0")
        await store.open_clocks(conn, SHARD, clocks)
        for clock in clocks:
            target = clock.due_at - clock.started_at
            await conn.execute(FILL, store.plan_key(clock.plan), NINE, target, clock.kind, spread, SHARD, many // 2,
                               timeout=600)  # fmt: skip
        await conn.execute("VACUUM ANALYZE clock", timeout=600)


async def measure(city: World, many: int) -> Measured:
    await fill(city, many)
    rungs = min(FIRED, many // 4)
    until = await city.pool.fetchval(
        "SELECT next_rung_at FROM clock WHERE shard = $1 ORDER BY next_rung_at OFFSET $2 LIMIT 1",
        SHARD,
        rungs,
    )
    await city.fire(NINE, SHARD)
    before = await _fired(city)
    began = monotonic()
    await city.fire(until, SHARD)
    fire = monotonic() - began
    fired = await _fired(city) - before
    look = await _looks(city, until)
    began = monotonic()
    async with city.pool.acquire() as conn:
        await store.running(conn, until)
    snapshot = monotonic() - began
    size = await city.pool.fetchval("SELECT pg_total_relation_size('clock')")
    return Measured(fire / fired * 1e6, look * 1e3, snapshot, size / many)


async def _fired(city: World) -> int:
    """Rungs of all clocks so far."""
    return int(await city.pool.fetchval("SELECT sum(rung) FROM clock"))


async def _looks(city: World, now: datetime) -> float:
    """Seconds of one run of the ticker that finds nothing to do."""
    began = monotonic()
    for _ in range(LOOKS):
        await city.tick(SHARD)
    return (monotonic() - began) / LOOKS


@asynccontextmanager
async def fresh(server: servers.DatabaseServer, name: str) -> AsyncIterator[World]:
    url = server.create(name)
    async with world.opened(url) as city:
        yield city
    server.drop(name)


async def compare(server: servers.DatabaseServer, many: int, say: Say) -> list[Figure]:
    few = max(10_000, many // 100)
    say(f"clocks: {few:,} open ones")
    async with fresh(server, "bench_few") as city:
        small = await measure(city, few)
    say(f"clocks: {many:,} open ones")
    async with fresh(server, "bench_many") as city:
        large = await measure(city, many)
    peer = f"{few:,} open clocks"
    return [
        against("clocks.fire_rung", large.fire_us, "µs", peer, small.fire_us, FLAT),
        against("clocks.empty_tick", large.look_ms, "ms", peer, small.look_ms, FLAT),
        against("clocks.snapshot", large.snapshot_s, "s", peer, small.snapshot_s),
        against("clocks.row", large.bytes_each, "bytes", peer, small.bytes_each),
    ]


def run(say: Say) -> list[Figure]:
    many = int(os.environ.get("CLOCKS", "1000000"))
    with servers.database_server() as server:
        server.make_template()
        return asyncio.run(compare(server, many, say))
