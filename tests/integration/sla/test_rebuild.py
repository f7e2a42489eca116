"""The clocks made again from the log, while sla runs: a real broker, a real PostgreSQL, and lines that keep coming."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from services.console.clocks import command
from services.contracts import topics
from services.contracts.events import CaseEvent
from services.sla.state import State
from tests import servers
from tests.integration.chassis.toy import until
from tests.integration.sla import world
from tests.integration.sla.test_service import Log, log, serving
from tests.integration.sla.world import SHARDS, case_in
from tests.unit.sla import sample

__all__ = ["log"]  # the fixture
DAYS_AGO = datetime.now(UTC) - timedelta(days=3)
EACH = 5


def minutes(many: int) -> datetime:
    return DAYS_AGO + timedelta(minutes=many)


SECOND = {"assignment_id": "2", "assignment_version": 2}
CHAPTERS: tuple[tuple[tuple[CaseEvent, ...], int], ...] = (
    ((sample.registered(DAYS_AGO, sample.full_plan()),), 16),
    ((sample.dispatched(minutes(18), "a"), sample.returned(minutes(25), "a")), 26),
    (
        (
            sample.dispatched(minutes(28), "b").model_copy(update=SECOND),
            sample.accepted(minutes(29), "b", sample.LI).model_copy(update=SECOND),
        ),
        40,
    ),
    ((sample.responded(minutes(45), "b"), sample.paused(minutes(60), minutes(400))), 300),
    ((sample.resumed(minutes(310), minutes(60)), sample.extended(minutes(320), timedelta(hours=2))), 1700),
    ((sample.resolved(minutes(1750), "b"), sample.reopened(minutes(2000), minutes(1750))), 2500),
)
"""Lines of one case, and up to which minute the router then marks the log as whole."""


class City:
    """A running sla, and a router that goes on writing."""

    def __init__(self, log: Log, state: State, conn: asyncpg.Connection) -> None:
        self.log, self.state, self.conn = log, state, conn

    async def story(self) -> None:
        """Every case, chapter by chapter; rungs fire in between, and breach."""
        for chapter, (events, marked) in enumerate(CHAPTERS, start=1):
            told = [each.model_copy(update={"version": 10 * chapter + n}) for n, each in enumerate(events)]
            for number in range(EACH * SHARDS):
                case = case_in(number % SHARDS, number // SHARDS)
                await self.log.write(*((case, event) for event in told))
            await until(lambda marked=marked: self.reached(minutes(marked)))  # type: ignore[misc]
        assert not await self.conn.fetchval("SELECT count(*) FROM parked")

    async def reached(self, at: datetime) -> bool:
        """The mark is said again until no rung before it is left."""
        await self.log.mark(self.state, at)
        applied = await self.conn.fetchval("SELECT sum((seen ->> 'router>suban.cases.v1')::int) FROM shard")
        left = await self.conn.fetchval("SELECT count(*) FROM clock WHERE next_rung_at < $1", at)
        return bool(applied == sum(self.log.numbers.values()) and left == 0)

    async def go_on(self) -> None:
        """Until cancelled: new cases, and time passes."""
        number = 1000
        while True:
            number += 1
            case, at = case_in(number % SHARDS, number), minutes(number)
            await self.log.write((case, sample.registered(at)), (case, sample.dispatched(at, "a")))
            await self.log.mark(self.state, minutes(2500 + number))


@asynccontextmanager
async def city_at_work(log: Log, database: str, bootstrap: str) -> AsyncIterator[City]:
    await world.provision(database)
    conn = await asyncpg.connect(database, server_settings={"search_path": "sla"})
    async with serving(database, bootstrap) as state:
        city = City(log, state, conn)
        await city.story()
        writing = asyncio.create_task(city.go_on())
        yield city
        writing.cancel()
    await conn.close()


async def rebuild(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = await asyncio.to_thread(command.main, ["rebuild", *words])
    return code, capsys.readouterr().out


async def test_the_table_is_the_logs_and_can_be_made_of_it_again(
    log: Log, database: str, empty_kafka: servers.Broker,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("SUBAN_DATABASE_URL", database)
    monkeypatch.setenv("SUBAN_KAFKA_BOOTSTRAP", empty_kafka.bootstrap)
    async with city_at_work(log, database, empty_kafka.bootstrap) as city:
        breached = await city.conn.fetchval("SELECT count(*) FROM clock WHERE breached_at IS NOT NULL")
        assert breached >= EACH * SHARDS
        code, said = await rebuild(capsys, "--check")
        assert (code, said.rstrip().endswith(": equal")) == (0, True), said
        done = "SELECT clock_id FROM clock WHERE kind = 'response' AND outcome IS NOT NULL ORDER BY clock_id"
        moved, lost, *_ = [row["clock_id"] for row in await city.conn.fetch(done)]
        await city.conn.execute(
            "UPDATE clock SET due_at = due_at + interval '1 ms' WHERE clock_id = $1", moved
        )
        await city.conn.execute("DELETE FROM clock WHERE clock_id = $1", lost)
        code, said = await rebuild(capsys, "--check")
        assert code == 1
        assert "due_at is" in said
        assert "response has no row" in said
        assert "2 differences" in said
        assert (await rebuild(capsys))[0] == 0
        code, said = await rebuild(capsys, "--check")
        assert (code, said.rstrip().endswith(": equal")) == (0, True), said


async def test_a_table_that_is_lost_comes_back_whole(
    log: Log, database: str, empty_kafka: servers.Broker,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("SUBAN_DATABASE_URL", database)
    monkeypatch.setenv("SUBAN_KAFKA_BOOTSTRAP", empty_kafka.bootstrap)
    async with city_at_work(log, database, empty_kafka.bootstrap) as city:
        await city.conn.execute("TRUNCATE clock, course")
        assert (await rebuild(capsys, "--check"))[0] == 1
        assert (await rebuild(capsys))[0] == 0
        code, said = await rebuild(capsys, "--check")
        assert (code, said.rstrip().endswith(": equal")) == (0, True), said
        assert await city.conn.fetchval("SELECT count(*) FROM clock WHERE kind = 'redo'") == EACH * SHARDS
        forget(empty_kafka.bootstrap, 8)
        code, said = await rebuild(capsys, "--check", "--shard", "0")
        assert (code, f"{8 * EACH} rows are left out" in said) == (0, True), said


def forget(bootstrap: str, lines: int) -> None:
    """The first lines of shard 0's log are kept no longer."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for gone in admin.delete_records([TopicPartition(topics.CASES, 0, lines)]).values():
        gone.result()
