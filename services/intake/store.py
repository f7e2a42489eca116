"""Intake's questions to its database, one function each. All of them set-based; none commits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from services.chassis import packed, queries
from services.chassis.database import Connection
from services.chassis.numbering import Unnumbered
from services.chassis.packed import Outgoing
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
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredAct:
    body_hash: bytes
    received_at: datetime


async def time(conn: Connection) -> datetime:
    """Postgres' wall time, within the transaction but not its start."""
    now: datetime = await conn.fetchval(SQL["time"])
    return now


async def take(
    conn: Connection,
    entries: Sequence[Entry],
    numbers: Mapping[str, str],
    received_at: datetime,
    rows: Sequence[tuple[str, int, Outgoing]],
) -> list[Unnumbered]:
    """Journal and outbox in one statement, which is its own transaction. Raises UniqueViolationError when something of
    `entries` was there; then nothing is written. `entries` in the order of their case ids."""
    columns = zip(*((topic, shard, len(out), packed.pack(out)) for topic, shard, out in rows), strict=True)
    found = await conn.fetch(SQL["take"], *_columns(entries, numbers), received_at, *columns)
    return [Unnumbered(row["id"], *given) for row, given in zip(found, rows, strict=True)]


async def journal(
    conn: Connection, entries: Sequence[Entry], numbers: Mapping[str, str], received_at: datetime
) -> set[str]:
    """Write what is not there yet; returns the cases that are new. `entries` in the order of their case ids."""
    return {row[0] for row in await conn.fetch(SQL["journal"], *_columns(entries, numbers), received_at)}


def _columns(entries: Sequence[Entry], numbers: Mapping[str, str]) -> list[str | bytes]:
    """Joined by newlines, the longest as bytes; see queries.sql."""
    return [
        "\n".join([e.case_id for e in entries]),
        "\n".join([numbers[e.case_id] for e in entries]),
        "\n".join([e.channel for e in entries]),
        "\n".join([e.request_key for e in entries]),
        "\n".join([e.idempotency_key or "" for e in entries]),
        "\n".join([e.body_hash.hex() for e in entries]),
        "\n".join([e.tracking for e in entries]),
        b"{%b}" % b"}\n{".join([e.members for e in entries]),
    ]


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


def announced(
    entries: Iterable[Entry], numbers: Mapping[str, str], received_at: str
) -> list[tuple[str, int, Outgoing]]:
    """What the router hears, packed a shard: (topic, shard, records)."""
    by_shard: dict[int, Outgoing] = {}
    for entry in entries:
        out = by_shard.get(entry.shard)
        if out is None:
            out = by_shard[entry.shard] = Outgoing()
        out.keys.append(entry.case_id.encode())
        out.headers.append(entry.headers(received_at))
        out.values.append(entry.event(numbers[entry.case_id], received_at))
    return [(topics.SUBMISSIONS, shard, by_shard[shard]) for shard in sorted(by_shard)]


async def standing(
    conn: Connection, channel: str, case_id: UUID | None, number: str | None
) -> asyncpg.Record | None:
    """A request of this channel by either name, with its progress; None when it has no such."""
    return await conn.fetchrow(SQL["standing"], channel, case_id, number)


async def named(conn: Connection, number: str) -> asyncpg.Record | None:
    """A request by its public number, with its tracking code."""
    return await conn.fetchrow(SQL["named"], number)


async def progress(conn: Connection, steps: Mapping[UUID, Step]) -> None:
    rows = [
        (case, s.state, s.holder, s.holder_is_desk, s.response_due_at, s.close_due_at, s.responded_at, s.public_text,
         s.resolved_at, s.changed_at)
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
