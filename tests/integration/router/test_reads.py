"""Reads by HTTP: by id or number, lists page by page, history, why; to those who may."""

from datetime import timedelta

import pytest

from services.contracts.ids import CaseId
from tests.integration.router.rig import Rig, submission

HERE = {"category": "市容环卫/绿化养护", "place": {"address": "碧岭街道"}}


@pytest.fixture
async def cases(router: Rig) -> list[CaseId]:
    """Seven of the street's, three of the desk's; a minute apart, oldest first."""
    now = router.now()
    batch = [
        submission(
            f"k{n}", now, received_at=now - timedelta(minutes=30 - n), **(HERE if n < 7 else {"text": "?"})
        )
        for n in range(10)
    ]
    await router.take(*batch)
    return [one.case_id for one in batch]


async def test_by_id_and_by_number_as_dictated(router: Rig, cases: list[CaseId]) -> None:
    one = (await router.call("GET", f"/v1/cases/{cases[0]}")).json()
    spoken = one["number"].replace("-", " ").lower()
    assert (await router.call("GET", f"/v1/cases/{spoken}")).json() == one
    assert one["due_response_at"] < one["due_close_at"]
    assert (await router.call("GET", "/v1/cases/20261122-7K3M-9QX3")).status_code == 404


async def test_departments_see_what_they_have_or_had(router: Rig, cases: list[CaseId]) -> None:
    holder = (await router.call("GET", f"/v1/cases/{cases[0]}")).json()["holder"]
    assert (await router.call("GET", f"/v1/cases/{cases[0]}", holder)).status_code == 200
    for path in ("", "/history", "/why"):
        assert (await router.call("GET", f"/v1/cases/{cases[0]}{path}", "police")).status_code == 404
    assert (await router.call("GET", "/v1/cases", holder, params={"department": "police"})).status_code == 403
    assert (await router.call("GET", "/v1/cases", "police")).json() == {"cases": [], "next": None}
    body = {"command": "return", "command_id": "1", "reason_code": "other", "grounds": "x"}
    await router.call("POST", f"/v1/cases/{cases[0]}/commands", holder, json=body)
    assert (await router.call("GET", f"/v1/cases/{cases[0]}", holder)).status_code == 200


async def test_pages(router: Rig, cases: list[CaseId]) -> None:
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await router.call("GET", "/v1/cases", params=params)).json()
        seen += [one["case_id"] for one in page["cases"]]
        cursor, pages = page["next"], pages + 1
    assert seen == [str(one) for one in cases]
    assert pages == 4


async def test_filters(router: Rig, cases: list[CaseId]) -> None:
    async def found(key: str = "desk", **params: str) -> list[str]:
        return [
            one["case_id"]
            for one in (await router.call("GET", "/v1/cases", key, params=params)).json()["cases"]
        ]

    first = (await router.call("GET", f"/v1/cases/{cases[0]}")).json()
    everybody = [str(one) for one in cases]
    assert await found(state="registered") == everybody[7:]
    assert await found(holder=first["holder"]) == everybody[:7]
    assert await found(department=first["holder"], state="dispatched") == everybody[:7]
    assert await found(older_than=first["received_at"]) == everybody[:1]
    assert await found(first["holder"]) == everybody[:7]
    assert await found(first["holder"], state="closed") == []


async def test_why_in_a_sentence_and_in_parts(router: Rig, cases: list[CaseId]) -> None:
    why = (await router.call("GET", f"/v1/cases/{cases[0]}/why")).json()
    assert why["rule_id"] in why["sentence"]["en"]
    assert why["rule_id"] in why["sentence"]["zh"]
    assert why["rules_digest"] == router.running.state.law.rules.digest
    assert why["steps"] == [f"rule:{why['rule_id']}"]
    assert why["matched"]
    unclaimed = (await router.call("GET", f"/v1/cases/{cases[9]}/why")).json()
    assert unclaimed["steps"][-1] == "desk"
    assert unclaimed["lead"] is None


async def test_what_was_said_is_shown_to_the_desk_and_who_said_it(router: Rig, cases: list[CaseId]) -> None:
    holder = (await router.call("GET", f"/v1/cases/{cases[0]}")).json()["holder"]
    path = f"/v1/cases/{cases[0]}"
    await router.call(
        "POST",
        path + "/commands",
        holder,
        json={"command": "return", "command_id": "1", "reason_code": "other", "grounds": "缘由"},
    )
    await router.call(
        "POST",
        path + "/commands",
        json={"command": "assign", "command_id": "1", "department": "police", "reason": "x"},
    )
    for key, shown in (("desk", "缘由"), (holder, "缘由"), ("police", None)):
        moves = (await router.call("GET", path + "/history", key)).json()["moves"]
        assert [move["command"] for move in moves] == ["register", "dispatch", "return", "assign"]
        assert (moves[2]["details"] or {}).get("grounds") == shown


async def test_the_door_refuses_in_problems(router: Rig, cases: list[CaseId]) -> None:
    path = f"/v1/cases/{cases[0]}/commands"
    assert (await router.call("GET", f"/v1/cases/{cases[0]}", "nobody")).status_code == 401
    assert (await router.call("GET", f"/v1/cases/{cases[0]}", "app")).status_code == 403
    assert (await router.call("GET", "/v1/cases", params={"cursor": "x"})).status_code == 422
    for body, flaw in (
        (b"{", {"field": "(body)", "reason": "not JSON"}),
        (b"[]", {"field": "(body)", "reason": "must be an object"}),
        (
            b'{"command": "start", "command_id": "1", "zz": "secret"}',
            {"field": "zz", "reason": "no such field"},
        ),
    ):
        unreadable = await router.call("POST", path, content=body)
        assert (unreadable.status_code, unreadable.json()["errors"]) == (422, [flaw])
        assert "secret" not in unreadable.text
    unknown = (await router.call("POST", path, json={"command": "dance", "command_id": "1"})).json()
    assert unknown["detail"].startswith("Correct the field command: must be one of accept, start, respond")
    assert "dance" not in str(unknown)
    bad = await router.call(
        "POST", path, json={"command": "assign", "command_id": "1", "department": "No Slug", "reason": "x"}
    )
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"] == "department"
    other = await router.call(
        "POST", path, json={"command": "close", "command_id": "1", "case": str(cases[1])}
    )
    assert other.status_code == 422
    pause = await router.call("POST", path, json={"command": "resume", "command_id": "2"})
    assert (pause.status_code, pause.json()["type"]) == (409, "urn:suban:problem:illegal_move")
    assert "withdraw" in pause.json()["legal_moves"]


async def test_why_has_a_verdict_for_each_time_the_rules_were_asked(router: Rig, cases: list[CaseId]) -> None:
    first = (await router.call("GET", f"/v1/cases/{cases[0]}/why")).json()
    assert (first["earlier"], first["version"], first["cause"]) == ([], 1, "register")
    assert {"condition": "category", "value": first["matched"][0]["value"], "at": []} in first["matched"]
    body = {"command": "return", "command_id": "1", "reason_code": "other", "grounds": "x"}
    await router.call("POST", f"/v1/cases/{cases[0]}/commands", first["lead"], json=body)
    again = (await router.call("GET", f"/v1/cases/{cases[0]}/why")).json()
    assert (again["cause"], len(again["earlier"])) == ("return", 1)
    assert again["earlier"][0]["sentence"] == first["sentence"]
    passed = next(one for one in again["near_misses"] if one["lacking"] == "returned_by")
    assert (passed["rule_id"], passed["holds"]) == (first["rule_id"], True)
    assert passed["sentence"]["zh"] in again["sentence"]["zh"]
