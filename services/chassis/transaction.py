"""The transaction every effect on a case happens in: lock, time, repeats, effects, outbox, advance.

Services see `Tx`: a connection, the time, the shard, their own state, and `emit`. The rest is the lanes' business.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

import asyncpg

from services.chassis import database, heads, packed
from services.chassis.clock import CityClock
from services.chassis.failure import Gap, ShardStopped
from services.chassis.packed import Outgoing, Written
from services.contracts import ids
from services.contracts.envelope import Position
from services.contracts.events import Event
from services.contracts.ids import CaseId

S = TypeVar("S")
SQL = database.SQL
TICK = timedelta(microseconds=1)
AHEAD_LIMIT = timedelta(seconds=5)


@dataclass(slots=True)
class ShardRow:
    """The shard's memory: what was given, what was applied, and when."""

    last_wall: datetime
    numbers: dict[str, int]
    seen: dict[str, int]
    offsets: dict[str, int]
    parked: int

    def is_repeat(self, topic: str, offset: int, position: Position | None) -> bool:
        """Delivery rule 5. Raises Gap when a number before this one has not been applied."""
        if position is None:
            return offset <= self.offsets.get(topic, -1)
        last = self.seen.get(f"{position.source}>{topic}")
        if last is None or position.number == last + 1:
            return False
        if position.number > last + 1:
            raise Gap(topic, last + 1, position.number)
        return True

    def mark(self, topic: str, offset: int, position: Position | None) -> None:
        self.offsets[topic] = max(offset, self.offsets.get(topic, -1))
        if position is not None:
            self.seen[f"{position.source}>{topic}"] = position.number


@dataclass(slots=True)
class Tx(Generic[S]):
    """One transaction on one shard.

    `now` is city time, strictly later than that of every earlier transaction on this shard. `state` is what the
    service built at boot. Handlers never commit, catch, sleep, read the clock or roll dice. What they count or
    remember in memory goes into `after_commit`, so that a transaction tried again counts once.
    """

    conn: database.Connection
    shard: int
    now: datetime
    state: S
    source: str
    row: ShardRow
    outgoing: dict[str, Outgoing] = field(default_factory=lambda: defaultdict(Outgoing))
    written: list[Written] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    _ordinals: dict[tuple[str, str], int] = field(default_factory=dict)

    def emit(
        self,
        event: Event,
        *,
        case_id: CaseId,
        cause: str,
        at: datetime | None = None,
        correlation_id: str = "",
        topic: str | None = None,
    ) -> str:
        """Put an event into the outbox; it is on its topic soon after the commit, and never if there is none.

        `cause` is the id of what made it happen (event, command, clock instance and rung): the event's own id is
        derived from it and returned. A per-department topic is filled in from `event.department`.
        """
        ordinal = self._ordinals.get((cause, event.TYPE), 0)
        self._ordinals[cause, event.TYPE] = ordinal + 1
        event_id, case = ids.written(*ids.event_parts(cause, event.TYPE, ordinal)), str(case_id)
        own = event_id, heads.moment(at or self.now), case, correlation_id or case, cause
        packed_headers, sent_headers = heads.of_event(self.source, event.TYPE, own)
        out = self.outgoing[topic or topic_of(event)]
        out.keys.append(case.encode())
        out.headers.append(packed_headers)
        out.values.append(event.written())
        out.sent.append(sent_headers)
        return event_id

    def emit_written(self, topic: str, written: Iterable[tuple[str, str, str, bytes]]) -> None:
        """As `emit`, a thousand at a time: (type, case, cause, data as its model would write it), none of them `emit`ted too.

        Each is the first and only event of its type that its cause has.
        """
        out, at = self.outgoing[topic], heads.moment(self.now)
        for kind, case, cause, value in written:
            own = ids.written(*ids.event_parts(cause, kind, 0)), at, case, case, cause
            packed_headers, sent_headers = heads.of_event(self.source, kind, own)
            out.keys.append(case.encode())
            out.headers.append(packed_headers)
            out.values.append(value)
            out.sent.append(sent_headers)


@asynccontextmanager
async def begin(
    pool: asyncpg.Pool, service: str, shard: int, clock: CityClock, state: S
) -> AsyncIterator[Tx[S]]:
    """Lock the shard, then in a second statement read its row; at the end write outbox and row, and commit.

    Two statements because in one the row comes from a snapshot older than the lock (delivery rule 2).
    """
    async with pool.acquire() as conn:
        try:
            await conn.execute(
                f"BEGIN; SELECT pg_advisory_xact_lock({database.lock_class(service)}, {shard:d})"
            )
            tx = await _opened(conn, service, shard, clock, state)
            yield tx
            await _write(tx)
            await conn.execute("COMMIT")
        except BaseException:
            await _roll_back(conn)
            raise
    for remember in tx.after_commit:
        remember()


async def _opened(conn: database.Connection, service: str, shard: int, clock: CityClock, state: S) -> Tx[S]:
    """The shard's row and the time, read under its lock."""
    found = await conn.fetchrow(SQL["read_shard"], shard)
    if found is None:
        raise ShardStopped(
            f"shard {shard} was never provisioned: a record came from a partition beyond the city's shards"
        )
    values: dict[str, Any] = dict(found)
    wall: datetime = values.pop("wall")
    clock.told.hear(wall)
    row = ShardRow(**values)
    if row.last_wall > wall + AHEAD_LIMIT:
        raise ShardStopped(f"shard {shard}: its last time is {row.last_wall - wall} ahead of Postgres' clock")
    row.last_wall = max(wall, row.last_wall + TICK)
    return Tx(conn, shard, clock.city(row.last_wall), state, service, row)


async def _roll_back(conn: database.Connection) -> None:
    """A connection that cannot even do that is closed: nothing of it is committed, and nobody waits for it."""
    try:
        async with asyncio.timeout(2.0):
            await conn.execute("ROLLBACK")
    except Exception:
        conn.terminate()


async def _write(tx: Tx[Any]) -> None:
    """The outbox and the shard's row, in one round trip: a batch of the router writes to dozens of departments."""
    row = tx.row
    for topic, out in tx.outgoing.items():
        first = row.numbers.get(topic, 0) + 1
        row.numbers[topic] = first + len(out) - 1
        tx.written.append(Written(topic, first, out))
    advanced = (tx.shard, row.last_wall, row.numbers, row.seen, row.offsets, row.parked)
    if tx.written:
        rows = [(one.topic, tx.shard, one.first, one.records) for one in tx.written]
        await tx.conn.execute(SQL["write_and_advance"], *advanced, *_columns(rows))
    else:
        await tx.conn.execute(SQL["advance_shard"], *advanced)


async def append(
    conn: database.Connection, rows: Sequence[tuple[str, int, int | None, Outgoing]]
) -> list[int]:
    """(topic, shard, number of the first record, records), packed, a row each; returns the rows' ids.

    Without a number the publisher gives it later (intake, delivery rule 11).
    """
    return [row["id"] for row in await conn.fetch(SQL["append_outbox"], *_columns(rows))]


def _columns(rows: Sequence[tuple[str, int, int | None, Outgoing]]) -> Iterator[tuple[object, ...]]:
    packed_rows = ((topic, shard, first, len(out), packed.pack(out)) for topic, shard, first, out in rows)
    return zip(*packed_rows, strict=True)


def topic_of(event: Event) -> str:
    if "{department}" not in event.TOPIC:
        return event.TOPIC
    return _filled_in(event.TOPIC, getattr(event, "department"))  # noqa: B009


@lru_cache(maxsize=2000)
def _filled_in(template: str, department: str) -> str:
    return template.format(department=department)
