"""拆分, 并单, 退单审核: what cases do to one another, on a real PostgreSQL, each under its own shard's lock."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.contracts import ids
from services.contracts.ids import CaseId
from services.router import follow, silence, store
from tests.integration.router import rig
from tests.integration.router.rig import SHARDS, Rig, act, command, submission

LEADS = ("urban-management", "transport", "water-affairs")
GIVE_BACK = {"reason_code": "wrong_jurisdiction", "grounds": "不归我们"}
PARK = """INSERT INTO parked (case_id, shard, topic, "offset", headers, value, reason, parked_at)
VALUES ($1, $2, 't', 0, '', '', 'x', now())"""
RULING: dict[str, Any] = {"authority": "区政府", "basis": "三定方案", "text": "分工办理"}


async def settle(router: Rig) -> int:
    """Every follow-up there is, and those that these write."""
    router.running.plumbing.owned = lambda: set(range(SHARDS))
    done = 0
    while found := await follow.look(router.running):
        done += found
    return done


async def do(router: Rig, case: CaseId | str, name: str, key: str = "desk", **more: Any) -> dict[str, Any]:
    body = {"command": name, "command_id": f"{name} {case} {more.pop('nth', 0)}", **more}
    answer = await router.call("POST", f"/v1/cases/{case}/commands", key=key, json=body)
    assert answer.status_code == 200, answer.text
    return (await router.call("GET", f"/v1/cases/{case}")).json()  # type: ignore[no-any-return]


async def registered(router: Rig, key: str, **more: Any) -> CaseId:
    await router.take(submission(key, router.now(), **more))
    return ids.case_id("hotline-12345", key)


async def at_the_desk(router: Rig, key: str) -> tuple[CaseId, str]:
    """Returned by whoever had it first."""
    case = await registered(router, key)
    owner = (await router.call("GET", f"/v1/cases/{case}")).json()["holder"]
    if owner == "dispatch-desk":
        owner = LEADS[0]
        await do(router, case, "assign", department=owner, reason="x")
    found = await do(router, case, "return", key=owner, **GIVE_BACK)
    if found["state"] == "dispatched":
        found = await do(router, case, "return", key=found["holder"], nth=2, **GIVE_BACK)
    return case, owner


async def split(router: Rig, key: str = "a") -> tuple[CaseId, list[dict[str, Any]]]:
    case, _ = await at_the_desk(router, key)
    found = await do(router, case, "dispute", reason="x")
    assert found["state"] == "disputed"
    parts = [{"scope": f"第 {n} 部分", "department": lead} for n, lead in enumerate(LEADS)]
    found = await do(router, case, "split", parts=parts, **RULING)
    assert await settle(router) == 3
    return case, found["children"]


async def test_a_split_rolls_up_and_closes_whatever_shards_it_is_on(router: Rig) -> None:
    case, children = await split(router)
    assert len({ids.shard_of(CaseId(UUID(one["case_id"])), SHARDS) for one in children}) >= 1
    for one in children:
        child = (await router.call("GET", f"/v1/cases/{one['number']}", key=one["department"])).json()
        assert (child["state"], child["scope"], child["parent"]["case_id"]) == (
            "dispatched",
            one["scope"],
            str(case),
        )
        assert child["assignments"][0]["forced"]
        why = (await router.call("GET", f"/v1/cases/{one['case_id']}/why")).json()
        assert why["steps"] == ["ruling"]
        await do(router, one["case_id"], "accept", key=one["department"], handler={"id": "h", "name": "李"})
        await do(
            router,
            one["case_id"],
            "resolve",
            key=one["department"],
            kind="fixed",
            public_text="好了",
            evidence=["photo_after:1"],
        )
    await settle(router)
    parent = (await router.call("GET", f"/v1/cases/{case}")).json()
    assert parent["state"] == "resolved"
    assert [one["done"] for one in parent["children"]] == [True] * 3
    assert parent["responded_at"] is not None
    await do(router, case, "close")
    assert await settle(router) == 3
    states = [(await router.call("GET", f"/v1/cases/{one['case_id']}")).json()["state"] for one in children]
    assert states == ["closed"] * 3
    assert await router.pool.fetchval("SELECT count(*) FROM follow_up") == 0
    moves = (await router.call("GET", f"/v1/cases/{case}/history")).json()["moves"]
    assert [one["command"] for one in moves if one["actor"] == "router"][-3:] == ["child_done"] * 3


async def test_a_follow_up_of_a_parked_case_waits(router: Rig) -> None:
    case, _ = await at_the_desk(router, "b")
    other = await registered(router, "c")
    await do(router, case, "merge", into=str(other), reason="同一件事")
    shard = ids.shard_of(other, SHARDS)
    await router.pool.execute(PARK, other, shard)
    await router.pool.execute("UPDATE shard SET parked = 1 WHERE shard = $1", shard)
    router.running.plumbing.owned = lambda: set(range(SHARDS))
    await follow.look(router.running)
    assert await router.pool.fetchval("SELECT count(*) FROM follow_up") == 1
    await router.pool.execute("DELETE FROM parked")
    await router.pool.execute("UPDATE shard SET parked = 0")
    await settle(router)
    found = (await router.call("GET", f"/v1/cases/{other}")).json()
    assert [one["case_id"] for one in found["stands_for"]] == [str(case)]
    await do(router, case, "unmerge", reason="不是")
    await settle(router)
    assert (await router.call("GET", f"/v1/cases/{other}")).json()["stands_for"] == []
    types = await router.types(other)
    assert [one for one in types if one in ("case.absorbed", "case.released")] == [
        "case.absorbed",
        "case.released",
    ]


async def test_the_desks_queue_of_disputes_by_age(router: Rig) -> None:
    cases = []
    for key in ("d", "e"):
        case, _ = await at_the_desk(router, key)
        await do(router, case, "dispute", reason="x")
        cases.append(str(case))
    await do(
        router, cases[0], "meet", held_at="2026-11-22T10:00:00+08:00", place="301", present=["张", "李"],
        minutes="议定", authority="区政府办",
    )  # fmt: skip
    page = (await router.call("GET", "/v1/disputes?limit=1")).json()
    (first,) = page["disputes"]
    assert first["case_id"] == cases[0]
    assert {one["grounds"] for one in first["refusals"]} == {"不归我们"}
    assert first["meetings"][0]["record"]["minutes"] == "议定"
    following = (await router.call("GET", f"/v1/disputes?limit=1&cursor={page['next']}")).json()
    assert ([one["case_id"] for one in following["disputes"]], following["next"]) == ([cases[1]], None)
    assert (await router.call("GET", "/v1/disputes", key=LEADS[0])).status_code == 403


async def test_a_precedent_is_listed_with_its_case(router: Rig) -> None:
    case, _ = await at_the_desk(router, "f")
    await do(router, case, "dispute", reason="x")
    await do(router, case, "rule", department=LEADS[1], precedent={"words": ["桥底"]}, **RULING)
    (found,) = (await router.call("GET", "/v1/precedents")).json()["precedents"]
    assert (found["case_id"], found["authority"]) == (str(case), "区政府")
    assert found["rule"]["then"]["lead"] == LEADS[1]


async def test_silence_upholds_a_return(router: Rig) -> None:
    case, _ = await at_the_desk(router, "g")
    await router.pool.execute("UPDATE cases SET review_at = now() - interval '1 day'")
    record = await router.pool.fetchval("SELECT record FROM cases WHERE case_id = $1", case)
    assert '"review_at"' in record
    changed = record.replace('"review_at":"20', '"review_at":"19')
    await router.pool.execute("UPDATE cases SET record = $2 WHERE case_id = $1", case, changed)
    assert await router.job(ids.shard_of(case, SHARDS), silence.uphold)
    assert not await router.job(ids.shard_of(case, SHARDS), silence.uphold)
    found = (await router.call("GET", f"/v1/cases/{case}")).json()
    assert (found["returns"][-1]["upheld"], found["review_due_at"]) == (True, None)


async def test_an_emergency_of_the_desks_is_out_at_once_and_waits_for_the_desk(router: Rig) -> None:
    case = await registered(router, "h")
    found = await do(router, case, "hand_off", service="fire", reason="着火")
    assert found["unconfirmed_since"] is not None
    (out,) = await router.written("emergency.handed_off")
    assert (out.topic, out.data.model_dump()["service"]) == ("suban.emergencies.v1", "fire")
    found = await do(router, case, "confirm", note="119 已出动")
    assert found["unconfirmed_since"] is None
    assert await router.types(case) == [
        *(await router.types(case))[:-2], "emergency.confirmed", (await router.types(case))[-1],
    ]  # fmt: skip


async def test_by_the_topic_as_by_the_door(router: Rig) -> None:
    case, _ = await at_the_desk(router, "i")
    await router.ask("dispatch-desk", rig.command(case, "uphold", "k1"))
    await router.ask("dispatch-desk", command(case, "dispute", "k2", reason="x"))
    await router.ask("dispatch-desk", command(case, "rule", "k3", department=LEADS[0], **RULING))
    await router.ask(LEADS[0], command(case, "return", "k4", **GIVE_BACK))
    await router.ask(LEADS[0], command(case, "appeal", "k5", grounds="不服"))
    replies = [one.data.model_dump() for one in await router.written("command.accepted", "command.refused")]
    assert [one.get("code") for one in replies[-5:]] == [None, None, None, "illegal_move", None]
    assert "appeal" in replies[-2]["legal_moves"]


async def whole(router: Rig, key: str) -> tuple[CaseId, list[dict[str, Any]]]:
    """Split, and every part done; accepts and resolves by the departments' topics."""
    case, children = await split(router, key)
    for one in children:
        fields = {"kind": "fixed", "public_text": "好了", "evidence": ["photo_after:1"]}
        child = CaseId(UUID(one["case_id"]))
        accept = command(child, "accept", f"a-{child}", handler={"id": "h", "name": "李"})
        await router.ask(one["department"], accept, command(child, "resolve", f"r-{child}", **fields))
    await settle(router)
    return case, children


