"""Every error of a door is a problem: a store that is away is 503, what no store can be asked for 422."""

import asyncpg
import httpx
import pytest

from services.chassis import http


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (ConnectionRefusedError(), 503),
        (asyncpg.ConnectionDoesNotExistError("gone"), 503),
        (asyncpg.InterfaceError("closed"), 503),
        (TimeoutError(), 503),
        (asyncpg.CharacterNotInRepertoireError("0x00"), 422),
        (LookupError("王先生"), 500),
    ],
)
async def test_what_a_route_raises_is_a_problem(raised: Exception, status: int) -> None:
    app = http.build("test", [])

    @app.get("/it")
    async def it() -> None:
        raise raised

    door = httpx.ASGITransport(http.Capped(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=door, base_url="http://test") as client:
        answer = await client.get("/it")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "王" not in answer.text
