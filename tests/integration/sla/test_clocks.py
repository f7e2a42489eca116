"""Clocks as rows: opened by the log, fired by the ticker, over a real Postgres."""

import hashlib
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from services.chassis import http
from services.contracts import ids
from services.contracts.ids import CaseId
from services.contracts.values import ClockKind
from services.sla import api, metrics, snapshot, store
from services.sla import state as states
from tests.integration.chassis.toy import until
from tests.integration.sla import world
from tests.integration.sla.world import Line, World, case_in, kinds
from tests.unit.sla import sample
from tests.unit.sla.sample import LI, NINE, at

SECOND = timedelta(seconds=1)


@pytest.fixture
async def city(database: str) -> AsyncIterator[World]:
    async with world.opened(database) as opened:
        opened.set_time(NINE)
        yield opened


async def test_a_case_is_timed_from_receipt_to_resolve(city: World) -> None:
    case = case_in(1)
    await city.apply((case, sample.registered()), (case, sample.dispatched(at("09:04"), "a")))
    await city.fire(at("09:20"), 1)
    await city.apply(
        (case, sample.accepted(at("09:25"), "a", LI)), (case, sample.responded(at("09:25"), "a"))
    )
    await city.fire(at("22:00"), 1)
    await city.apply((case, sample.resolved(at("22:30"), "a")))
    await city.fire(at("09:00", days=9), 1)
    told = await city.told(1)
    assert kinds(told, case, "response") == ["started", "warned 50", "warned 80", "stopped"]
    assert kinds(told, case, "close") == ["started", "warned 50", "stopped"]
    warned = next(each for each in told if each.data["clock"] == "close" and each.type == "clock.warned")
    assert (warned.data["holder"], warned.data["handler"]["id"], warned.data["audiences"]) == (
        "a",
        "li",
        ["handler"],
    )
    assert warned.data["late_by"] == pytest.approx(3601, abs=1)
    assert await city.pool.fetchval("SELECT count(*) FROM plan") == 1


async def test_nothing_fires_beyond_the_mark_nor_before_its_number_is_applied(city: World) -> None:
    case = case_in(0)
    await city.apply((case, sample.registered()))
    city.set_time(at("12:00"))
    await city.tick(0)
    city.mark(at("09:16"), 0)
    await city.tick(0)
    assert kinds(await city.told(0), case, "response") == ["started", "warned 50"]
    city.mark(at("12:00"), 0, number=2)
    await city.tick(0)
    assert kinds(await city.told(0), case, "response") == ["started", "warned 50"]
    await city.apply((case, sample.responded(at("09:20"), "a")))
    await city.tick(0)
    assert kinds(await city.told(0), case, "response") == ["started", "warned 50", "stopped"]


async def test_a_full_batch_lets_no_rung_overtake_another(database: str) -> None:
    async with world.opened(database, fire_batch=7) as city:
        received = [NINE + timedelta(seconds=90 * n) for n in range(60)]
        await city.apply(*((case_in(2, n), sample.registered(start)) for n, start in enumerate(received)))
        await city.fire(at("09:00", days=3), 2)
        rungs = [each for each in await city.told(2) if "percent" in each.data]
        assert len(rungs) == 60 * 2 * 5
        instants = [each.data["rung_at"] for each in rungs]
        assert instants == sorted(instants)
        assert len({each.id for each in rungs}) == len(rungs)


@pytest.mark.parametrize("seed", range(6))
async def test_kills_restarts_and_jumps_change_nothing(database: str, seed: int) -> None:
    """Any number of deaths before the commit, of lost memories, of jumps of the clock: each rung once, in order."""
    dice = random.Random(seed)
    async with world.opened(database, fire_batch=3) as city:
        cases = [case_in(0, n) for n in range(5)]
        lines: list[Line] = [(case, sample.registered(NINE + n * 7 * SECOND)) for n, case in enumerate(cases)]
        lines += [(case, sample.responded(at("09:26"), "a")) for case in cases[:2]]
        lines += [(case, sample.resolved(at("23:00"), "a")) for case in cases[:4]]
        now = NINE
        while lines:
            now += timedelta(minutes=dice.choice([1, 3, 40]))
            city.set_time(now + dice.choice([0, 0, -30]) * timedelta(minutes=1))
            match dice.choice(["apply", "apply", "die", "tick", "tick", "die in tick", "restart"]):
                case "apply":
                    await city.apply(lines.pop(0))
                case "die":
                    await city.apply(lines[0], die=True)
                case "tick" if lines:
                    city.mark(min(now, lines[0][1].at - SECOND), 0)
                    await city.tick(0)
                case "die in tick":
                    city.mark(min(now, lines[0][1].at - SECOND), 0)
                    await city.tick(0, die=True)
                case _:
                    city.restart()
        await city.fire(at("09:00", days=5), 0)
        told = await city.told(0)
        whole = ["warned 50", "warned 80", "breached 100", "escalated 150", "escalated 200"]
        for n, case in enumerate(cases):
            expected = ["warned 50", "warned 80", "stopped"] if n < 2 else [*whole, "stopped"]
            assert kinds(told, case, "response") == ["started", *(expected if n < 4 else whole)]
            assert kinds(told, case, "close") == ["started", *(["warned 50", "stopped"] if n < 4 else whole)]


