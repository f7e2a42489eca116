"""sla with millions of open clocks, on a real Kafka and a durable PostgreSQL, marks four times a second.

`python -m tests.bench clocks`; CLOCKS=1000000 is how many are open, CLOCKS=10000000 the full one. In this order: what a
rung costs with 100,000 open; all of them open, and what it costs now; a look that finds nothing; 1,000 rungs due a
second; a kill and the way back, while BACKLOG rungs (a tenth of CLOCKS) have fallen due over a day; draining them, with
new cases coming all the while. Beside it in the same run: as many timers of asyncio and a heap in memory (1 M at most).
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import uuid4

import asyncpg

from deploy.local import Broken
from deploy.local.stack import CITY, HOME, Stack
from services.chassis import database, files
from services.contracts import topics
from services.contracts.city import DepartmentsFile
from services.contracts.ids import CaseId
from services.sla import store
from tests.bench import clockwork, memory_clocks, process
from tests.bench.clockwork import SHARDS, Eyes, Router, Table
from tests.bench.figure import Figure, Limit, Say, against, at_least, below, percentile

NAME = "clocks"
FEW, FLAT, COSTED = 100_000, Limit("ratio", "<", 1.3), 40_000
PER_SECOND, SECONDS = 1000, 30
LOOKS = 300
CASES_EVERY_S = 0.05
AHEAD, EACH_OPEN = timedelta(seconds=25), timedelta(microseconds=2)
SETTLED_S = 6.0  # within it sla has looked again
DAY, WEEK = timedelta(days=1), timedelta(days=7)
OTHERS = ("intake", "router", "notify")
IN_MEMORY = 1_000_000
MANY = f"{FEW:,} open"


@dataclass
class Cost:
    """Microseconds of processor a rung."""

    service: float
    postgres: float

    @property
    def both(self) -> float:
        return self.service + self.postgres


@dataclass
class Bench:
    stack: Stack
    table: Table
    router: Router
    eyes: Eyes
    say: Say
    open: int = 0
    figures: list[Figure] = field(default_factory=list)

    def tell(self, name: str, value: float, unit: str, limit: Limit | None = None) -> None:
        self.figures.append(Figure(f"clocks.{name}", value, unit, limit=limit))

    def busy(self) -> dict[str, float]:
        pids = process.pids_of({name: self.stack.children[name] for name in ("sla", "postgres")})
        return process.total_s(pids)

    def filled_before(self, many: int, spread: timedelta) -> None:
        """`many` clocks whose rungs will fall due over `spread`; returns just before the first of them does."""
        first = datetime.now(UTC) + AHEAD + self.open * EACH_OPEN
        asyncio.run(self.table.fill(many, first, spread))
        left = first.timestamp() - time.time()
        if left < SETTLED_S:
            raise Broken(f"clocks: {many:,} rows came too late; measure when nothing else runs")
        time.sleep(left - 0.2)

    def filled_asleep(self, many: int, first: datetime) -> None:
        """`many` clocks due over a week from then, while the service is down."""
        self.open += many
        self.stack.services["sla"].stop(timeout_s=15)
        asyncio.run(self.table.fill(many, first, WEEK, anew=True))
        self.stack.restart("sla")

    def until(self, told: Callable[[], bool], patience_s: float) -> None:
        """Raises Broken when it does not come true in time."""
        limit = time.monotonic() + patience_s
        while not told():
            if time.monotonic() > limit:
                raise Broken(
                    f"clocks: waited {patience_s:.0f} s; {len(self.eyes.rung_at):,} rungs are on the topic"
                )
            time.sleep(0.05)


def cost(bench: Bench) -> Cost:
    """Of COSTED rungs that fall due within a second."""
    since = len(bench.eyes.rung_at)
    bench.filled_before(COSTED, timedelta(seconds=1))
    before = bench.busy()
    bench.until(lambda: len(bench.eyes.rung_at) - since >= COSTED, 120)
    after = bench.busy()
    return Cost(*(1e6 * (after[name] - before[name]) / COSTED for name in ("sla", "postgres")))


async def look(url: str) -> float:
    """Milliseconds of asking a shard's table what is due and what is next, when nothing is."""
    pool = await database.create_pool(url, "sla", 2)
    took = []
    async with pool.acquire() as conn:
        for place in range(LOOKS):
            began = time.monotonic()
            none = await store.due(conn, place % SHARDS, datetime.now(UTC), [], 1000)
            await store.next_rung_at(conn, place % SHARDS, frozenset())
            took.append(1000 * (time.monotonic() - began))
            assert not none
    await pool.close()
    return median(took)


