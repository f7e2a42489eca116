"""One function per question to the database. SQL stands in queries.sql."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis import database, queries
from services.chassis.database import Connection
from services.contracts.ids import CaseId, EventId, NoticeId
from services.contracts.values import Audience, Contact, Kind, Locale, Medium, TriageClass
from services.notify.occurrence import Case, Reporter
from services.notify.wording import OnUnknown

SQL = queries.load(Path(__file__).with_name("queries.sql"))
Row = Mapping[str, object]
NUMBERS, ASKING = database.lock_class("notify numbers"), database.lock_class("notify asking")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to whom, by which medium, of which event."""

    notice_id: NoticeId
    case_id: CaseId
    number: str
    event: str
    event_id: EventId
    audience: Audience
    recipient: str
    medium: Medium
    template: str
    locale: Locale
    body: str
    parts: int
    on_unknown: OnUnknown


@dataclass(frozen=True, slots=True)
class Notice(Words):
    """A row of `notice` as it is written. `look_at` is wall time; `done_at` city time, None while it waits."""

    state: str
    provider: str | None
    reason: str | None
    look_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed(Words):
    """A notice this process may try now. `attempts` counts this try. `doubtful`: a try was begun before and nobody
    knows what came of it; `carrier` is the provider of that try.

    `contact` and `app` are the citizen's, where it is for one.
    """

    attempts: int
    doubtful: bool
    carrier: str
    contact: Contact | None = None
    app: str | None = None

    @property
    def words(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(Words)}


@dataclass(frozen=True, slots=True)
class Turned:
    """What `settle` writes: the new state, and for one that goes on, how long (wall) until it is looked at."""

    notice_id: NoticeId
    state: str
    reason: str | None = None
    reference: str | None = None
    after: timedelta = timedelta(0)


async def cases_for(conn: Connection, cases: Iterable[CaseId]) -> dict[CaseId, Case]:
    wanted = list(cases)
    rows = await conn.fetch(SQL["cases_for"], wanted)
    others: dict[UUID, tuple[Reporter, ...]] = {}
    for row in await conn.fetch(SQL["co_reporters"], wanted):
        one = Reporter(CaseId(row["other"]), Locale(row["locale"]), row["phone"], row["app"])
        others[row["case_id"]] = (*others.get(row["case_id"], ()), one)
    return {CaseId(row["case_id"]): _case(row, others.get(row["case_id"], ())) for row in rows}


def _case(row: asyncpg.Record, others: tuple[Reporter, ...]) -> Case:
    words = dict(row)
    return Case(**words | {
        "kind": Kind(words["kind"]), "triage_class": TriageClass(words["triage_class"]), "locale": Locale(words["locale"]),
        "others": others,
    })  # fmt: skip


async def add_co_reporters(conn: Connection, found: Sequence[tuple[CaseId, Reporter, Contact]]) -> None:
    if found:
        rows = [
            (case, one.case_id, one.locale, one.phone, one.app, contact.model_dump(mode="json"))
            for case, one, contact in found
        ]
        await conn.execute(SQL["add_co_reporters"], *columns(rows))


async def drop_co_reporters(conn: Connection, gone: Sequence[tuple[CaseId, CaseId]]) -> None:
    if gone:
        await conn.execute(SQL["drop_co_reporters"], *columns(gone))


async def add_cases(conn: Connection, cases: Sequence[tuple[Case, Contact]]) -> None:
    if cases:
        rows = [
            (c.case_id, c.number, c.channel, c.kind, c.triage_class, c.category, c.area, c.received_at,
             c.due_response_at, c.due_close_at, c.locale, contact.model_dump(mode="json"), c.has_contact, c.phone,
             c.app, c.tracking, c.department, c.handler)
            for c, contact in cases
        ]  # fmt: skip
        await conn.execute(SQL["add_cases"], *columns(rows))


async def set_holders(conn: Connection, cases: Sequence[Case]) -> None:
    if cases:
        await conn.execute(
            SQL["set_holders"], *columns([(c.case_id, c.department, c.handler) for c in cases])
        )


async def add_notices(
    conn: Connection, notices: Sequence[Notice], shard: int, now: datetime
) -> set[NoticeId]:
    """Write them; returns the ids that are new."""
    if not notices:
        return set()
    rows = [
        (n.notice_id, n.case_id, n.number, n.event, n.event_id, n.audience, n.recipient, n.medium, n.template, n.locale,
         n.body, n.parts, n.on_unknown, n.state, n.provider, n.reason, n.look_at, n.done_at)
        for n in notices
    ]  # fmt: skip
    return {NoticeId(row[0]) for row in await conn.fetch(SQL["add_notices"], *columns(rows), shard, now)}


