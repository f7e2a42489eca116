"""Commands by both doors: the same verdicts, each id once, in the case's own time."""

from datetime import timedelta
from functools import partial

import orjson
import pytest

from services.chassis import database, events_in, retry
from services.chassis.service import Asked
from services.contracts import ids, topics
from services.contracts.events import CaseResponded, CommandAccepted, CommandRefused
from services.contracts.ids import CaseId
from services.router import handlers, ticks
from services.router.service import SERVICE
from tests.integration.router.rig import SHARDS, Rig, command, submission

LI = {"id": "li", "name": "李四"}


@pytest.fixture
async def case(router: Rig) -> tuple[CaseId, str]:
    """A case of a department: (id, department)."""
    one = submission("k", router.now(), category="市容环卫/绿化养护", place={"address": "碧岭街道"})
    await router.take(one)
    return one.case_id, (await router.call("GET", f"/v1/cases/{one.case_id}")).json()["holder"]


async def replies(router: Rig) -> list[CommandAccepted | CommandRefused]:
    return [one.data for one in await router.written("command.accepted", "command.refused")]  # type: ignore[misc]


async def test_a_whole_case_by_topic(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    await router.ask(unit, command(case_id, "accept", "1", handler=LI, assignment_version=1))
    await router.ask(
        unit,
        command(case_id, "start", "2"),
        command(case_id, "respond", "3", basis="public_message", public_text="好"),
    )
    await router.ask(unit, command(case_id, "resolve", "4", kind="fixed", public_text="修好", evidence=["p"]))
    await router.ask(router.running.state.law.desk, command(case_id, "close", "5"))
    assert [one.envelope.type for one in await router.written() if one.topic == topics.CASES] == [
        "case.registered", "case.dispatched", "case.accepted", "case.responded", "case.started", "case.responded",
        "case.resolved", "case.closed",
    ]  # fmt: skip
    versions = [
        one.data.model_dump()["version"] for one in await router.written() if one.topic == topics.CASES
    ]
    assert versions == list(range(1, 9))
    assert all(isinstance(one, CommandAccepted) for one in await replies(router))
    history = (await router.call("GET", f"/v1/cases/{case_id}/history")).json()["moves"]
    assert [move["command"] for move in history] == [
        "register",
        "dispatch",
        "accept",
        "start",
        "respond",
        "resolve",
        "close",
    ]
    desk = router.running.state.law.desk
    assert [move["holder"] for move in history] == [desk, *[unit] * 6]


async def test_return_and_dispatch_again_by_http(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    path = f"/v1/cases/{case_id}/commands"
    back = await router.call(
        "POST",
        path,
        unit,
        json={"command": "return", "command_id": "1", "reason_code": "other", "grounds": "不归我们"},
    )
    assert (back.status_code, back.json()["state"], back.json()["assignment_version"]) == (
        200,
        "registered",
        2,
    )
    sent = await router.call(
        "POST", path, json={"command": "assign", "command_id": "1", "department": "police", "reason": "治安"}
    )
    assert (sent.status_code, sent.json()["state"]) == (200, "dispatched")
    shown = (await router.call("GET", f"/v1/cases/{case_id}")).json()
    assert (shown["holder"], shown["bounces"]) == ("police", 1)
    stale = await router.call(
        "POST", path, unit, json={"command": "accept", "command_id": "2", "assignment_version": 1}
    )
    assert stale.status_code == 409
    assert stale.headers["content-type"] == "application/problem+json"
    assert (stale.json()["type"], stale.json()["assignment_version"], stale.json()["holder"]) == (
        "urn:suban:problem:stale_version", 3, "police",
    )  # fmt: skip
    opened = await router.written("assignment.opened")
    assert [one.topic for one in opened] == [
        topics.assignments(one) for one in (unit, router.running.state.law.desk, "police")
    ]


async def test_a_repeat_gets_the_first_reply_by_either_door(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    body = command(case_id, "accept", "same", handler=LI)
    await router.ask(unit, body, body)
    await router.ask(unit, body)
    by_http = await router.call("POST", f"/v1/cases/{case_id}/commands", unit, json=body)
    given = await replies(router)
    assert given == [given[0]] * 2, "twice in one batch is answered once"
    assert by_http.json()["version"] == given[0].version
    ids_ = {one.envelope.id for one in await router.written("command.accepted")}
    assert len(ids_) == 1, "a repeated reply is the same event"
    assert (await router.types(case_id)).count("case.accepted") == 1


async def test_another_body_under_the_same_id_is_refused(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    await router.ask(unit, command(case_id, "accept", "same"), command(case_id, "accept", "same", handler=LI))
    assert [getattr(one, "code", "accepted") for one in await replies(router)] == [
        "accepted",
        "repeated_otherwise",
    ]
    by_http = await router.call(
        "POST", f"/v1/cases/{case_id}/commands", unit, json={"command": "start", "command_id": "same"}
    )
    assert by_http.status_code == 422


async def test_two_departments_may_use_the_same_id(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    await router.ask(unit, command(case_id, "accept", "1"))
    await router.ask("police", command(case_id, "accept", "1"))
    assert [getattr(one, "code", "accepted") for one in await replies(router)] == ["accepted", "unknown_case"]


async def test_a_case_of_others_and_none_at_all_get_one_answer(router: Rig, case: tuple[CaseId, str]) -> None:
    """By id or by number, whatever the body: nobody finds out by asking what cases there are."""
    case_id, _ = case
    number = (await router.call("GET", f"/v1/cases/{case_id}")).json()["number"]
    nobody = ids.case_id("hotline-12345", "nobody")
    unused = ids.public_number(nobody, router.now().date())
    for real, none in ((str(case_id), str(nobody)), (number, unused)):
        for body in ({"command": "accept", "command_id": "9", "assignment_version": 7}, {"command": "dance"}):
            answers = [
                await router.call("POST", f"/v1/cases/{name}/commands", "police", json=body)
                for name in (real, none)
            ]
            assert answers[0].status_code == answers[1].status_code
            assert answers[0].json() == answers[1].json()
    assert answers[0].status_code == 422


async def test_unreadable_untimed_and_unknown(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    await router.ask(unit, {"command": "dance", "command_id": "1", "case": str(case_id)})
    await router.ask(unit, command(case_id, "accept", "2"), untimed=True)
    unknown = ids.case_id("hotline-12345", "nobody")
    await router.ask(unit, command(unknown, "accept", "3"))
    await router.ask(unit, {"command": "accept", "command_id": "4", "case": "20261122-7K3M-9QX2"})
    codes = [one.code for one in await replies(router) if isinstance(one, CommandRefused)]
    assert codes == ["unreadable", "no_append_time", "unknown_case", "unknown_case"]
    unreadable = (await replies(router))[0]
    assert isinstance(unreadable, CommandRefused)
    assert unreadable.command_id == "1"
    assert "the command cannot be read: command: must be one of accept, start" in unreadable.reason
    assert "dance" not in unreadable.reason
    by_http = await router.call(
        "POST", f"/v1/cases/{unknown}/commands", unit, json={"command": "accept", "command_id": "3"}
    )
    assert by_http.status_code == 404
    assert "try again" in by_http.json()["detail"]
    assert by_http.headers["retry-after"]


async def test_an_unknown_case_may_be_asked_for_again_under_the_same_id(router: Rig) -> None:
    one = submission("new", router.now(), category="市容环卫/绿化养护", place={"address": "碧岭街道"})
    unit = "urban-management"
    body = command(one.case_id, "accept", "1")
    await router.ask(unit, body)
    await router.take(one)
    await router.ask(unit, body)
    assert [getattr(reply, "code", "accepted") for reply in await replies(router)] == [
        "unknown_case",
        "accepted",
    ]


async def test_it_counts_from_the_append_time(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    appended = router.now()
    await router.ask(unit, command(case_id, "accept", "1", handler=LI), at=appended)
    responded = (await router.written("case.responded"))[0]
    assert isinstance(responded.data, CaseResponded)
    assert responded.data.at == responded.envelope.at == appended
    await router.ask(unit, command(case_id, "start", "2"), at=appended - timedelta(days=1))
    await router.ask(
        unit,
        command(case_id, "respond", "3", basis="logged_contact", contact_note="x"),
        at=appended + timedelta(days=1),
    )
    started, again = (await router.written("case.started"))[0], (await router.written("case.responded"))[1]
    assert started.envelope.at == appended
    assert again.envelope.at <= router.now()


async def test_a_response_taken_late_counts_for_the_clock_only(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    appended = router.now()
    path = f"/v1/cases/{case_id}/commands"
    await router.call(
        "POST",
        path,
        unit,
        json={"command": "return", "command_id": "1", "reason_code": "other", "grounds": "x"},
    )
    await router.ask(unit, command(case_id, "accept", "2", handler=LI), at=appended)
    reply = (await replies(router))[0]
    assert isinstance(reply, CommandRefused)
    assert (reply.code, reply.state) == ("not_yours", "registered")
    responded = (await router.written("case.responded"))[0]
    assert isinstance(responded.data, CaseResponded)
    assert (responded.data.late_taken, responded.data.first, responded.envelope.at) == (True, True, appended)
    assert responded.data.holder.is_desk
    shown = (await router.call("GET", f"/v1/cases/{case_id}")).json()
    assert (shown["state"], shown["version"]) == ("registered", 4)


async def test_clocks_of_ours_get_no_reply_topic(router: Rig, case: tuple[CaseId, str]) -> None:
    await router.ask("sla", command(case[0], "raise", "1"))
    assert await replies(router) == []


async def test_silence_closes(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    await router.ask(
        unit,
        command(case_id, "accept", "1"),
        command(case_id, "resolve", "2", kind="fixed", public_text="好", evidence=["p"]),
    )
    shard = ids.shard_of(case_id, SHARDS)
    assert not await router.job(shard, ticks.on_timers)
    await router.pool.execute(
        "UPDATE cases SET close_at = now() - interval '1 second', timer_at = now() - interval '1 second'"
    )
    assert await router.job(shard, ticks.on_timers)
    assert not await router.job(shard, ticks.on_timers)
    assert (await router.types(case_id)).count("case.closed") == 1
    assert (await router.call("GET", f"/v1/cases/{case_id}")).json()["state"] == "closed"


async def test_parked_cases_do_not_keep_the_silent_ones_open(router: Rig) -> None:
    """More of them than one look takes in, all due before the one that can be closed."""
    one = submission("k", router.now(), category="市容环卫/绿化养护", place={"address": "碧岭街道"})
    await router.take(one)
    unit = (await router.call("GET", f"/v1/cases/{one.case_id}")).json()["holder"]
    await router.ask(
        unit,
        command(one.case_id, "accept", "1"),
        command(one.case_id, "resolve", "2", kind="fixed", public_text="好", evidence=["p"]),
    )
    shard = ids.shard_of(one.case_id, SHARDS)
    await router.pool.execute(
        "UPDATE cases SET close_at = now() - interval '1 second', timer_at = now() - interval '1 second'"
    )
    await router.pool.execute(
        "INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object('case_id', gen_random_uuid(), 'timer_at',"
        " now() - interval '1 hour'))).* FROM cases c, generate_series(1, 250)"
    )
    await router.pool.execute(
        'INSERT INTO parked (case_id, shard, topic, "offset", headers, value, reason, parked_at)'
        " SELECT case_id, $1, 't', 0, '', '', 'r', now() FROM cases WHERE case_id <> $2", shard, one.case_id,
    )  # fmt: skip
    await router.pool.execute("UPDATE shard SET parked = 250 WHERE shard = $1", shard)
    while await router.job(shard, ticks.on_timers):
        pass
    assert (await router.call("GET", f"/v1/cases/{one.case_id}")).json()["state"] == "closed"


async def test_replies_are_forgotten_after_their_days(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    await router.ask(unit, command(case_id, "accept", "1"))
    assert not await router.job(0, handlers.forget_replies)
    await router.pool.execute("UPDATE reply SET taken_at = taken_at - interval '14 days 1 minute'")
    assert await router.job(0, handlers.forget_replies)
    assert await router.pool.fetchval("SELECT count(*) FROM reply") == 0


async def test_a_command_that_waits_is_answered(router: Rig, case: tuple[CaseId, str]) -> None:
    """Why, in both languages; to others than those who have the case it does not exist."""
    case_id, unit = case
    body = orjson.dumps(command(case_id, "accept", "7", assignment_version=1))
    for actor in (unit, "police", router.running.state.law.desk, "sla"):
        asked = Asked(actor, topics.commands(actor), 3, body, router.now())
        for raised in (True, False):
            await router.job(ids.shard_of(case_id, SHARDS), partial(handlers.set_aside, [asked], raised))
    told = [one for one in await replies(router) if isinstance(one, CommandRefused)]
    assert [(one.department == unit, one.code, one.command_id) for one in told] == [
        (True, "could_not_decide", "7"), (True, "parked", "7"), (False, "unknown_case", "7"),
        (False, "unknown_case", "7"), (False, "could_not_decide", "7"), (False, "parked", "7"),
    ]  # fmt: skip
    assert "命令已收下" in told[0].reason
    assert "do not send it again" in told[0].reason


async def test_a_parked_case_is_left_alone(router: Rig, case: tuple[CaseId, str]) -> None:
    case_id, unit = case
    shard = ids.shard_of(case_id, SHARDS)
    await router.pool.execute(
        'INSERT INTO parked (case_id, shard, topic, "offset", headers, value, reason, parked_at)'
        " VALUES ($1, $2, 't', 0, '', '', 'r', now())", case_id, shard,
    )  # fmt: skip
    await router.pool.execute("UPDATE shard SET parked = 1 WHERE shard = $1", shard)
    answer = await router.call(
        "POST", f"/v1/cases/{case_id}/commands", unit, json={"command": "accept", "command_id": "1"}
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:suban:problem:parked")


BREAK = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.case_id = '{case}' THEN RAISE EXCEPTION 'told to fail'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON cases FOR EACH ROW EXECUTE FUNCTION refuse();
"""
MEND = "DROP TRIGGER refuse ON cases; DROP FUNCTION refuse();"
TABLE = events_in.Table({}, {}, None, SERVICE.inbox)


async def test_a_command_by_http_that_raises_is_kept_with_its_case(
    router: Rig, case: tuple[CaseId, str]
) -> None:
    """As by topic: nothing half-written, the case parked with the cause, the command kept and executed once it is mended."""
    case_id, unit = case
    path = f"/v1/cases/{case_id}/commands"
    said = {"command": "accept", "command_id": "9", "handler": LI}
    before = await router.types(case_id)
    await router.pool.execute(BREAK.replace("{case}", str(case_id)))
    failed = await router.call("POST", path, unit, json=said)
    assert (failed.status_code, failed.json()["type"]) == (503, "urn:suban:problem:could_not_decide")
    assert "it is kept" in failed.json()["detail"]
    assert (await router.call("GET", f"/v1/cases/{case_id}", unit)).json()["state"] == "dispatched"
    assert await router.types(case_id) == before
    (listed,) = await router.pool.fetch(database.SQL["list_parked"])
    assert (listed["case_id"], listed["topic"]) == (str(case_id), topics.commands(unit))
    assert "RaiseError" in listed["reason"]
    stranger = await router.call("POST", path, "police", json=said)
    assert stranger.json()["type"] == "urn:suban:problem:unknown_case"
    meanwhile = await router.call("POST", path, unit, json={"command": "start", "command_id": "10"})
    assert (meanwhile.status_code, meanwhile.json()["type"]) == (409, "urn:suban:problem:parked")

    await router.pool.execute(MEND)
    await router.pool.execute("UPDATE parked SET retry = true")
    assert await router.job(ids.shard_of(case_id, SHARDS), partial(retry.take_up, table=TABLE))
    shown = (await router.call("GET", f"/v1/cases/{case_id}", unit)).json()
    assert (shown["state"], shown["responded_at"] is not None) == ("accepted", True)
    again = await router.call("POST", path, unit, json=said)
    assert (again.status_code, again.json()["state"]) == (200, "accepted"), "the first reply"
    assert await router.pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_what_a_person_of_the_desk_said_is_kept_as_theirs(
    router: Rig, case: tuple[CaseId, str]
) -> None:
    case_id, _ = case
    path = f"/v1/cases/{case_id}/commands"
    body = {"command": "reassign", "command_id": "11", "department": "police", "reason": "x"}
    await router.pool.execute(BREAK.replace("{case}", str(case_id)))
    assert (await router.call("POST", path, json=body)).status_code == 503
    await router.pool.execute(MEND)
    await router.pool.execute("UPDATE parked SET retry = true")
    assert await router.job(ids.shard_of(case_id, SHARDS), partial(retry.take_up, table=TABLE))
    history = (await router.call("GET", f"/v1/cases/{case_id}/history")).json()["moves"]
    assert (history[-1]["command"], history[-1]["actor"]) == ("reassign", "desk:desk")
    assert (await router.call("POST", path, json=body)).status_code == 200
