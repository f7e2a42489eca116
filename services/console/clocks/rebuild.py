"""`sla rebuild`: the table of clocks made again from the log, while sla runs; `--check` only compares.

Shard by shard. Rows and what they are made of are read in one snapshot of the store, so they belong together without a
lock. A rebuild then takes the shard's lock for the moment in which it reads what came since and writes the rows that
differ: sla's next transaction on the shard finds them right. Exit code 1 when anything differs.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from asyncpg import Record
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.chassis import clock as clocktime
from services.chassis import database, settings
from services.chassis.database import Connection
from services.chassis.settings import OperatorSettings
from services.console import store as stores
from services.console.clocks import logbook
from services.console.clocks.history import BadHistory
from services.console.clocks.logbook import BadLog, Logbook
from services.contracts import topics
from services.contracts.events import CaseEvent, ClockEvent
from services.contracts.ids import CaseId, ClockId
from services.sla import replay, store
from services.sla.clocks import Clock
from services.sla.fold import Known
from services.sla.replay import Line, Replay
from services.sla.state import LOG

AT_ONCE = 2000
LOCK_WAIT_MS = 10_000
GONE, EXTRA, UNREADABLE = "has no row", "is not on the log", "cannot be read"


T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    every = iter(items)
    while some := list(islice(every, size)):
        yield some


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="compare only; nothing is written")
    parser.add_argument("--shard", type=int, help="only this one; all when not given")
    parser.add_argument("--examples", type=int, default=10, metavar="N", help="differences shown in words")


def main(asked: argparse.Namespace) -> int:
    began = clocktime.monotonic()
    try:
        found = asyncio.run(run(asked))
    except BadLog as wrong:
        raise BadHistory(str(wrong)) from wrong
    show(found, asked.check, asked.examples, clocktime.monotonic() - began)
    return 1 if asked.check and any(one.differences for one in found) else 0


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one clock, or of one case's course when there is none. `what`: a sentence."""

    case: CaseId
    clock_id: ClockId | None
    what: str


@dataclass(slots=True)
class Found:
    """Of one shard. `left_out`: cases whose registration is not on the log any more, and parked ones."""

    shard: int
    number: int = 0
    clocks: int = 0
    courses: int = 0
    left_out: int = 0
    written: int = 0
    differences: list[Difference] = field(default_factory=list)


async def run(asked: argparse.Namespace) -> list[Found]:
    mine = settings.read(OperatorSettings)
    conn, reading = await stores.connect("sla"), await stores.connect("sla")
    try:
        shards = [row["shard"] for row in await conn.fetch("SELECT shard FROM shard ORDER BY shard")]
        if asked.shard is not None and asked.shard not in shards:
            raise BadHistory(f"--shard {asked.shard}: there are {shards[0]} to {shards[-1]}")
        wanted = shards if asked.shard is None else [asked.shard]
        return [await _shard(mine, conn, reading, shard, asked.check) for shard in wanted]
    finally:
        await conn.close()
        await reading.close()


async def _shard(
    mine: OperatorSettings, conn: Connection, reading: Connection, shard: int, check: bool
) -> Found:
    async with _sources(mine, shard) as sources:
        async with reading.transaction(isolation="repeatable_read", readonly=True):
            await sources.advance(reading)
            found = await _compare(reading, sources, shard)
        if not check:
            await _rewrite(conn, sources, found)
    return found


@dataclass(slots=True)
class Sources:
    """The two topics of a shard, and what they make."""

    shard: int
    log: Logbook
    clocks: Logbook
    replay: Replay = field(default_factory=Replay)

    async def advance(self, conn: Connection) -> None:
        """To the numbers that the shard's row has in the transaction of `conn`."""
        row = await conn.fetchrow(database.SQL["read_shard"], self.shard)
        assert row is not None
        told = [
            one async for _, envelope, event in self.clocks.upto(row["numbers"].get(topics.CLOCKS, 0))
            if isinstance(event, ClockEvent) and (one := replay.fired(envelope.case_id, event))
        ]  # fmt: skip
        self.replay.hear(told)
        async for number, envelope, event in self.log.upto(row["seen"].get(LOG, 0)):
            if isinstance(event, CaseEvent):
                self.replay.take(Line(number, envelope.case_id, event))
        self.replay.catch_up(row["seen"].get(LOG, 0))

    @property
    def whole(self) -> bool:
        """Whether the log is kept from its first line."""
        return self.log.first in (None, 1)


@asynccontextmanager
async def _sources(mine: OperatorSettings, shard: int) -> AsyncIterator[Sources]:
    async with AsyncExitStack() as stack:
        log, clocks = [
            await stack.enter_async_context(logbook.opened(mine.kafka_bootstrap, mine.access, topic, shard))
            for topic in (topics.CASES, topics.CLOCKS)
        ]
        yield Sources(shard, log, clocks)


