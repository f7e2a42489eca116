"""The sets of rules that were ever in force, and the one that runs beside them: one function per question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg

from services.chassis import database, queries
from services.router import writing
from services.router.rules import Rules

SQL = queries.load(Path(__file__).with_name("rulebook.sql"))
FILE, APPLY, ROLLBACK = "file", "apply", "rollback"
SHORTEST_HASH = 6
DIFFERENCES_KEPT = 1000


Asked: TypeAlias = database.Connection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log: from `id` on, the set `digest` is in force. `body` is the file as it was written."""

    id: int
    digest: str
    body: str


@dataclass(frozen=True, slots=True)
class Entering:
    """A set that is to come into force. `since`: not if it has been entered after this entry already."""

    digest: str
    body: str
    rules: Rules
    source: str
    author: str
    note: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A case the shadow would have given to somebody else; None: to nobody, by no rule."""

    case_id: UUID
    number: str
    live: str | None
    live_rule: str | None
    shadow: str | None
    shadow_rule: str | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What a shadow has been asked, and how often it differed."""

    compared: int = 0
    moved: int = 0
    nobody: int = 0
    failed: int = 0


async def newest(conn: Asked, after: int = 0) -> Entry | None:
    row = await conn.fetchrow(SQL["newest"], after)
    return Entry(**row) if row else None


async def ever(conn: Asked) -> frozenset[str]:
    """The digests of all sets that were ever in force."""
    return frozenset(row["digest"] for row in await conn.fetch(SQL["ever"]))


async def enter(conn: database.Connection, wanted: Entering, before: Rules | None) -> Entry:
    """The set comes into force, unless it is: returns the newest entry. `before` are the rules it replaces."""
    async with conn.transaction():
        await conn.execute(SQL["lock_log"])
        last = await newest(conn)
        if last is not None and last.digest == wanted.digest:
            return last
        if last is not None and await _entered_since(conn, wanted):
            return last
        await conn.execute(SQL["keep_set"], wanted.digest, wanted.body, len(wanted.rules.rules))
        diff = writing.diff(before.rules, wanted.rules.rules) if before else ""
        id_ = await conn.fetchval(
            SQL["enter"], wanted.digest, wanted.source, wanted.author, wanted.note, diff
        )
        return Entry(id_, wanted.digest, wanted.body)


async def _entered_since(conn: Asked, wanted: Entering) -> bool:
    return wanted.since is not None and await conn.fetchval(SQL["entered_since"], wanted.digest, wanted.since)


async def like(conn: Asked, beginning: str) -> Sequence[asyncpg.Record]:
    """(digest, body) of sets whose digest begins so: three at most, one when it says which."""
    return await conn.fetch(SQL["sets_like"], beginning)


async def shadow(conn: Asked) -> tuple[str, str] | None:
    """(digest, body) of the candidate that runs beside the set in force."""
    row = await conn.fetchrow(SQL["shadow"])
    return (row["digest"], row["body"]) if row else None


async def add_to_shadow(
    conn: database.Connection, digest: str, sums: Sums, seen: Sequence[Difference]
) -> None:
    async with conn.transaction():
        await conn.execute(SQL["add_to_shadow"], digest, sums.compared, sums.moved, sums.nobody, sums.failed)
        if seen:
            columns = zip(
                *((d.case_id, d.number, d.live, d.live_rule, d.shadow, d.shadow_rule) for d in seen),
                strict=True,
            )
            await conn.execute(SQL["keep_differences"], digest, *map(list, columns))
            await conn.execute(SQL["forget_differences"], DIFFERENCES_KEPT)


async def history(conn: database.Connection, since: datetime, page: int = 2000) -> Sequence[asyncpg.Record]:
    """All cases received since, in order: (case_id, number, body, verdict, holder)."""
    found: list[asyncpg.Record] = []
    last, last_id = since, UUID(int=0)
    while rows := await conn.fetch(SQL["history"], since, last, last_id, page):
        found += rows
        last, last_id = rows[-1]["received_at"], rows[-1]["case_id"]
    return found
