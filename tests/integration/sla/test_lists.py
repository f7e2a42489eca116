"""GET /v1/clocks: the clocks behind a figure, over a real Postgres."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from services.chassis import http
from services.sla import api, metrics, snapshot, store
from tests.integration.sla import world
from tests.integration.sla.world import World, case_in
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, at

MINUTE = timedelta(minutes=1)
KEYS = {who: (who, hashlib.sha256(b"s").digest()) for who in ("desk:duty", "department:a", "channel:web")}


class Door:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, who: str = "desk:duty", **asked: str) -> httpx.Response:
        return await self._client.get(
            "/v1/clocks", params=asked, headers={"Authorization": f"Bearer {who}.s"}
        )

    async def numbers(self, who: str = "desk:duty", **asked: str) -> list[tuple[str, str]]:
        """(department, clock) of everything listed, page by page."""
        found: list[tuple[str, str]] = []
        while True:
            answer = await self.ask(who, **asked)
            assert answer.status_code == 200, answer.text
            found += [(line["department"], line["clock"]) for line in answer.json()["clocks"]]
            if answer.json()["next"] is None:
                return found
            asked["cursor"] = answer.json()["next"]

    async def browse(self, authorization: str = "", **asked: str) -> httpx.Response:
        headers = {"Accept": "text/html,application/xhtml+xml"}
        headers |= {"Authorization": authorization} if authorization else {}
        return await self._client.get("/v1/clocks", params=asked, headers=headers)


@pytest.fixture
async def city(database: str) -> AsyncIterator[World]:
    """Nine o'clock and five minutes: five cases a minute apart; a has three, b one, one whom nobody knows has one."""
    async with world.opened(database) as opened:
        metrics.know(["a", "b"])
        opened.set_time(NINE)
        for n, unit in enumerate(["a", "a", "a", "b", "stranger"]):
            begun = NINE + n * MINUTE
            case = case_in(0, n)
            await opened.apply(
                (case, sample.registered(begun)), (case, sample.dispatched(begun + MINUTE, unit))
            )
        yield opened


@pytest.fixture
async def door(city: World) -> AsyncIterator[Door]:
    app: FastAPI = http.build("sla", [])
    city.state.ring.replace(KEYS)
    api.routes(app, city.running)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sla") as client:
        yield Door(client)


async def test_due_soon_lists_what_the_gauge_counts(city: World, door: Door) -> None:
    city.set_time(at("09:27:30"))
    await snapshot.show_due(city.running)
    for department, many in (("a", 3), ("b", 0), (metrics.OTHER, 0)):
        gauge = metrics.DUE_SOON.labels("response", "5m", department)._value.get()
        asked = {"state": "due_soon", "within": "PT5M", "clock": "response", "department": department}
        assert (gauge, len(await door.numbers(**asked))) == (many, many)
    city.set_time(at("09:29:30"))
    assert await door.numbers(state="due_soon", within="PT5M", department=metrics.OTHER) == [
        ("stranger", "response")
    ]


async def test_breached_lists_what_runs_past_its_due_page_by_page(city: World, door: Door) -> None:
    await city.fire(at("09:33:30"), 0)
    await snapshot.show_running(city.running)
    assert metrics.BREACHED.labels("response", "a")._value.get() == 3
    found = await door.numbers(state="breached", clock="response", limit="2")
    assert found == [("a", "response")] * 3 + [("b", "response")]
    first = (await door.ask(state="breached", limit="1")).json()["clocks"][0]
    assert (first["left_seconds"], first["line"]["en"][:32]) == (
        pytest.approx(-211, abs=1),
        "response clock: 3 min 31 s late,",
    )


async def test_since_lists_what_was_counted_also_when_it_has_stopped(city: World, door: Door) -> None:
    await city.fire(at("09:33:30"), 0)
    await city.apply((case_in(0, 1), sample.responded(at("09:33:40"), "a")))
    await city.apply((case_in(0, 2), sample.responded(at("09:31:59"), "a")))
    assert len(await door.numbers(state="breached", clock="response", department="a")) == 1
    assert len(await door.numbers(state="breached", since=at("09:30").isoformat(), department="a")) == 2
    assert len(await door.numbers(state="breached", since=at("09:30:30").isoformat(), department="a")) == 1
    assert await door.numbers(state="corrected") == [("a", "response")]


async def test_a_department_sees_its_own_and_no_others(door: Door) -> None:
    assert set(await door.numbers("department:a")) == {("a", "response"), ("a", "close")}
    assert (await door.ask("department:a", department="b")).status_code == 403
    assert (await door.ask("channel:web")).status_code == 403
    assert (await door.ask("desk:nobody")).status_code == 401


async def test_a_browser_is_asked_for_the_key_and_shown_a_table(city: World, door: Door) -> None:
    city.set_time(at("09:40"))
    refused = await door.browse()
    assert (refused.status_code, refused.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    shown = await door.browse(
        "Basic " + base64.b64encode(b"anybody:department:a.s").decode(), state="breached", limit="2"
    )
    assert shown.headers["content-type"].startswith("text/html")
    assert shown.text.count("<tr class=late>") == 2
    assert "cursor=" in shown.text
    wrong = base64.b64encode(b"anybody:department:a.x").decode()
    assert (await door.browse(f"Basic {wrong}")).status_code == 401
    assert (await door.browse("Basic ~~~")).status_code == 401


async def test_what_cannot_be_read_is_refused(door: Door) -> None:
    for asked in (
        {"cursor": "x"},
        {"state": "late"},
        {"within": "soon"},
        {"since": "yesterday"},
        {"limit": "501"},
    ):
        assert (await door.ask(**asked)).status_code == 422, asked


async def test_the_lists_read_indexes(city: World) -> None:
    async with city.pool.acquire() as conn:
        await conn.execute("SET enable_seqscan = off")
        rest = (None, None, None, None, 50)
        first = (NINE, case_in(0), NINE, NINE)
        running = await conn.fetch("EXPLAIN " + store.SQL["listed_running"], *first, *rest)
        late = await conn.fetch("EXPLAIN " + store.SQL["listed_late"], *first, *rest, False)
    assert any("clock_running" in row[0] for row in running)
    assert any("clock_late" in row[0] for row in late)
