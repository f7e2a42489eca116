"""A store that is away, frozen or refuses one line: 503 in time, nothing half-written, nobody else suffers."""

import asyncio
import time

import asyncpg
import pytest

from services.chassis.numbering import Unnumbered
from services.intake import store, submission
from tests.integration.intake import rig
from tests.integration.intake.rig import Intake, request


async def test_a_store_that_does_not_answer_is_503_within_a_second(intake: Intake, database: str) -> None:
    blocker = await asyncpg.connect(database)
    hold = blocker.transaction()
    await hold.start()
    await blocker.execute("LOCK TABLE intake.outbox IN ACCESS EXCLUSIVE MODE")
    began = time.monotonic()
    answers = await asyncio.gather(*(intake.post("/v1/requests", request(number)) for number in range(5)))
    assert time.monotonic() - began < 1.5
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].headers["retry-after"] == "1"
    await hold.rollback()
    await blocker.close()
    assert await intake.count("journal") == 0
    again = await asyncio.gather(*(intake.post("/v1/requests", request(number)) for number in range(5)))
    assert {answer.status_code for answer in again} == {202}
    assert (await intake.count("journal"), len(await intake.announced())) == (5, 5)


async def test_sessions_that_are_cut_lose_nothing(intake: Intake, database: str) -> None:
    """Every 202 is in the journal and in the outbox, once; every other answer is 503."""
    killer = await asyncpg.connect(database)
    taken: dict[str, bytes] = {}
    statuses: set[int] = set()

    async def sender(number: int) -> None:
        for turn in range(20):
            body = request(f"{number}-{turn}")
            for _ in range(50):
                answer = await intake.post("/v1/requests", body)
                statuses.add(answer.status_code)
                if answer.status_code == 202:
                    assert taken.setdefault(answer.json()["case_id"], answer.content) == answer.content
                    break

    async def cutter() -> None:
        for _ in range(20):
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'suban-intake'"
            )

    await asyncio.gather(*(sender(number) for number in range(10)), cutter())
    await killer.close()
    assert statuses <= {202, 503}
    told = [str(head.case_id) for head, _ in await intake.announced()]
    assert len(taken) == 200
    assert sorted(told) == sorted(taken)
    assert await intake.count("journal") == 200


async def test_one_line_that_cannot_be_stored_is_refused_alone(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = submission.entry

    def spoilt(*given: object, **named: object) -> object:
        entry = made(*given, **named)  # type: ignore[arg-type]
        assert isinstance(entry, submission.Entry)
        return entry._replace(members=entry.members + b"\0") if entry.request_key == "r-7" else entry

    monkeypatch.setattr(submission, "entry", spoilt)
    answer = await intake.post("/v1/requests:batch", {"requests": [request(number) for number in range(50)]})
    statuses = [result["status"] for result in answer.json()["results"]]
    assert statuses == [202] * 7 + [422] + [202] * 42
    assert (await intake.count("journal"), len(await intake.announced())) == (49, 49)


async def test_a_surprise_is_its_own_request_s_and_nobody_else_s(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = store.take

    async def brittle(
        conn: asyncpg.Connection, entries: list[submission.Entry], *rest: object
    ) -> list[Unnumbered]:
        if any(entry.request_key == "r-3" for entry in entries):
            raise RuntimeError("a mistake of ours")
        return await take(conn, entries, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "take", brittle)
    answers = await asyncio.gather(*(intake.post("/v1/requests", request(number)) for number in range(8)))
    assert [answer.status_code for answer in answers] == [202, 202, 202, 500, 202, 202, 202, 202]
    assert await intake.count("journal") == 7


async def test_seen_is_written_set_based(intake: Intake) -> None:
    await intake.post("/v1/requests", request())
    assert intake.running.state.seen == {rig.HOTLINE}
    async with intake.pool.acquire() as conn:
        await store.seen(conn, intake.running.state.seen)
        await store.seen(conn, intake.running.state.seen)
    assert await intake.count("channel_seen") == 1
