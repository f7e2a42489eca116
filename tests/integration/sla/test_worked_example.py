"""product.md's worked example through a router and an sla that work on a real Postgres, to the minute.

The city's time is set by hand; what the router writes to the log is what sla reads.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.chassis.clock import CityClock
from services.console.clocks import ledger as ledgers
from services.contracts import ids, topics
from services.contracts.events import CaseEvent
from services.contracts.ids import CaseId
from services.sla import store, views
from services.sla.views import AccountView
from tests.integration.router import rig as routers
from tests.integration.router.rig import Rig
from tests.integration.sla import world
from tests.integration.sla.world import World
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, at

MINUTE = 60


@dataclass
class Story:
    router: Rig
    sla: World
    case: CaseId
    read: int = 0
    asked: int = 0
    log: list[str] = field(default_factory=list)

    def turn(self, instant: datetime) -> None:
        clock = CityClock(wall_base=datetime.now(UTC), city_base=instant)
        self.router.running.plumbing.clock = self.router.running.plumbing.lanes.clock = clock
        self.sla.set_time(instant)

    async def says(self, who: str, instant: datetime, command: str, **more: Any) -> None:
        """Who (`desk`, or a department) commands at this instant; sla takes what follows."""
        self.turn(instant + timedelta(milliseconds=1))
        self.asked += 1
        body = {"command": command, "command_id": str(self.asked), **more}
        if who == "desk":
            answer = await self.router.call("POST", f"/v1/cases/{self.case}/commands", json=body)
            assert answer.status_code == 200, answer.text
        else:
            await self.router.ask(who, {**body, "case": str(self.case)}, at=instant)
        await self.pass_on(instant)

    async def pass_on(self, instant: datetime) -> None:
        """What is new on the log, and whatever falls due by now."""
        lines = [one for one in await self.router.written() if one.topic == topics.CASES]
        for one in lines[self.read :]:
            await self.sla.apply((one.envelope.case_id, cast(CaseEvent, one.data)))
            self.log.append(f"{one.envelope.type} {one.data.at - NINE}")  # type: ignore[attr-defined]
        self.read = len(lines)
        await self.sla.fire(instant, ids.shard_of(self.case, routers.SHARDS))

    async def stopped(self, clock: str) -> dict[str, Any]:
        told = await self.sla.told(ids.shard_of(self.case, routers.SHARDS))
        return next(
            each.data for each in told if each.type == "clock.stopped" and each.data["clock"] == clock
        )

    async def account(self, instant: datetime) -> AccountView:
        async with self.sla.pool.acquire() as conn:
            course = (await store.courses_of(conn, [self.case]))[self.case]
            clocks = await store.clocks_of(conn, self.sla.state.plans, [self.case])
        return views.account(course, tuple(clocks[self.case].values()), instant)


@pytest.fixture
async def story(database: str) -> AsyncIterator[Story]:
    async with routers.started(database) as router, world.opened(database) as sla:
        received = routers.submission("worked", NINE, received_at=NINE, text="有事")
        found = Story(router, sla, received.case_id)
        found.turn(NINE)
        await router.take(received)
        await found.pass_on(NINE)
        yield found


def held(account: AccountView) -> dict[str, int]:
    """Whole minutes by owner; what our own hands took is less than one."""
    return {span.of: round(span.seconds / MINUTE) for span in account.holdings if span.of != "us"}


async def test_the_worked_example(story: Story) -> None:
    desk, handler = "dispatch-desk", {"id": "li", "name": "李工"}
    await story.says("desk", at("09:04"), "assign", department="police", reason="治安")
    await story.says("police", at("09:50"), "return", reason_code="wrong_jurisdiction", grounds="不属本单位")
    await story.says("desk", at("10:00"), "assign", department="education", reason="教育")
    await story.says("education", at("10:05"), "accept", handler=handler)
    assert held(await story.account(at("10:05"))) == {desk: 4 + 10, "police": 46, "education": 5}
    await story.says("education", at("11:00"), "pause", reason="awaiting_citizen", grounds="等补充材料")
    await story.says("education", at("13:00"), "resume")
    await story.says("education", at("08:00", days=1), "resolve", kind="fixed", public_text="已处理")
    response, close = await story.stopped("response"), await story.stopped("close")
    assert (response["due_at"], response["stopped_at"]) == (instant("09:30"), instant("10:05"))
    assert response["outcome"] == "breached"
    assert (close["due_at"], close["stopped_at"], close["outcome"]) == (
        instant("11:00", days=1), instant("08:00", days=1), "met",
    )  # fmt: skip
    whole = await story.account(at("12:00", days=1))
    assert (sum(span.seconds for span in whole.holdings), [(span.of, span.seconds) for span in whole.waits]) == (
        21 * 3600, [("awaiting_citizen", 2 * 3600)],
    )  # fmt: skip
    assert whole.line.en.endswith("; 2 h paused for the citizen.")


def instant(hour: str, days: int = 0) -> str:
    return at(hour, days).isoformat().replace("+00:00", "Z")


async def test_the_ledger_of_a_community_and_a_month(story: Story, database: str) -> None:
    """What the command reads: cases received in the month whose area is the community's or below it."""
    await story.says("desk", at("09:04"), "assign", department="police", reason="治安")
    case = world.case_in(0)
    await story.sla.apply((case, sample.registered()))
    since, until_ = at("00:00"), at("00:00", days=30)
    entries, _ = await ledgers.read(database, "pingshan", since, until_)
    assert [entry.close.case_id for entry in entries] == [case]
    assert (await ledgers.read(database, "pingshan", until_, until_))[0] == []
    assert (await ledgers.read(database, "pingshan/biling/no", since, until_))[0] == []
