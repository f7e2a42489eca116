"""The operators' way to the store."""

import asyncpg

from services.chassis import database, settings
from services.chassis.settings import OperatorSettings


async def connect(service: str | None = None) -> asyncpg.Connection:
    """To one service's schema, or to the database at large. Raises BadSettings, OSError, PostgresError."""
    url = settings.read(OperatorSettings).database_url.get_secret_value()
    path = {"search_path": service} if service else {}
    conn = await asyncpg.connect(url, timeout=10, server_settings=path)
    await database.set_codecs(conn)
    return conn