async def test_a_parked_case_waits_and_then_fires_late(city: World) -> None:
    mine, other = case_in(3, 0), case_in(3, 1)
    await city.apply((mine, sample.registered()), (other, sample.registered()))
    city.set_time(at("09:40"))
    city.mark(at("09:35"), 3, parked=(str(mine),))
    await city.tick(3)
    assert kinds(await city.told(3), mine, "response") == ["started"]
    assert kinds(await city.told(3), other, "response")[-1] == "breached 100"
    await city.apply((mine, sample.responded(at("09:29"), "a", late_taken=True)))
    await city.fire(at("09:45"), 3)
    assert kinds(await city.told(3), mine, "response") == ["started", "warned 50", "warned 80", "stopped"]


async def test_what_is_parked_here_waits_too(city: World) -> None:
    case = case_in(3)
    await city.apply((case, sample.registered()))
    await city.pool.execute("INSERT INTO parked (case_id, shard, topic, \"offset\", headers, value, reason, parked_at)"
                            " VALUES ($1, 3, 't', 1, '', '', 'r', now())", case)  # fmt: skip
    await city.pool.execute("UPDATE shard SET parked = 1 WHERE shard = 3")
    await city.fire(at("09:40"), 3)
    assert kinds(await city.told(3), case, "response") == ["started"]


async def test_one_clock_that_raises_holds_up_no_other(city: World) -> None:
    """Tried alone and parked; back by an operator's word, it fires late."""
    broken, sound = case_in(3, 0), case_in(3, 1)
    await city.apply((broken, sample.registered()), (sound, sample.registered()))
    await city.pool.execute(
        "UPDATE clock SET kind = 'nonsense' WHERE case_id = $1 AND kind = 'response'", broken
    )
    city.set_time(at("09:40"))
    city.mark(at("09:35"), 3)
    async with city.ticking():
        await until(lambda: _told(city, sound, "breached 100"))
        await until(lambda: _parked(city, 1))
        await city.pool.execute("UPDATE clock SET kind = 'response' WHERE kind = 'nonsense'")
        await city.pool.execute("UPDATE parked SET retry = true")
        await until(lambda: _told(city, broken, "breached 100"))
    for case in (broken, sound):
        assert kinds(await city.told(3), case, "response") == [
            "started",
            "warned 50",
            "warned 80",
            "breached 100",
        ]
    assert await city.pool.fetchval("SELECT parked FROM shard WHERE shard = 3") == 0


async def _told(city: World, case: CaseId, kind: str) -> bool:
    return kind in kinds(await city.told(3), case, "response")


async def _parked(city: World, many: int) -> bool:
    return bool(await city.pool.fetchval("SELECT count(*) FROM parked WHERE topic = 'timer.rungs'") == many)


async def test_a_breach_of_ours_is_corrected(city: World) -> None:
    case = case_in(0)
    await city.apply((case, sample.registered()), (case, sample.dispatched(at("09:02"), "a")))
    city.state.heard_at -= 60
    city.state.at_end = lambda shard: True
    city.set_time(at("09:31"))
    await city.tick(0)
    breached = next(each for each in await city.told(0) if each.type == "clock.breached")
    assert breached.data["unconfirmed"]
    await city.apply((case, sample.responded(at("09:29"), "a", late_taken=True)))
    assert kinds(await city.told(0), case, "response")[-3:] == ["breached 100", "corrected", "stopped"]
    row = await city.pool.fetchrow(
        "SELECT outcome, corrected, next_rung_at FROM clock WHERE kind = 'response'"
    )
    assert tuple(row or ()) == ("met", True, None)


