"""The door: feeds with cursor and live, reveals with audit, the local page."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from services.chassis import http
from services.contracts import ids
from services.contracts.values import Kind
from services.notify import api, feed
from tests.integration.notify import world as worlds
from tests.integration.notify.world import World
from tests.unit.notify import sample


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with worlds.opened(database) as opened:
        await opened.apply(sample.registered(contact=worlds.contact()), sample.dispatched())
        yield opened


class TestReveal:
    async def ask(
        self, world: World, principal: str, case: str = str(sample.CASE), body: bytes = b""
    ) -> httpx.Response:
        headers = await world.key(principal)
        async with world.door() as client:
            content = body or orjson.dumps({"purpose": "约上门时间"})
            return await client.post(f"/v1/contacts/{case}/reveal", content=content, headers=headers)

    async def audits(self, world: World) -> list[tuple[str, str]]:
        return [
            (row["principal"], row["verdict"])
            for row in await world.pool.fetch("SELECT * FROM reveal ORDER BY id")
        ]

    async def test_the_department_whose_assignment_is_open(self, world: World) -> None:
        answer = await self.ask(world, "department:urban-management")
        assert answer.status_code == 200
        assert (answer.json()["phone"], answer.json()["name"]) == ("+8613800138000", "金丝雀")
        assert answer.headers["cache-control"] == "no-store"
        assert await self.audits(world) == [("department:urban-management", "granted")]

    async def test_by_the_public_number(self, world: World) -> None:
        assert (await self.ask(world, "department:urban-management", sample.NUMBER)).status_code == 200

    @pytest.mark.parametrize(
        ("principal", "status", "verdict"),
        [("department:housing", 404, "unknown_case"), ("channel:at-pingshan", 403, "not_a_department")],
    )
    async def test_others_are_refused_and_audited(
        self, world: World, principal: str, status: int, verdict: str
    ) -> None:
        answer = await self.ask(world, principal)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:suban:problem:{verdict}")
        known = "not_yours" if status == 404 else verdict
        assert await self.audits(world) == [(principal, known)]

    async def test_somebody_elses_case_and_none_at_all_get_one_answer(self, world: World) -> None:
        theirs = await self.ask(world, "department:housing")
        nobodys = [
            await self.ask(world, "department:housing", each) for each in (str(uuid4()), "20261122-0000-0000")
        ]
        assert {one.status_code for one in nobodys} == {404}
        assert {one.text for one in nobodys} == {theirs.text}
        assert [verdict for _, verdict in await self.audits(world)] == [
            "not_yours",
            "unknown_case",
            "unknown_case",
        ]

    async def test_not_after_the_case_is_closed(self, world: World) -> None:
        await world.apply(sample.closed())
        assert (await self.ask(world, "department:urban-management")).status_code == 404

    async def test_a_reports_reporter_is_the_desks_alone(self, world: World) -> None:
        case = ids.case_id("hotline-12345", "a-report")
        await world.apply(
            sample.registered(contact=worlds.contact(), kind=Kind.REPORT), sample.dispatched(), case=case
        )
        answer = await self.ask(world, "department:urban-management", str(case))
        assert answer.json()["type"] == "urn:suban:problem:reporter_protected"
        assert (await self.ask(world, "desk:duty", str(case))).status_code == 200

    async def test_an_unknown_case_is_audited_too(self, world: World) -> None:
        answer = await self.ask(world, "department:housing", "20261122-0000-0000")
        assert answer.status_code == 404
        assert await self.audits(world) == [("department:housing", "unknown_case")]

    @pytest.mark.parametrize(
        "body", [b"{}", b"not json", b'{"purpose":""}', b'{"purpose":"a\\u0000b"}', b'{"purpose":"ok","x":1}']
    )
    async def test_a_purpose_is_needed(self, world: World, body: bytes) -> None:
        answer = await self.ask(world, "department:urban-management", body=body)
        assert answer.status_code == 422
        assert "errors" in answer.json()

    async def test_one_answer_for_no_key(self, world: World) -> None:
        async with world.door() as client:
            answer = await client.post(f"/v1/contacts/{sample.CASE}/reveal", content=b"not json")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")

    async def test_too_many_in_a_minute(self, database: str) -> None:
        async with worlds.opened(database, reveals_per_minute=2) as world:
            await world.apply(sample.registered(contact=worlds.contact()), sample.dispatched())
            answers = [await self.ask(world, "department:urban-management") for _ in range(3)]
            assert [one.status_code for one in answers] == [200, 200, 429]
            assert answers[2].headers["retry-after"] == "60"

    async def test_too_many_at_once_in_many_shards(self, database: str) -> None:
        async with worlds.opened(database, reveals_per_minute=5) as world:
            headers = await world.key("department:urban-management")
            content = orjson.dumps({"purpose": "约上门时间"})
            cases = [ids.case_id("at-pingshan", str(n)) for n in range(20)]
            async with world.door() as client:
                paths = [f"/v1/contacts/{case}/reveal" for case in cases]
                asked = (client.post(path, content=content, headers=headers) for path in paths)
                answers = [one.status_code for one in await asyncio.gather(*asked)]
            assert sorted(answers) == [404] * 5 + [429] * 15


class TestFeed:
    async def test_pages(self, world: World) -> None:
        headers = await world.key("channel:at-pingshan")
        async with world.door() as client:
            first = (await client.get("/v1/feed/canary-user?limit=1", headers=headers)).json()
            assert ([one["event"] for one in first["items"]], first["more"]) == (["case.registered"], True)
            rest = (
                await client.get(f"/v1/feed/canary-user?cursor={first['cursor']}", headers=headers)
            ).json()
            assert ([one["event"] for one in rest["items"]], rest["more"]) == (["case.dispatched"], False)
            end = (await client.get(f"/v1/feed/canary-user?cursor={rest['cursor']}", headers=headers)).json()
            assert (end["items"], end["cursor"]) == ([], 2)

    async def test_another_channels_user_of_that_name_is_somebody_else(self, world: World) -> None:
        headers = await world.key("channel:beautiful-shenzhen")
        async with world.door() as client:
            assert (await client.get("/v1/feed/canary-user", headers=headers)).json()["items"] == []

    async def test_an_operator_names_the_channel(self, world: World) -> None:
        headers = await world.key("operator:local")
        async with world.door() as client:
            found = await client.get("/v1/feed/canary-user?channel=at-pingshan", headers=headers)
            assert len(found.json()["items"]) == 2

    async def test_officers_have_feeds_of_their_own(self, world: World) -> None:
        headers = await world.key("department:urban-management")
        async with world.door() as client:
            mine = await client.get("/v1/feed/urban-management-h1", headers=headers)
            assert [one["event"] for one in mine.json()["items"]] == ["assignment.opened"]
            theirs = await client.get("/v1/feed/housing-h1", headers=headers)
            assert theirs.status_code == 403

    async def test_live_from_where_the_reader_was(self, world: World) -> None:
        recipient = world.state.index.app("at-pingshan", "canary-user")
        frames = feed.stream(world.pool, world.state.listeners, recipient, 1)
        watching = asyncio.create_task(feed.watch(world.running))
        try:
            async with asyncio.timeout(5):
                assert b"retry" in await anext(frames)
                assert (await anext(frames)).startswith(b"id: 2\nevent: notice\ndata: {")
                assert world.state.listeners.count == 1
                later = asyncio.ensure_future(anext(frames))
                await world.apply(sample.resolved())
                assert (await later).startswith(b"id: 3\n")
        finally:
            watching.cancel()
            await frames.aclose()  # type: ignore[attr-defined]
        assert world.state.listeners.count == 0

    async def test_over_a_real_connection_with_last_event_id(self, world: World) -> None:
        app = http.build("notify", [])
        api.routes(app, world.running)
        server, stop, door = http.server(http.Capped(app), 1.0), asyncio.Event(), http.listen("127.0.0.1", 0)
        serving = asyncio.create_task(server.serve_until(stop, door))
        headers = {**await world.key("channel:at-pingshan"), "Last-Event-ID": "1"}
        try:
            async with asyncio.timeout(10):
                port = door.getsockname()[1]
                async with (
                    httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
                    client.stream("GET", "/v1/feed/canary-user/events", headers=headers) as answer,
                ):
                    assert answer.headers["content-type"].startswith("text/event-stream")
                    lines = answer.aiter_lines()
                    seen = [await anext(lines) for _ in range(4)]
                    assert "id: 2" in seen
        finally:
            stop.set()
            await serving


class TestPage:
    async def test_it_shows_what_would_be_sent(self, world: World) -> None:
        await world.send()
        async with world.door() as client:
            page = await client.get("/")
            assert page.status_code == 200
            assert sample.NUMBER in page.text
            assert "138****8000" in page.text
            only = await client.get("/?audience=duty_officer")
            assert "138****8000" not in only.text
            none = await client.get("/?number=<script>alert(1)</script>")
            assert "<script>" not in none.text

    async def test_the_json_feed_has_a_cursor(self, world: World) -> None:
        await world.send()
        async with world.door() as client:
            first = (await client.get("/v1/outgoing?limit=1")).json()
            assert first["more"]
            rest = (await client.get(f"/v1/outgoing?cursor={first['cursor']}")).json()
            assert {one["notice_id"] for one in rest["items"]}.isdisjoint(
                one["notice_id"] for one in first["items"]
            )
            assert not rest["more"]

    async def test_without_the_local_provider_there_is_no_page(self, database: str) -> None:
        hook: dict[str, Any] = {
            "sms_provider": "webhook",
            "webhook_url": "https://example.org/",
            "webhook_secret": "c2VjcmV0c2VjcmV0",
        }
        async with worlds.opened(database, local_provider=False, **hook) as world, world.door() as client:
            assert (await client.get("/")).status_code == 404
            assert (await client.get("/v1/outgoing")).status_code == 404


def test_the_description_is_made_without_a_service() -> None:
    found = api.openapi()
    assert found["openapi"] == "3.1.0"
    paths = found["paths"]
    assert isinstance(paths, dict)
    assert {
        "/v1/feed/{user}",
        "/v1/feed/{user}/events",
        "/v1/contacts/{case}/reveal",
        "/v1/outgoing",
    } <= paths.keys()
