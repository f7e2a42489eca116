"""Delivery rule 9 for what is done by the clock: what raises is tried alone, then parked; on real Postgres."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from services.chassis import clock, database, lanes, retry, ticker
from services.chassis.events_in import Table
from services.chassis.lanes import Lanes
from services.chassis.outbox import Publisher
from services.chassis.service import CaseTimers, Plumbing, Running, Ticker
from services.chassis.testing import FakeProducer
from services.chassis.transaction import Tx
from services.contracts.ids import CaseId
from tests.integration.chassis import toy
from tests.integration.chassis.toy import case_in, until

EVEN = clock.CityClock(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
NEXT = "SELECT case_id FROM due WHERE shard = $1 AND case_id NOT IN (SELECT case_id FROM parked) ORDER BY n"


async def due(tx: Tx[toy.State]) -> list[CaseId]:
    return [CaseId(row["case_id"]) for row in await tx.conn.fetch(NEXT, tx.shard)]


async def ring(tx: Tx[toy.State], cases: Sequence[CaseId]) -> None:
    """Every case told to fail raises, and takes the others of its transaction with it."""
    for case in cases:
        if str(case) in tx.state.poison:
            raise LookupError
        await tx.conn.execute("DELETE FROM due WHERE case_id = $1", case)
        await tx.conn.execute("INSERT INTO applied (case_id, act, at) VALUES ($1, 'rung', $2)", case, tx.now)


async def job(tx: Tx[toy.State]) -> bool:
    await ring(tx, await due(tx))
    return False


async def alone(tx: Tx[toy.State], case_id: CaseId) -> None:
    await ring(tx, [case_id])


BELL = Ticker("bell", timedelta(milliseconds=20), job, cases=CaseTimers(due, alone))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await toy.provision(database)
    made = await _pool(database)
    await made.execute("CREATE TABLE due (n bigint GENERATED ALWAYS AS IDENTITY, shard int, case_id uuid)")
    yield made
    await made.close()


async def _pool(url: str) -> asyncpg.Pool:
    return await database.create_pool(url, toy.NAME, 8)


@asynccontextmanager
async def ticking(pool: asyncpg.Pool, state: toy.State, bell: Ticker = BELL) -> AsyncIterator[Lanes]:
    publisher = Publisher(pool, FakeProducer(), toy.NAME, toy.SHARDS)
    made = Lanes(pool, toy.NAME, toy.SHARDS, EVEN, publisher)
    made.state = state
    plumbing = Plumbing(toy.NAME, cast(Any, None), pool, EVEN, toy.SHARDS, made, publisher, cast(Any, None),
                        cast(Any, None), owned=lambda: set(range(toy.SHARDS)))  # fmt: skip
    running: Running[Any] = Running(plumbing, state)
    loops = (made.serve(), ticker.tick(running, bell), retry.serve(running, Table({}, {}, None)))
    tasks = [asyncio.create_task(loop) for loop in loops]
    yield made
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _set(pool: asyncpg.Pool, *cases: CaseId) -> None:
    await pool.executemany(
        "INSERT INTO due (shard, case_id) VALUES ($1, $2)", [(c.int % 4, c) for c in cases]
    )


async def _rung(pool: asyncpg.Pool) -> set[CaseId]:
    return {CaseId(row["case_id"]) for row in await pool.fetch("SELECT case_id FROM applied")}


async def test_a_timer_that_raises_is_parked_and_the_others_go_on(pool: asyncpg.Pool) -> None:
    bad, *good = cases = [case_in(1, n) for n in range(4)]
    state = toy.State({str(bad)})
    await _set(pool, *cases)
    async with ticking(pool, state):
        await until(lambda: _all_rung(pool, good))
        await until(lambda: _parked(pool, bad))
        state.poison.clear()
        await pool.execute("UPDATE parked SET retry = true")
        await until(lambda: _all_rung(pool, cases))
    assert await pool.fetchval("SELECT count(*) FROM applied") == len(cases), "each once"
    assert await pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_timers_that_all_raise_stop_the_shard(pool: asyncpg.Pool) -> None:
    cases = [case_in(2, n) for n in range(8)]
    await _set(pool, *cases, case_in(0))
    async with ticking(pool, toy.State({str(case) for case in cases})) as working:
        await until(lambda: _stopped(working))
        assert "5 cases failed in a row" in working.stopped()[0]
        await until(lambda: _all_rung(pool, [case_in(0)]))
    assert await pool.fetchval("SELECT count(DISTINCT case_id) FROM parked") == lanes.FAILING_CASES_LIMIT


async def test_a_job_that_fails_for_no_case_rests(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not ten times a second for ever."""
    tries: list[int] = []

    async def broken(tx: Tx[toy.State]) -> bool:
        tries.append(tx.shard)
        raise LookupError

    monkeypatch.setattr(ticker, "REST_S", 0.4)
    async with ticking(pool, toy.State(), replace(BELL, job=broken)):
        await until(lambda: _as_many(tries, 8))
    began = len(tries)
    assert began <= 12


async def test_shards_with_more_to_do_take_turns(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog without end holds up no other shard, and what comes for a shard meanwhile has its transaction."""
    turns: list[int] = []

    async def endless(tx: Tx[toy.State]) -> bool:
        turns.append(tx.shard)
        return True

    async def somebody(tx: Tx[toy.State]) -> int:
        return tx.shard

    monkeypatch.setattr(ticker, "AT_ONCE", 1)
    async with ticking(pool, toy.State(), replace(BELL, job=endless)) as working:
        await until(lambda: _as_many(turns, 40))
        assert await working.run(2, somebody, wait_s=5.0) == 2
    assert all(count >= 8 for count in Counter(turns[:40]).values())
    assert set(turns[:40]) == set(range(toy.SHARDS))


async def _as_many(tries: list[int], many: int) -> bool:
    return len(tries) >= many


async def _all_rung(pool: asyncpg.Pool, cases: Sequence[CaseId]) -> bool:
    return set(cases) <= await _rung(pool)


async def _parked(pool: asyncpg.Pool, case: CaseId) -> bool:
    return bool(await pool.fetchval("SELECT topic FROM parked WHERE case_id = $1", case) == "timer.bell")


async def _stopped(working: Lanes) -> bool:
    return bool(working.stopped())