def sustained(bench: Bench) -> None:
    """1,000 rungs a second, each due at its own instant."""
    many, since = PER_SECOND * SECONDS, len(bench.eyes.rung_at)
    bench.filled_before(many, timedelta(seconds=SECONDS))
    before, began = bench.busy(), time.monotonic()
    time.sleep(SECONDS)
    shares = process.used(before, bench.busy(), time.monotonic() - began)
    bench.until(lambda: len(bench.eyes.rung_at) - since >= many, 60)
    found = clockwork.lags(bench.eyes, bench.router, since)
    bench.tell("sustained.lag.p50", percentile(found["provable"], 0.5), "ms")
    bench.tell("sustained.lag.p99", percentile(found["provable"], 0.99), "ms", below(500))
    bench.tell("sustained.from_due.p99", percentile(found["due"], 0.99), "ms", below(1000))
    bench.tell("sustained.cpu", sum(shares.values()), "% of a core", below(100))
    bench.tell("sustained.cpu.service", shares["sla"], "% of a core")


def new_cases(bench: Bench, on: Callable[[], bool]) -> list[float]:
    """Milliseconds from a case's first line on the log to its clocks on the topic, one case after the other while `on`."""
    said: dict[str, float] = {}
    while on():
        case = CaseId(uuid4())
        said[str(case)] = bench.router.register(case)
        time.sleep(CASES_EVERY_S)
    bench.until(lambda: said.keys() <= bench.eyes.started.keys(), 60)
    return [1000 * (bench.eyes.started[case] - at) for case, at in said.items()]


def outage(bench: Bench, many: int) -> None:
    """Killed; `many` rungs fall due over a day; back; everything drained, while cases come."""
    quiet_until = time.monotonic() + 5
    quiet = new_cases(bench, lambda: time.monotonic() < quiet_until)
    now, since = datetime.now(UTC), len(bench.eyes.rung_at)
    bench.router.held = now - 2 * DAY
    bench.stack.kill("sla", signal.SIGKILL)
    asyncio.run(bench.table.fill(many, now - DAY, DAY))
    began = time.monotonic()
    bench.stack.restart("sla")
    bench.tell("ready", time.monotonic() - began, "s", below(3))
    new_cases(bench, iter((True, False)).__next__)
    bench.tell(
        "ready.first_case", time.monotonic() - began, "s"
    )  # Kafka waits for the dead one's session to end
    began, bench.router.held = time.monotonic(), None
    waited = began + 60 + many / 1000
    busy = new_cases(bench, lambda: len(bench.eyes.rung_at) - since < many and time.monotonic() < waited)
    bench.until(lambda: len(bench.eyes.rung_at) - since >= many, 60)
    appended = bench.eyes.appended[since:]
    bench.tell("drain", many / (max(appended) - min(appended)), "rungs/s", at_least(10_000))
    bench.tell("drain.out_of_order", bench.eyes.out_of_order(since), "rungs", below(1))
    bench.tell("drain.fired_twice", bench.eyes.repeated, "rungs", below(1))
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        peer = percentile(quiet, share)
        bench.figures.append(
            against(f"clocks.drain.new_case.{name}", percentile(busy, share), "ms", "nothing to drain", peer)
        )