async def add_feed(conn: Connection, notices: Sequence[Notice], now: datetime) -> None:
    if notices:
        rows = [(n.recipient, n.notice_id, n.number, n.event, n.locale, n.body) for n in notices]
        await conn.execute(SQL["add_feed"], *columns(rows), now)


async def claim(
    conn: Connection,
    shard: int,
    media: Sequence[Medium],
    most: int,
    token: UUID,
    lease: timedelta,
    provider: str,
) -> list[Claimed]:
    """Take up to `most` due notices for `lease` of wall time; oldest first."""
    rows = await conn.fetch(SQL["claim"], shard, list(media), most, token, lease, provider)
    citizens = [row["case_id"] for row in rows if row["audience"] == Audience.CITIZEN]
    found = await conn.fetch(SQL["contacts_of"], citizens) if citizens else []
    known = {
        (row["case_id"], address): (Contact.model_validate(row["contact"]), row["app"])
        for row in reversed(found)
        for address in (row["phone"], row["app"])
    }
    return [_claimed(row, *known.get((row["case_id"], row["recipient"]), (None, None))) for row in rows]


def _claimed(row: asyncpg.Record, contact: Contact | None, app: str | None) -> Claimed:
    words = dict(row)
    return Claimed(**words | {
        "audience": Audience(words["audience"]), "medium": Medium(words["medium"]), "locale": Locale(words["locale"]),
        "contact": contact if words["audience"] == Audience.CITIZEN else None, "app": app,
    })  # fmt: skip


async def sent_lately(
    conn: Connection, recipients: Iterable[str], since: datetime, token: UUID
) -> dict[str, int]:
    """SMS that each got since a city time or may be getting, without those claimed by `token` and not begun.

    Until the commit nobody else counts for these numbers, in whatever shard: each share is exact.
    """
    numbers = sorted(set(recipients))
    await conn.execute(SQL["lock_numbers"], NUMBERS, numbers)
    return {
        row["recipient"]: row["sent"] for row in await conn.fetch(SQL["sent_lately"], numbers, since, token)
    }


async def begin(
    pool: asyncpg.Pool, notices: Sequence[NoticeId], token: UUID, margin: timedelta, provider: str
) -> set[NoticeId]:
    """Those whose claim stands for at least `margin` more of wall time: from now on their fate is unknown if we die."""
    rows = await pool.fetch(SQL["begin"], list(notices), token, margin, provider) if notices else []
    return {NoticeId(row[0]) for row in rows}


async def settle(conn: Connection, turned: Sequence[Turned], token: UUID, now: datetime) -> set[NoticeId]:
    """Record what became of a claim; returns those that were still ours."""
    rows = [(t.notice_id, t.state, t.reason, t.reference, t.after) for t in turned]
    return {NoticeId(row[0]) for row in await conn.fetch(SQL["settle"], *columns(rows), now, token)}


async def shards_with_work(pool: asyncpg.Pool, media: Sequence[Medium]) -> set[int]:
    return {row["shard"] for row in await pool.fetch(SQL["shards_with_work"], list(media))}


async def backlog(pool: asyncpg.Pool) -> tuple[int, float]:
    """(notices due and not handed over, wall seconds the oldest has waited)."""
    (row,) = await pool.fetch(SQL["backlog"])
    return row["waiting"], row["oldest"]


async def feed_after(pool: asyncpg.Pool, recipient: str, place: int, limit: int) -> list[Row]:
    return [dict(row) for row in await pool.fetch(SQL["feed_after"], recipient, place, limit)]


async def feed_heads(pool: asyncpg.Pool, recipients: Sequence[str]) -> dict[str, int]:
    return {row["recipient"]: row["last"] for row in await pool.fetch(SQL["feed_heads"], recipients)}


async def case_by_number(pool: asyncpg.Pool, number: str) -> CaseId | None:
    found = await pool.fetchval(SQL["case_by_number"], number)
    return CaseId(found) if found else None


async def reveal_facts(conn: Connection, case_id: CaseId) -> asyncpg.Record | None:
    return await conn.fetchrow(SQL["reveal_facts"], case_id)


async def ask(pool: asyncpg.Pool, principal: str) -> int:
    """Note that a principal asks for a contact; returns how often it has within the last minute (wall) before.

    In a transaction of its own, one at a time for each principal: the cases are in many shards, the share is one.
    """
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute(SQL["lock_principal"], ASKING, principal)
        return int(await conn.fetchval(SQL["ask"], principal))


async def audit(
    conn: Connection,
    principal: str,
    case_id: CaseId | None,
    asked: str,
    purpose: str,
    verdict: str,
    now: datetime,
) -> int:
    return int(await conn.fetchval(SQL["audit"], principal, case_id, asked, purpose, verdict, now))


def columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
