"""The hot routes over a real Postgres: taken once, told the same again, refused with the field named."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from services.chassis.sealing import Opener
from services.contracts import ids
from services.contracts.events import SubmissionReceived
from services.contracts.values import Kind, Person, Segment
from tests.integration.intake import rig
from tests.integration.intake.rig import Intake, request


async def test_a_request_becomes_one_line_and_one_event(intake: Intake) -> None:
    answer = await intake.post(
        "/v1/requests", request(), traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    )
    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt.keys() == {"case_id", "number", "tracking", "received_at"}
    assert ids.read_number(receipt["number"]) == receipt["number"]
    ((head, data),) = await intake.announced()
    assert isinstance(data, SubmissionReceived)
    assert (str(head.case_id), data.number, data.tracking) == (
        receipt["case_id"],
        receipt["number"],
        receipt["tracking"],
    )
    assert head.case_id == ids.case_id(rig.HOTLINE, "r-1")
    assert head.id == ids.event_id(str(head.case_id), "submission.received", 0)
    assert head.traceparent
    assert head.traceparent.startswith("00-aaa")
    assert data.received_at == head.at
    assert data.text == "新榕路&nbsp;附近有人占道經營，油烟很大 1"
    assert data.match_text == "占道经营 新榕路 附近有人占道经营,油烟很大 1"
    assert intake.publisher.woken == {head.case_id.int % rig.SHARDS}


async def test_the_contact_is_nowhere_in_clear_and_opens_for_who_may(intake: Intake) -> None:
    await intake.post("/v1/requests", request())
    for table in ("journal", "outbox"):
        dump = await intake.pool.fetchval(f"SELECT string_agg(t::text, '') FROM {table} t")
        values = await intake.pool.fetchval("SELECT records FROM outbox LIMIT 1")
        for secret in (rig.CANARY_PHONE, rig.CANARY_NAME):
            assert secret not in dump
            assert secret.encode() not in values
    ((_, data),) = await intake.announced()
    assert isinstance(data, SubmissionReceived)
    assert data.contact.sealed is not None
    person = Person.model_validate_json(Opener(rig.PRIVATE).open(data.contact.sealed))
    assert person == Person(name=rig.CANARY_NAME, phone=f"+86{rig.CANARY_PHONE}", app_user="u-1")
    assert (data.contact.masked_name, data.contact.masked_phone) == ("欧**", "139****5678")
    assert data.contact.textable
    assert data.contact.has_app


async def test_the_same_again_is_answered_the_same_and_another_is_refused(intake: Intake) -> None:
    first = await intake.post("/v1/requests", request())
    reordered = json.dumps(dict(reversed(request().items())), ensure_ascii=True).encode()
    again = await intake.post("/v1/requests", reordered)
    other = await intake.post("/v1/requests", request(text="另一件事"))
    other_phone = await intake.post("/v1/requests", request(reporter={"phone": "13800138000"}))
    assert again.content == first.content
    assert (other.status_code, other_phone.status_code) == (422, 422)
    assert other.json()["type"] == "urn:suban:problem:repeated_otherwise"
    assert (await intake.count("journal"), len(await intake.announced())) == (1, 1)


async def test_twenty_at_once_are_one_case(intake: Intake) -> None:
    answers = await asyncio.gather(*(intake.post("/v1/requests", request()) for _ in range(20)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].status_code == 202
    assert (await intake.count("journal"), len(await intake.announced())) == (1, 1)


async def test_two_processes_at_once_make_one_case_each(database: str) -> None:
    async with rig.opened(database) as one, rig.opened(database) as two:
        bodies = [request(number) for number in range(100)]
        sent = [process.post("/v1/requests", body) for body in bodies for process in (one, two)]
        answers = await asyncio.gather(*sent)
        assert {answer.status_code for answer in answers} == {202}
        assert all(answers[at].content == answers[at + 1].content for at in range(0, 200, 2))
        assert (await one.count("journal"), len(await one.announced())) == (100, 100)


async def test_an_idempotency_key_stands_in_for_an_id(intake: Intake) -> None:
    body = request()
    del body["request_id"]
    assert (await intake.post("/v1/requests", body)).json()["field"] == "request_id"
    first = await intake.post("/v1/requests", body, idempotency_key="k-1")
    again = await intake.post("/v1/requests", body, idempotency_key="k-1")
    assert first.status_code == 202
    assert first.content == again.content
    assert (await intake.post("/v1/requests", body, idempotency_key="k" * 129)).status_code == 422


async def test_an_idempotency_key_beside_an_id_does_not_come_back_with_another(intake: Intake) -> None:
    first = await intake.post("/v1/requests", request(1), idempotency_key="k-1")
    again = await intake.post("/v1/requests", request(1), idempotency_key="k-1")
    other = await intake.post("/v1/requests", request(2), idempotency_key="k-1")
    assert (first.status_code, other.status_code) == (202, 422)
    assert first.content == again.content


async def test_one_bad_item_does_not_reject_the_others(intake: Intake) -> None:
    items: list[object] = [
        request(1), request(2, text="x" * 5001), request(3, reporter={"phone": "123456"}), "nothing", request(5, nope=1),
        request(6, text="a\x00b"), request(7, title="\ud800"), request(1), request(1, text="another"), request(8),
    ]  # fmt: skip
    answer = await intake.post("/v1/requests:batch", {"requests": items}, accept_language="en")
    results = answer.json()["results"]
    assert answer.status_code == 207
    assert [result["status"] for result in results] == [202, 422, 422, 422, 422, 422, 422, 202, 422, 202]
    assert [result.get("field") for result in results[1:7]] == [
        "text",
        "reporter.phone",
        "(body)",
        "nope",
        "text",
        "title",
    ]
    assert results[1]["limit"] == 5000
    assert results[0] == results[7]
    assert "123456" not in answer.text
    assert await intake.count("journal") == 2


async def test_a_whole_batch_shares_a_commit(intake: Intake) -> None:
    answer = await intake.post("/v1/requests:batch", {"requests": [request(number) for number in range(500)]})
    assert answer.status_code == 202
    assert len({result["number"] for result in answer.json()["results"]}) == 500
    assert await intake.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM journal") == 1
    assert await intake.count("outbox") == rig.SHARDS
    told = await intake.announced()
    assert {head.case_id for head, _ in told} == {
        UUID(result["case_id"]) for result in answer.json()["results"]
    }


@pytest.mark.parametrize(
    "body", [{"requests": []}, {"requests": [request()] * 501}, [request()], {"requests": 1}]
)
async def test_what_is_no_batch_is_refused_whole(intake: Intake, body: object) -> None:
    answer = await intake.post("/v1/requests:batch", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "requests")


async def test_a_taken_number_gets_the_next_derivation(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ids.public_number
    monkeypatch.setattr(
        ids,
        "public_number",
        lambda case, day, attempt=0: made(case, day, attempt)[:9] + ("X" if attempt == 0 else str(case)[:8]),
    )
    answers = await intake.post("/v1/requests:batch", {"requests": [request(1), request(2), request(3)]})
    numbers = [result["number"] for result in answers.json()["results"]]
    assert sum(number.endswith("X") for number in numbers) == 1
    assert len(set(numbers)) == 3
    assert {
        data.number for _, data in await intake.announced() if isinstance(data, SubmissionReceived)
    } == set(numbers)


async def test_a_channel_with_a_shape_of_its_own_is_mapped(intake: Intake) -> None:
    letter = {
        "letter": {
            "no": 77,
            "subject": "建议",
            "body": "建议增设路灯",
            "type": "建议",
            "from": {"tel": "0755-28888888"},
        }
    }
    answer = await intake.post("/v1/requests", letter, "gov-mailbox")
    assert answer.status_code == 202
    ((_, data),) = await intake.announced()
    assert isinstance(data, SubmissionReceived)
    assert (data.kind, data.request_key, data.contact.textable) == (Kind.SUGGESTION, "77", False)
    missing = await intake.post("/v1/requests", {"letter": {"no": "78"}}, "gov-mailbox")
    assert (missing.status_code, missing.json()["field"]) == (422, "text")


async def test_a_channel_s_presets_fill_what_is_not_said(intake: Intake) -> None:
    await intake.post("/v1/requests", request(segment="enterprise"), "qr-shahu-market")
    ((_, data),) = await intake.announced()
    assert isinstance(data, SubmissionReceived)
    assert (data.preset_area, data.place.address, data.segment) == (
        "pingshan/biling/shahu",
        "新榕路 12 号",
        Segment.ENTERPRISE,
    )


@pytest.mark.parametrize("channel", ["nobody", "talk-show-line"])
async def test_there_is_one_401(intake: Intake, channel: str) -> None:
    answer = await intake.post("/v1/requests", request(), channel)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:suban:problem:unauthorized"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_order_at_the_door(intake: Intake) -> None:
    """Size before type before key before rate before content."""
    headers: dict[str, Any] = {"content_type": "text/plain"}
    assert (await intake.post("/v1/requests", b"x" * 200_000, "nobody", **headers)).status_code == 413
    assert (await intake.post("/v1/requests", b"{", "nobody", **headers)).status_code == 415
    assert (await intake.post("/v1/requests", b"{", "nobody")).status_code == 401
    intake.running.state.rates.take(rig.HOTLINE, 6000, 0.0)
    intake.running.state.rates.charge(rig.HOTLINE, 10**9)
    limited = await intake.post("/v1/requests", b"{")
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 0
    intake.running.state.rates.buckets.clear()
    assert (await intake.post("/v1/requests", b"{")).status_code == 400
    deep = b'{"request_id":"1","text":"t","extra":' + b'{"a":' * 9 + b"1" + b"}" * 10
    assert (await intake.post("/v1/requests", deep)).json()["limit"] == 8
    assert (await intake.post("/v1/requests", b"[" * 60_000)).json()["type"].endswith("too_deep")


async def test_a_full_outbox_takes_nothing(intake: Intake) -> None:
    intake.publisher.backlog = intake.running.state.settings.outbox_limit + 1
    answer = await intake.post("/v1/requests", request())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert await intake.count("journal") == 0
