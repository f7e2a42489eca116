"""A store that moves on: what a later version adds is the service's own too."""

import asyncpg

from services.chassis import database as databases

MAY = "SELECT has_table_privilege('suban_router', 'router.rule_shadow_case', 'INSERT')"


async def test_a_role_has_what_a_later_version_adds(database: str) -> None:
    conn = await asyncpg.connect(database)
    try:
        await databases.own(conn, "router", "secret")
        await conn.execute("DROP TABLE router.rule_shadow_case")  # as an earlier version left it
        await databases.migrate(conn, "router")
        assert await conn.fetchval(MAY)
    finally:
        await conn.execute("DROP OWNED BY suban_router")
        await conn.execute("DROP ROLE suban_router")
        await conn.close()
