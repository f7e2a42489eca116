"""Postgres: pools whose sessions cannot freeze a shard, and schemas brought up to date."""

import re
import zlib
from pathlib import Path
from typing import TypeAlias

import asyncpg
import orjson

from services.chassis import queries

SQL = queries.load(Path(__file__).with_name("queries.sql"))
SERVICES = ("intake", "router", "sla", "notify")
SCHEMA_VERSION = 2

Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

# A frozen process must not hold its shard (delivery rule 2): the server ends such sessions by itself.
SESSION = {
    "idle_in_transaction_session_timeout": "3000",
    "lock_timeout": "2000",
    "statement_timeout": "15000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "jit": "off",
}


def lock_class(service: str) -> int:
    """The first key of the service's advisory locks; the second is the shard."""
    return zlib.crc32(service.encode()) & 0x7FFFFFFF


async def create_pool(url: str, service: str, size: int) -> asyncpg.Pool:
    """A pool in the service's schema. Raises OSError or PostgresError when the server cannot be reached."""
    return await asyncpg.create_pool(
        url, min_size=2, max_size=size, init=set_codecs, command_timeout=20, timeout=5,
        max_inactive_connection_lifetime=600, reset=_as_it_is,
        server_settings={**SESSION, "search_path": service, "application_name": f"suban-{service}"},
    )  # fmt: skip


async def _as_it_is(_conn: Connection) -> None:
    """Between two users of a connection: nothing of ours changes a session, so the round trip of RESET ALL is saved.

    asyncpg itself still rolls back what was left open.
    """


async def set_codecs(conn: Connection) -> None:
    """jsonb in and out as Python values, through orjson."""
    await conn.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value), decoder=lambda raw: orjson.loads(raw[1:]),
    )  # fmt: skip


async def migrate(conn: Connection, service: str) -> None:
    """Create or bring up to date the schema of one service. Idempotent; run by `provision`, never by a service.

    A role that the service has already sees what is new too.
    """
    assert service in SERVICES
    await conn.execute(f"CREATE SCHEMA IF NOT EXISTS {service}")
    await conn.execute(f"SET search_path = {service}")
    here = Path(__file__).parent
    for path in (here / "schema.sql", here.parent / service / "schema.sql"):
        if path.exists():
            await conn.execute(path.read_text(encoding="utf-8"))
    await conn.execute("RESET search_path")
    if await _exists(conn, role_of(service)):
        await _grant(conn, service)


def role_of(service: str) -> str:
    return f"suban_{service}"


async def _exists(conn: Connection, role: str) -> bool:
    return bool(await conn.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role))


async def _grant(conn: Connection, service: str) -> None:
    role = role_of(service)
    await conn.execute(f"GRANT USAGE ON SCHEMA {service} TO {role}")
    await conn.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {service} TO {role}")
    await conn.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {service} TO {role}")


async def own(conn: Connection, service: str, password: str) -> str:
    """A role of the service's own, which sees its own schema and no other. Returns the role's name."""
    role = role_of(service)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", password):
        raise ValueError("a role's password may hold letters, digits, _ and - only")
    verb = "ALTER" if await _exists(conn, role) else "CREATE"
    await conn.execute(f"{verb} ROLE {role} LOGIN PASSWORD '{password}'")
    await _grant(conn, service)
    return role
