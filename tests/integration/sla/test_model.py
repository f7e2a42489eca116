"""The same histories, told to the handlers over a real PostgreSQL: what is forgotten is read from its rows again."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from services.contracts import topics
from services.contracts.envelope import Position
from services.contracts.ids import CaseId
from services.contracts.values import ClockKind
from services.sla import course as courses
from services.sla import handlers, store
from services.sla import state as states
from services.sla.course import Account
from tests.integration.sla import world
from tests.integration.sla.world import World
from tests.unit.sla.machine import ClockMachine, Numbered, Said

TABLES = "clock, plan, course, outbox, parked"


@dataclass
class Stored:
    """One shard of sla, all cases of it. Numbers and offsets are dropped by the chassis' own row."""

    world: World
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    applied: int = 0
    told: list[Said] = field(default_factory=list)

    def take(self, lines: Sequence[Numbered]) -> None:
        self.run(self._take(lines))

    async def _take(self, lines: Sequence[Numbered]) -> None:
        async with self.world._begin(0) as tx:
            fresh = []
            for number, case, event in lines:
                position = Position("router", 0, number)
                if not tx.row.is_repeat(topics.CASES, number, position):
                    tx.row.mark(topics.CASES, number, position)
                    fresh.append(world.received((case, event), number))
            if fresh:
                await handlers.on_case_events(fresh, tx)
            self.applied = tx.row.seen[states.LOG]

    def tick(self, now: datetime, proven: datetime, silent: bool) -> None:
        self.world.set_time(now)
        self.world.numbers[0] = self.applied
        self.world.mark(proven, 0)
        if silent:
            self.world.state.heard_at -= 60
        self.world.state.at_end = lambda _: True
        while self.run(self.world.tick(0)):
            pass
        self.told = [(one.type, one.data) for one in self.run(self.world.told(0))]

    def restart(self) -> None:
        self.world.restart()

    def account(self, case: CaseId, until: datetime) -> Account:
        return self.run(self._account(case, until))  # type: ignore[no-any-return]

    async def _account(self, case: CaseId, until: datetime) -> Account:
        async with self.world.pool.acquire() as conn:
            course = (await store.courses_of(conn, [case]))[case]
            known = await store.clocks_of(conn, store.Plans(), [case])
        close = next(clock for clock in known[case].values() if clock.kind is ClockKind.CLOSE)
        return courses.account(course, until, close.measure.ruler)

    def close(self) -> None:
        """The next history begins with nothing."""
        self.run(self.world.pool.execute(f"TRUNCATE {TABLES}"))
        empty = "UPDATE shard SET numbers = '{}', seen = '{}', offsets = '{}'"
        self.run(self.world.pool.execute(empty))
        self.world.numbers.clear()
        self.world.restart()


@pytest.fixture
def stored(database: str) -> Iterator[Callable[[], Stored]]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = runner.run(stack.enter_async_context(world.opened(database, fire_batch=2)))
        yield lambda: Stored(opened, runner.run)
        runner.run(stack.aclose())


def test_over_a_store_too(stored: Callable[[], Stored]) -> None:
    class Machine(ClockMachine):
        def make(self) -> Stored:
            return stored()

        def case_id(self, number: int) -> CaseId:
            return world.case_in(0, number)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