async def states(router: Rig, children: list[dict[str, Any]]) -> list[str]:
    return [(await router.call("GET", f"/v1/cases/{one['case_id']}")).json()["state"] for one in children]


async def test_the_citizen_reopens_what_was_split_and_the_desk_names_a_part(router: Rig) -> None:
    case, children = await whole(router, "h")
    await do(router, case, "close")
    await settle(router)
    await router.take(act("h", "reopen", "again", router.now(), text="次日又不亮"))
    await settle(router)
    assert await states(router, children) == ["in_progress"] * 3
    parent = (await router.call("GET", f"/v1/cases/{case}")).json()
    assert (parent["state"], parent["redos"], [one["done"] for one in parent["children"]]) == (
        "awaiting_children", 1, [False] * 3,
    )  # fmt: skip
    letters = [one.data.model_dump() for one in await router.written("assignment.forced")]
    assert [one["reason"] for one in letters].count("次日又不亮") == 3
    for one in children:
        fields = {"kind": "fixed", "public_text": "好了", "evidence": ["photo_after:1"]}
        await do(router, one["case_id"], "resolve", key=one["department"], nth=2, **fields)
    await settle(router)
    desk = "dispatch-desk"
    await router.ask(
        desk, command(case, "redo", "part", reason="电缆又断", parts=[children[1]["department"]])
    )
    await settle(router)
    assert await states(router, children) == ["resolved", "in_progress", "resolved"]


