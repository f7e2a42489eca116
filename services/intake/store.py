"""Intake's questions to its database, one function each. All of them set-based; none commits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from services.chassis import outbox, queries
from services.chassis.database import Connection
from services.chassis.transaction import Outgoing
from services.contracts import topics
from services.contracts.events import ActReceived
from services.intake.decide import Stored
from services.intake.submission import Entry

SQL = queries.load(Path(__file__).with_name("queries.sql"))


@dataclass(frozen=True, slots=True)
class Step:
    """How one event left a case; None where it does not say."""

    state: str
    holder: str
    holder_is_desk: bool
    changed_at: datetime
    response_due_at: datetime | None = None
    close_due_at: datetime | None = None
    responded_at: datetime | None = None
    public_text: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAct:
    body_hash: bytes
    received_at: datetime


async def time(conn: Connection) -> datetime:
    """Postgres' wall time, within the transaction but not its start."""
    now: datetime = await conn.fetchval(SQL["time"])
    return now


async def journal(
    conn: Connection, entries: Sequence[Entry], numbers: Mapping[str, str], received_at: datetime
) -> set[str]:
    """Write what is not there yet; returns the cases that are new. `entries` in the order of their case ids."""
    columns = zip(*(
        (e.case_id, numbers[e.case_id], e.channel, e.request_key, e.idempotency_key, e.body_hash, e.tracking,
         "{" + e.members.decode() + "}")
        for e in entries
    ), strict=True)  # fmt: skip
    return {row[0] for row in await conn.fetch(SQL["journal"], *columns, received_at)}


async def journaled(conn: Connection, case_ids: Iterable[str]) -> dict[str, Stored]:
    rows = await conn.fetch(SQL["journaled"], list(case_ids))
    return {row["case_id"]: Stored(row["body_hash"], row["number"], row["received_at"]) for row in rows}


async def keys_taken(conn: Connection, entries: Sequence[Entry]) -> set[tuple[str, str]]:
    """(channel, Idempotency-Key) pairs that came before, beside another id of the channel's."""
    beside = [
        (entry.channel, entry.idempotency_key) for entry in entries if entry.idempotency_key is not None
    ]
    if not beside:
        return set()
    rows = await conn.fetch(SQL["keys_taken"], [channel for channel, _ in beside], [key for _, key in beside])
    return {(row["channel"], row["idempotency_key"]) for row in rows}


async def announce(
    conn: Connection, entries: Iterable[Entry], numbers: Mapping[str, str], received_at: str
) -> set[int]:
    """One packed outbox row a shard; its numbers come later. Returns the shards."""
    by_shard: dict[int, Outgoing] = {}
    for entry in entries:
        out = by_shard.get(entry.shard)
        if out is None:
            out = by_shard[entry.shard] = Outgoing()
        out.keys.append(entry.case_id.encode())
        out.headers.append(entry.headers(received_at))
        out.values.append(entry.event(numbers[entry.case_id], received_at))
    for shard in sorted(by_shard):
        await outbox.append_late(conn, topics.SUBMISSIONS, shard, by_shard[shard])
    return set(by_shard)


async def standing(
    conn: Connection, channel: str, case_id: UUID | None, number: str | None
) -> asyncpg.Record | None:
    """A request of this channel by either name, with its progress; None when it has no such."""
    return await conn.fetchrow(SQL["standing"], channel, case_id, number)


async def progress(conn: Connection, steps: Mapping[UUID, Step]) -> None:
    rows = [
        (case, s.state, s.holder, s.holder_is_desk, s.response_due_at, s.close_due_at, s.responded_at, s.public_text,
         s.changed_at)
        for case, s in sorted(steps.items())
    ]  # fmt: skip
    await conn.execute(SQL["progress"], *zip(*rows, strict=True))


async def seen(conn: Connection, channels: Iterable[str]) -> None:
    """These channels sent something just now."""
    await conn.execute(SQL["seen"], sorted(channels))


async def add_act(
    conn: Connection, act_id: UUID, case_id: UUID, key: str, body_hash: bytes, event: ActReceived
) -> bool:
    """False when it is there already."""
    raw = event.model_dump_json()
    row = (act_id, case_id, key, event.kind, body_hash, event.received_at, raw)
    return await conn.fetchval(SQL["add_act"], *row) is not None


async def act(conn: Connection, act_id: UUID) -> StoredAct:
    row = await conn.fetchrow(SQL["act"], act_id)
    assert row is not None
    return StoredAct(row["body_hash"], row["received_at"])
