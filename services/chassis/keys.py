"""API keys: `Authorization: Bearer <key id>.<secret>`. Only the secret's SHA-256 is kept; one answer for every fault."""

import hashlib
import secrets
from collections.abc import Sequence

import asyncpg

from services.chassis import database, rounds
from services.chassis.keyring import KeyRing as KeyRing

SQL = database.SQL
REFRESH_S = 5.0


async def read(pool: asyncpg.Pool) -> dict[str, tuple[str, bytes]]:
    return {row["key_id"]: (row["principal"], row["sha256"]) for row in await pool.fetch(SQL["live_keys"])}


async def open_ring(pool: asyncpg.Pool) -> KeyRing:
    return KeyRing(await read(pool))


async def keep_fresh(ring: KeyRing, pool: asyncpg.Pool) -> None:
    """Until cancelled: keys added or revoked take effect without a restart."""

    async def refresh() -> None:
        ring.replace(await read(pool))

    await rounds.every(REFRESH_S, "keys", refresh)


async def add_to(conn: database.Connection, principal: str, services: Sequence[str]) -> str:
    """Make one key for `principal` that these services know; returns the token, which is not kept anywhere."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    for service in services:
        await conn.execute(f"SET search_path = {service}")
        await conn.execute(SQL["add_key"], key_id, principal, hashlib.sha256(secret.encode()).digest())
    return f"{key_id}.{secret}"