async def _compare(conn: Connection, sources: Sources, shard: int) -> Found:
    """Every row of the shard against what it should be."""
    found, plans = Found(shard, sources.replay.at), store.Plans()
    aside = await store.parked_here(conn, shard)
    known = {case: one for case, one in sources.replay.cases.items() if one.course and case not in aside}
    missing = {clock.clock_id: clock for one in known.values() for clock in one.clocks.values()}
    async for row in conn.cursor(store.SQL["clocks_of_shard"], shard, prefetch=AT_ONCE):
        of_case = known.get(CaseId(row["case_id"]))
        if of_case is None and (row["case_id"] in aside or not sources.whole):
            found.left_out += 1
            continue
        found.clocks += 1
        right = missing.pop(row["clock_id"], None)
        await plans.of(conn, [row["plan"]])
        found.differences += _row(row, right, plans)
    found.clocks += len(missing)
    found.differences += (
        Difference(one.case_id, one.clock_id, f"{_name(one)} {GONE}") for one in missing.values()
    )
    found.differences += await _courses(conn, known, shard)
    found.courses = len(known)
    found.differences += (Difference(*odd) for odd in sources.replay.odd)
    sources.replay.touched.clear()
    return found


def _row(row: Record, right: Clock | None, plans: store.Plans) -> Iterable[Difference]:
    """At most one: what is stored of a clock against what the log makes of it."""
    case, clock_id = CaseId(row["case_id"]), ClockId(row["clock_id"])
    if right is None:
        return [Difference(case, clock_id, f"{row['number']} {row['kind']} {EXTRA}")]
    try:
        stored = store.read_clock(row, plans.known[row["plan"]])
    except (ValueError, KeyError):
        return [Difference(case, clock_id, f"{_name(right)} {UNREADABLE}")]
    pairs = ((one.name, getattr(stored, one.name), getattr(right, one.name)) for one in fields(Clock))
    said = [
        f"{name} is {_said(is_)}, by the log {_said(should)}" for name, is_, should in pairs if is_ != should
    ]
    return [Difference(case, clock_id, f"{_name(right)}: {'; '.join(said)}")] if said else []


async def _courses(conn: Connection, known: dict[CaseId, Known], shard: int) -> list[Difference]:
    wrong = []
    for some in batched(known, AT_ONCE):
        stored = await store.courses_of(conn, some)
        wrong += [case for case in some if stored.get(case) != known[case].course]
    return [Difference(case, None, f"case {case}: its course differs from the log's") for case in wrong]


async def _rewrite(conn: Connection, sources: Sources, found: Found) -> None:
    """Under the shard's lock: what came since the comparison, then the rows that differ. All others are as they were."""
    suspects = {one.clock_id for one in found.differences if one.clock_id}
    async with conn.transaction():
        await conn.execute(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}")
        await conn.fetchval("SELECT pg_advisory_xact_lock($1, $2)", database.lock_class("sla"), found.shard)
        await sources.advance(conn)
        aside = await store.parked_here(conn, found.shard)
        cases = {case: one for case, one in sources.replay.cases.items() if one.course and case not in aside}
        right = {each: clock for one in cases.values() for each, clock in one.clocks.items()}
        suspects |= {each for case in sources.replay.touched if case in cases for each in cases[case].clocks}
        for some in batched(sorted(suspects), AT_ONCE):
            found.written += await _write(conn, found.shard, some, right)
        again = {one.case for one in found.differences} | sources.replay.touched
        courses = {case: course for case in again if case in cases and (course := cases[case].course)}
        await store.save_courses(conn, found.shard, courses)


async def _write(conn: Connection, shard: int, wanted: Sequence[ClockId], right: dict[ClockId, Clock]) -> int:
    """Those of these rows that differ; how many."""
    plans = store.Plans()
    rows = {row["clock_id"]: row for row in await conn.fetch(store.SQL["clocks"], wanted)}
    await plans.of(conn, {row["plan"] for row in rows.values()})
    wrong = [
        each for each in wanted
        if (each not in rows and each in right) or (each in rows and _row(rows[each], right.get(each), plans))
    ]  # fmt: skip
    await store.replace_clocks(conn, shard, wrong, [right[each] for each in wrong if each in right])
    return len(wrong)


def _name(clock: Clock) -> str:
    return f"{clock.number} {clock.kind}"


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def show(found: Sequence[Found], check: bool, examples: int, took: float) -> None:
    table = Table("shard", "log read to", "clocks", "courses", "left out", "differences", "written")
    for one in found:
        cells = (
            one.shard,
            one.number,
            one.clocks,
            one.courses,
            one.left_out,
            len(one.differences),
            one.written,
        )
        table.add_row(*(f"{cell:,}" for cell in cells))
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    every = [difference for one in found for difference in one.differences]
    for difference in every[:examples]:
        console.print(f"· {escape(difference.what)}")
    if len(every) > examples:
        console.print(f"… and {len(every) - examples:,} more (--examples)")
    if left_out := sum(one.left_out for one in found):
        console.print(
            f"{left_out:,} rows are left out: their cases are parked, or began before what the log still keeps"
        )
    verdict = (
        "equal"
        if not every
        else f"{len(every):,} differences" + ("" if check else ", written anew from the log")
    )
    console.print(
        f"{sum(one.clocks for one in found):,} clocks compared with the log in {took:.1f} s: {verdict}"
    )