async def test_after_the_broker_was_away_the_router_has_its_time_again(city: World) -> None:
    """We are at the end of the log again, and the marks are as old as before: that proves no silence of the router's."""
    case = case_in(0)
    await city.apply((case, sample.registered()))
    city.state.heard_at -= 60
    city.state.at_end = lambda shard: False
    assert states.possible(city.state, 0, at("09:31")) is None
    city.state.at_end = lambda shard: True
    city.set_time(at("09:31"))
    await city.tick(0)
    assert kinds(await city.told(0), case, "response") == ["started"]
    city.state.behind_at[0] -= 60
    await city.tick(0)
    assert kinds(await city.told(0), case, "response")[-1] == "breached 100"


async def test_silence_while_behind_fires_nothing_and_alarms(city: World) -> None:
    case = case_in(0)
    await city.apply((case, sample.registered()))
    city.running.plumbing.owned = lambda: {0}
    city.state.heard_at -= 60
    city.set_time(at("12:00"))
    await city.tick(0)
    await snapshot.show_due(city.running)
    assert kinds(await city.told(0), case, "response") == ["started"]
    assert metrics.WAITING.labels("0", "behind")._value.get() == 1


async def test_a_quiet_shard_is_not_asked_again(city: World) -> None:
    state = city.state
    assert states.ready(state, 0)
    await city.tick(0)
    assert not states.ready(state, 0)
    await city.apply((case_in(0), sample.registered()))
    assert not states.ready(state, 0)
    city.set_time(at("09:16"))
    assert not states.ready(state, 0)
    city.mark(at("09:15"), 0)
    assert states.ready(state, 0)


async def test_a_stored_clock_comes_back_as_it_was(city: World) -> None:
    case = case_in(0)
    await city.apply(
        (case, sample.registered()), (case, sample.dispatched(at("09:01"), "a")), (case, sample.accepted(at("09:02"), "a", LI)),
        (case, sample.returned(at("09:50"), "a")), (case, sample.responded(at("09:55"), "b")),
    )  # fmt: skip
    async with city.pool.acquire() as conn:
        known = (await store.clocks_of(conn, city.state.plans, [case]))[case]
        clock = next(each for each in known.values() if each.kind is ClockKind.RESPONSE)
        await store.save(conn, [clock])
        again = (await store.clocks_of(conn, store.Plans(), [case]))[case][clock.clock_id]
    assert again == clock
    assert clock.past[0].holding.handler == LI
    assert clock.stop is not None


async def test_the_ticker_reads_an_index(city: World) -> None:
    await city.apply(*((case_in(0, n), sample.registered(NINE + n * SECOND)) for n in range(300)))
    await city.pool.execute("ANALYZE clock")
    async with city.pool.acquire() as conn:
        await conn.execute("SET enable_seqscan = off")
        plan = await conn.fetch("EXPLAIN " + store.SQL["due"], 0, NINE, [], 100)
    assert any("clock_next_rung" in row[0] for row in plan)
    assert not any("Sort" in row[0] for row in plan)


async def test_counts_by_department(city: World) -> None:
    metrics.know(["a", "b"])
    for n, unit in enumerate(["a", "a", "b", "stranger", "nobody-we-know"]):
        await city.apply(
            (case_in(0, n), sample.registered()), (case_in(0, n), sample.dispatched(at("09:01"), unit))
        )
    await city.apply((case_in(0, 2), sample.responded(at("09:02"), "b")))
    city.running.plumbing.owned = lambda: {0}
    city.set_time(at("09:26"))
    await snapshot.show_running(city.running)
    await snapshot.show_due(city.running)
    assert metrics.OPEN.labels("response", "a")._value.get() == 2
    assert metrics.OPEN.labels("response", "b")._value.get() == 0
    assert metrics.OPEN.labels("response", metrics.OTHER)._value.get() == 2
    assert metrics.OLDEST.labels("response", "a")._value.get() == pytest.approx(26 * 60, abs=1)
    assert metrics.DUE_SOON.labels("response", "5m", "a")._value.get() == 2
    assert metrics.DUE_SOON.labels("response", "5m", metrics.OTHER)._value.get() == 2
    assert metrics.BACKLOG.labels("0")._value.get() == 4
    city.set_time(at("09:31"))
    await snapshot.show_running(city.running)
    assert metrics.BREACHED.labels("response", "a")._value.get() == 2


async def test_a_shard_that_moved_away_is_not_shown_any_more(city: World) -> None:
    def shown() -> set[str]:
        found = (family for gauge in metrics.BY_SHARD for family in gauge.collect())
        return {sample.labels["shard"] for family in found for sample in family.samples}

    city.running.plumbing.owned = lambda: {0, 1}
    await snapshot.show_due(city.running)
    assert shown() == {"0", "1"}
    city.running.plumbing.owned = lambda: {1}
    await snapshot.show_due(city.running)
    assert shown() == {"1"}


