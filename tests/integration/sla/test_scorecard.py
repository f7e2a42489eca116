"""每周一评 over a real Postgres: frozen when published; an accepted appeal makes a new revision."""

import argparse
import json
from zoneinfo import ZoneInfo

from services.console.clocks import scorecard
from tests.integration.sla import world
from tests.integration.sla.world import case_in
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, NUMBER, at

ZONE = ZoneInfo("Asia/Shanghai")


def asked(**more: object) -> argparse.Namespace:
    rest = {"exclude": None, "clock": "close", "reason": None, "approver": None, "publish": False}
    return argparse.Namespace(week="2026-W48", **rest | more)


async def test_a_published_week_stays_and_an_appeal_makes_a_new_revision(database: str) -> None:
    async with world.opened(database) as city:
        city.set_time(NINE)
        case = case_in(0)
        await city.apply((case, sample.registered()), (case, sample.dispatched(at("09:04"), "a")))
        await city.fire(at("09:00", days=2), 0)
        first = await scorecard.run(database, asked(publish=True), ZONE)
        assert first[1] == 1
        assert (await scorecard.run(database, asked(publish=True), ZONE)) == first
        await city.apply((case, sample.resolved(at("09:00", days=3), "a")))
        assert (await scorecard.run(database, asked(), ZONE)) == first
        assert (
            await scorecard.run(database, asked(publish=True), ZONE)
        ) == first  # frozen, whatever became known
        appeal = asked(exclude=NUMBER, reason="第三方管线", approver="督查室", publish=True)
        body, revision = await scorecard.run(database, appeal, ZONE)
        assert revision == 2
        [row] = json.loads(body)["departments"]
        assert (row["closes"], row["excluded"], row["breaches"]) == (0, 1, 1)
        assert [one["appeal"] for one in json.loads(body)["excluded"]] == [True]
        assert await scorecard.run(database, asked(publish=True), ZONE) == (body, 2)
