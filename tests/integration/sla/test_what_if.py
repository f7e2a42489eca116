"""What if, over what this city has timed."""

from datetime import timedelta

import asyncpg

from services.console.clocks import simulate
from tests.integration.sla import world
from tests.integration.sla.world import case_in
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, at

DAY = timedelta(days=1)


async def test_the_last_days_are_the_citys(database: str) -> None:
    """Received forty days before the city's today, and one: of these two the last thirty have one, judged today."""
    async with world.opened(database) as city:
        for number, days in enumerate((0, 39)):
            await city.apply(
                (case_in(1, number), sample.registered(NINE + days * DAY)),
                (case_in(1, number), sample.responded(at("09:20", days), "a")),
            )
    conn = await asyncpg.connect(database)
    await conn.execute(
        "UPDATE sla.meta SET value = value || jsonb_build_object('city_base', $1::timestamptz,"
        " 'wall_base', clock_timestamp()) WHERE key = 'clock'", NINE + 40 * DAY,
    )  # fmt: skip
    await conn.close()
    (past,), now = await simulate.read(database, 30 * DAY)
    assert timedelta() <= now - (NINE + 40 * DAY) < timedelta(minutes=5)
    assert (past.received_at, past.responded_at, past.closed_at) == (NINE + 39 * DAY, at("09:20", 39), None)
    assert (past.department, past.facts.category, past.facts.area) == (
        "a",
        "市容环卫/占道经营",
        "pingshan/biling",
    )