def whole(bench: Bench, many: int) -> None:
    say, soon = bench.say, datetime.now(UTC) + DAY
    say(f"clocks: {MANY}: what a rung costs")
    bench.filled_asleep(FEW, soon)
    cost(bench)  # the first time everything is new to it
    few = cost(bench)
    say(f"clocks: {many:,} open")
    began = time.monotonic()
    bench.filled_asleep(many - FEW, soon)
    bench.tell(
        "open", asyncio.run(bench.table.value("SELECT count(*) FROM clock WHERE outcome IS NULL")), "clocks"
    )
    bench.tell("fill", time.monotonic() - began, "s")
    bytes_each = asyncio.run(
        bench.table.value("SELECT pg_total_relation_size('clock')::float / count(*) FROM clock")
    )
    say("clocks: what a rung costs now")
    cost(bench)
    now = cost(bench)
    bench.figures.append(against("clocks.rung", now.both, "µs of processor", MANY, few.both, FLAT))
    bench.figures.append(against("clocks.rung.service", now.service, "µs of processor", MANY, few.service))
    bench.tell("empty_look", asyncio.run(look(bench.stack.database_url("sla"))), "ms", below(1))
    say(f"clocks: {PER_SECOND:,} rungs due a second for {SECONDS} s")
    sustained(bench)
    backlog = int(os.environ.get("BACKLOG", many // 10))
    say(f"clocks: killed; {backlog:,} rungs to be drained")
    outage(bench, backlog)
    say("clocks: in memory")
    in_memory(bench, min(many, IN_MEMORY), bytes_each)


def in_memory(bench: Bench, many: int, bytes_each: float) -> None:
    """What most would write, and what it takes to have it back after a kill: every open clock read again."""
    began = time.monotonic()
    read = asyncio.run(every_clock(bench.stack.database_url("sla"), many))
    again = time.monotonic() - began
    timers = memory_clocks.measured(memory_clocks.timers, read)
    heap = memory_clocks.measured(memory_clocks.heap, read)
    peer = f"asyncio timers, {read:,}"
    bench.figures.append(against("clocks.row", bytes_each, "bytes", peer, timers.bytes_each))
    for name, price in (("asyncio", timers), ("heap", heap)):
        bench.tell(f"memory.{name}.bytes", price.bytes_each, "bytes")
        bench.tell(f"memory.{name}.rung", price.fire_us, "µs")
        bench.tell(f"memory.{name}.collection", price.pause_ms, "ms")
        bench.tell(f"memory.{name}.ready", again + price.set_up_s, "s")


async def every_clock(url: str, many: int) -> int:
    """Read as a process without a table of its own timers would at its start."""
    pool = await database.create_pool(url, "sla", 2)
    kept = []
    async with pool.acquire() as conn, conn.transaction():
        rows: asyncpg.cursor.Cursor = await conn.cursor(
            "SELECT clock_id, next_rung_at FROM clock LIMIT $1", many
        )
        while some := await rows.fetch(10_000):
            kept += some
    await pool.close()
    return len(kept)


def run(say: Say) -> list[Figure]:
    many = int(os.environ.get("CLOCKS", "1000000"))
    city = files.load(CITY / "departments.yaml", DepartmentsFile).value
    env = {"SUBAN_MARK_PATIENCE_S": "3600"}  # while marks stand still nothing fires
    stack = Stack(
        "bench-clocks", directory=HOME / "bench-clocks", fresh=True, usual_ports=False, env=env, say=say
    )
    try:
        with stack:
            for name in OTHERS:
                stack.services[name].stop(timeout_s=15)
            bootstrap = stack.kafka.bootstrap
            router = Router(bootstrap, [topics.commands(row.slug) for row in city.departments])
            bench = Bench(stack, Table(stack.postgres.url()), router, Eyes(bootstrap), say)
            with clockwork.at_work(router, bench.eyes):
                whole(bench, many)
            return bench.figures
    finally:
        stack.forget()
