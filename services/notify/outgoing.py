"""What the local provider keeps: each notice that would have been sent, without anybody's clear address."""

import zlib
from collections.abc import Sequence

import asyncpg

from services.contracts.ids import NoticeId
from services.notify import store
from services.notify.provider import Message

OUTGOING_LOCK = zlib.crc32(b"notify.outgoing")


async def show(pool: asyncpg.Pool, messages: Sequence[Message]) -> dict[NoticeId, int]:
    """Keep what would be sent, without clear addresses. One writer at a time: ids rise in order of commit."""
    rows = [
        (
            m.notice_id,
            m.number,
            m.event,
            m.audience,
            m.medium,
            m.recipient,
            m.masked,
            m.locale,
            m.text,
            m.parts,
            m.at,
        )
        for m in messages
    ]
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute(store.SQL["lock_outgoing"], OUTGOING_LOCK)
        kept = await conn.fetch(store.SQL["show_outgoing"], *store.columns(rows))
    return {NoticeId(row["notice_id"]): row["id"] for row in kept}


async def of(pool: asyncpg.Pool, notices: Sequence[NoticeId]) -> dict[NoticeId, int]:
    return {
        NoticeId(row["notice_id"]): row["id"]
        for row in await pool.fetch(store.SQL["outgoing_of"], list(notices))
    }


async def after(pool: asyncpg.Pool, cursor: int, limit: int) -> list[store.Row]:
    return [dict(row) for row in await pool.fetch(store.SQL["outgoing_after"], cursor, limit)]


async def latest(pool: asyncpg.Pool, number: str | None, audience: str | None, limit: int) -> list[store.Row]:
    return [dict(row) for row in await pool.fetch(store.SQL["outgoing_latest"], number, audience, limit)]


async def count(pool: asyncpg.Pool) -> list[store.Row]:
    return [dict(row) for row in await pool.fetch(store.SQL["outgoing_count"])]
