"""Numbers for what was written without the shard's lock (intake, delivery rule 11; ADR 0005)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from services.chassis import database
from services.chassis.packed import Outgoing, Written

SQL = database.SQL


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """A committed row of the outbox that waits for its number."""

    id: int
    topic: str
    shard: int
    records: Outgoing


@dataclass(frozen=True, slots=True)
class Numbered:
    """What a round gave numbers to. `written` by shard; `unknown`: shards where another process' rows were among them;
    `busy`: shards somebody was writing just then."""

    written: dict[int, list[Written]]
    unknown: set[int]
    busy: set[int]


async def give(
    pool: asyncpg.Pool, service: str, shards: Iterable[int], waiting: Sequence[Unnumbered], orphans: bool
) -> Numbered:
    """One transaction for all these shards, committed before anything is sent.

    Rows of `waiting` only, unless `orphans`: a row may be committed and its process not have told us yet. One of
    `waiting` that gets no number here has one from another process, and is found when the store is looked through.
    """
    asked = sorted(shards)
    if not asked:
        return Numbered({}, set(), set())
    mine = {row.id: row for row in waiting}
    async with pool.acquire() as conn, conn.transaction():
        locked = [row[0] for row in await conn.fetch(SQL["try_locks"], database.lock_class(service), asked)]
        rows = (
            await conn.fetch(SQL["give_numbers"], locked, None if orphans else list(mine)) if locked else []
        )
    found = Numbered({}, set(), set(asked) - set(locked))
    for row in rows:
        own = mine.get(row["id"])
        if own is None:
            found.unknown.add(row["shard"])
        else:
            found.written.setdefault(own.shard, []).append(Written(own.topic, row["first"], own.records))
    return found