async def test_a_part_is_waived_by_either_door(router: Rig) -> None:
    case, children = await split(router, "i")
    first, second, third = (one["department"] for one in children)
    await router.ask("dispatch-desk", command(case, "waive", "w", department=first, reason="无此部分"))
    await do(router, case, "waive", department=second, reason="无此部分")
    await settle(router)
    assert await states(router, children) == ["withdrawn", "withdrawn", "dispatched"]
    body = {"command": "waive", "command_id": "last", "department": third, "reason": "x"}
    refused = await router.call("POST", f"/v1/cases/{case}/commands", json=body)
    assert (refused.status_code, "waived" in refused.json()["detail"]) == (409, True)
    shown = (await router.call("GET", f"/v1/cases/{case}")).json()["children"]
    assert [(one["done"], one["waived"]) for one in shown] == [(True, True), (True, True), (False, False)]


async def test_a_parts_answer_taken_late_reaches_its_parent(router: Rig) -> None:
    case, children = await split(router, "j")
    child, lead = CaseId(UUID(children[0]["case_id"])), children[0]["department"]
    in_time = router.now()
    await do(router, case, "waive", department=lead, reason="x")
    await settle(router)
    body = command(child, "respond", "late", basis="public_message", public_text="已到现场")
    await router.ask(lead, body, at=in_time)
    await settle(router)
    (refused,) = [one.data.model_dump() for one in await router.written("command.refused")]
    assert "counts for the response clock" in refused["reason"]
    told = [one.data.model_dump() for one in await router.written("case.responded")]
    assert [(one["parent"], one["department"], one["at"]) for one in told] == [
        (str(case), lead, in_time), (None, lead, in_time),
    ]  # fmt: skip


async def test_what_a_ruling_has_forced_is_returned_by_neither_door(router: Rig) -> None:
    _, children = await split(router, "k")
    child, lead = CaseId(UUID(children[0]["case_id"])), children[0]["department"]
    await router.ask(lead, command(child, "return", "t", **GIVE_BACK))
    (told,) = [one.data.model_dump() for one in await router.written("command.refused")]
    body = {"command": "return", "command_id": "h", **GIVE_BACK}
    answer = await router.call("POST", f"/v1/cases/{child}/commands", key=lead, json=body)
    assert (answer.status_code, told["code"]) == (409, "illegal_move")
    assert "you may appeal" in answer.json()["detail"]
    assert "you may appeal" in told["reason"]
    assert "appeal" in told["legal_moves"]
    assert answer.json()["legal_moves"] == list(told["legal_moves"])


async def test_after_the_window_nothing_is_returned_by_either_door(router: Rig) -> None:
    case = await registered(router, "l", received_at=router.now() - timedelta(hours=5))
    owner = (await router.call("GET", f"/v1/cases/{case}")).json()["holder"]
    if owner == "dispatch-desk":
        owner = LEADS[0]
        await do(router, case, "assign", department=owner, reason="x")
    async with router.pool.acquire() as conn:
        now = (await store.cases_of(conn, [case]))[case]
        earlier = (replace(one, opened_at=one.opened_at - timedelta(hours=3)) for one in now.assignments)
        await store.change(conn, [replace(now, assignments=tuple(earlier))], [])
    await router.ask(owner, command(case, "return", "t", **GIVE_BACK))
    (told,) = [one.data.model_dump() for one in await router.written("command.refused")]
    body = {"command": "return", "command_id": "h", **GIVE_BACK}
    answer = await router.call("POST", f"/v1/cases/{case}/commands", key=owner, json=body)
    assert (answer.status_code, "2 h for returning it are over" in answer.json()["detail"]) == (409, True)
    assert "2 h for returning it are over" in told["reason"]