async def test_the_door(city: World) -> None:
    case = case_in(0)
    await city.apply((case, sample.registered()), (case, sample.dispatched(at("09:04"), "a")))
    await city.fire(at("09:16"), 0)
    secret = hashlib.sha256(b"secret").digest()
    city.state.ring.replace({"d": ("department:a", secret), "c": ("channel:app", secret)})
    app: FastAPI = http.build("sla", [])
    api.routes(app, city.running)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sla") as client:

        async def ask(case: object, key: str) -> httpx.Response:
            return await client.get(f"/v1/clocks/{case}", headers={"Authorization": f"Bearer {key}.secret"})

        answer = (await ask(case, "d")).json()
        assert [each["clock"] for each in answer["clocks"]] == ["response", "close"]
        assert answer["clocks"][0]["rungs"][0]["fired"] is True
        assert answer["clocks"][0]["holder"] == "a"
        assert answer["clocks"][0]["left_seconds"] == pytest.approx(14 * 60 - 1, abs=2)
        assert (await ask(case, "x")).status_code == 401
        assert (await ask(case, "c")).status_code == 403
        assert (await ask(case_in(1), "d")).status_code == 404
        for unknown in ("not-an-id", "20261122-7K3M-9QX3", ids.public_number(case_in(1), NINE.date())):
            assert (await ask(unknown, "d")).status_code == 404
        spoken = answer["number"].replace("-", " ").lower()
        assert (await ask(spoken, "d")).json()["clocks"][1]["clock_id"] == answer["clocks"][1]["clock_id"]


async def test_a_number_is_looked_up_in_an_index(city: World) -> None:
    await city.apply(*((case_in(0, n), sample.registered(NINE + n * SECOND)) for n in range(300)))
    await city.pool.execute("ANALYZE clock")
    async with city.pool.acquire() as conn:
        await conn.execute("SET enable_seqscan = off")
        plan = await conn.fetch("EXPLAIN " + store.SQL["case_by_number"], sample.NUMBER)
    assert any("clock_of_number" in row[0] for row in plan)


async def test_every_clock_of_a_case_is_kept_over_batches_and_restarts(city: World) -> None:
    """What a batch opens the next one finds, also when memory is gone; each ends once."""
    case = case_in(2)
    back = sample.returned(at("09:10"), "a").model_copy(update={"version": 3})
    for line in (
        sample.registered(promise=sample.full_plan()), sample.dispatched(at("09:02"), "a"), back,
        sample.reviewed(at("09:12"), at("09:02"), at("09:10"), "dispatch-desk"),
        sample.dispatched(at("09:13"), "b").model_copy(update={"assignment_id": "2"}), sample.accepted(at("09:14"), "b", LI),
    ):  # fmt: skip
        await city.apply((case, line))
        city.restart()
    told = await city.told(2)
    stopped = [(each.data["clock"], each.data["outcome"]) for each in told if each.type == "clock.stopped"]
    assert sorted(stopped) == [
        ("accept", "cancelled"), ("accept", "met"), ("dispatch", "met"), ("dispatch", "met"), ("review", "met"),
    ]  # fmt: skip
    await city.fire(at("09:10", days=2), 2)
    assert (
        await city.pool.fetchval("SELECT count(*) FROM clock WHERE outcome IS NULL AND kind = 'accept'") == 0
    )


async def test_a_rest_and_an_extension_survive_a_restart(city: World) -> None:
    """Paused to a cap of two hours, extended by a day, resumed after one: the due is 26 hours and one later."""
    case = case_in(3)
    for line in (
        sample.registered(), sample.paused(at("11:00"), at("13:00")), sample.extended(at("11:30"), timedelta(days=1)),
        sample.resumed(at("12:00"), at("11:00")),
    ):  # fmt: skip
        await city.apply((case, line))
        city.restart()
    due = await city.pool.fetchval("SELECT due_at FROM clock WHERE case_id = $1 AND kind = 'close'", case)
    assert due == at("10:00", days=2)
    told = [each.type for each in await city.told(3) if each.data["clock"] == "close"]
    assert told == ["clock.started", "clock.paused", "clock.extended", "clock.resumed"]
    await city.fire(at("09:00", days=1), 3)
    fired = [
        each.data
        for each in await city.told(3)
        if each.type == "clock.warned" and each.data["clock"] == "close"
    ]
    assert [each["percent"] for each in fired] == []
