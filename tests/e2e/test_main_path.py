"""A request becomes a case, gets an owner, is timed, and the citizen hears of it. Real processes, Kafka, PostgreSQL."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys

from deploy.local import ledger
from deploy.local.stack import ROOT
from tests.e2e.world import JSON, World, until

HAWKER = "市容环卫/占道经营"
DESK = "dispatch-desk"
OFFICER = {"id": "officer-li", "name": "李伟"}


def test_a_request_goes_all_the_way(world: World) -> None:
    told = world.submit(
        "at-pingshan", category=HAWKER, place={"area": "pingshan/biling/shahu"},
        reporter={"name": "王小明", "phone": "13912345678", "app_user": "u-main-path"},
    )  # fmt: skip
    case = told["case_id"]
    owner = world.until_state(case, "dispatched")["holder"]

    why = world.ask("router", "GET", f"/v1/cases/{case}/why", f"department:{owner}").json()
    assert why["rule_id"] in why["sentence"]["en"]
    letter = next(
        record.data() for record in until(lambda: world.records(case, f"suban.assignments.{owner}."))
    )
    assert (letter["role"], letter["reporter_phone"], letter["reporter_name"]) == (
        "lead",
        "139****5678",
        "王**",
    )

    world.say(owner, case, "accept", handler=OFFICER, assignment_version=letter["assignment_version"])
    world.until_state(case, "accepted")
    assert world.command(case, f"department:{owner}", "start").status_code == 200
    assert (
        world.command(
            case, f"department:{owner}", "respond", basis="public_message", public_text="已到现场。"
        ).status_code
        == 200
    )
    resolved = world.command(
        case, f"department:{owner}", "resolve", kind="fixed", public_text="摊位已劝离。", evidence=["photo:1"]
    )
    assert resolved.json()["state"] == "resolved"
    assert world.command(case, "desk:duty", "close").json()["state"] == "closed"

    clocks = until(lambda: _finished(world, case))
    assert set(clocks) == {"response", "close"}
    _the_citizen_heard(world, told)
    standing = until(lambda: _standing(world, "at-pingshan", case, "closed"))
    assert (standing["holder"], standing["public_text"]) == (owner, "摊位已劝离。")


def _finished(world: World, case: str) -> dict[str, JSON] | None:
    clocks = world.clocks(case)
    return clocks if clocks and all(one["state"] in ("met", "breached") for one in clocks.values()) else None


def _standing(world: World, channel: str, case: str, stage: str) -> JSON | None:
    found: JSON = world.ask("intake", "GET", f"/v1/requests/{case}", f"channel:{channel}").json()
    return found if found["stage"] == stage else None


def _the_citizen_heard(world: World, told: JSON) -> None:
    def sms() -> list[str] | None:
        said = [one["event"] for one in world.outgoing(told["number"]) if one["audience"] == "citizen"]
        return said if "case.closed" in said else None

    assert {"case.registered", "case.responded", "case.resolved", "case.closed"} <= set(until(sms))
    assert all(
        one["masked"] == "139****5678"
        for one in world.outgoing(told["number"])
        if one["audience"] == "citizen"
    )

    def feed() -> list[JSON] | None:
        page = world.ask("notify", "GET", "/v1/feed/u-main-path", "channel:at-pingshan").json()
        return page["items"] if any(one["event"] == "case.closed" for one in page["items"]) else None

    items = until(feed)
    assert [one["id"] for one in items] == list(range(1, len(items) + 1))
    assert any("摊位已劝离" in one["text"] for one in items)


def test_what_is_returned_goes_to_the_next_rule_then_to_the_desk_and_on(world: World) -> None:
    case = world.submit(category=HAWKER, place={"area": "pingshan/biling/shahu"})["case_id"]
    first = world.until_state(case, "dispatched")["holder"]
    not_ours = {"reason_code": "wrong_jurisdiction", "grounds": "不在本辖区。"}
    world.say(first, case, "return", **not_ours)
    second = until(lambda: _held_by_another(world, case, first))
    assert (second["state"], second["bounces"], second["returns"][0]["upheld"]) == ("dispatched", 1, True)
    world.say(second["holder"], case, "return", suggested_owner="transport", **not_ours)
    at_desk = world.until_state(case, "registered")
    assert at_desk["holder"] == DESK
    assert at_desk["holder_reason"]

    refused = world.command(case, f"department:{first}", "accept", handler=OFFICER)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:suban:problem:not_yours")
    done = world.command(case, "desk:duty", "assign", department="transport", reason="主管部门")
    assert done.status_code == 200
    again = world.until_state(case, "dispatched")
    assert (again["holder"], again["bounces"], again["assignment_version"]) == ("transport", 2, 4)
    stale = world.command(case, "department:transport", "accept", handler=OFFICER, assignment_version=1)
    assert (stale.status_code, stale.json()["holder"]) == (409, "transport")


def _held_by_another(world: World, case: str, unit: str) -> JSON | None:
    found = world.case(case)
    return found if found and found["holder"] != unit else None


def test_nobody_answers_and_every_rung_is_told_once(world: World) -> None:
    told = world.submit(category=HAWKER, place={"area": "pingshan/biling/shahu"})
    case = told["case_id"]
    world.until_state(case, "dispatched")

    def breached() -> JSON | None:
        response = world.clocks(case).get("response")
        return response if response and response["breached"] and response["rungs"][-1]["fired"] else None

    response = until(breached, within_s=40)
    assert [step["percent"] for step in response["rungs"]] == [50, 80, 100, 150, 200]
    rungs = [
        r.data()["percent"]
        for r in world.records(case, "suban.clocks.")
        if "percent" in r.data() and r.data()["clock"] == "response"
    ]
    assert rungs == [50, 80, 100, 150, 200]
    until(
        lambda: [
            one
            for one in world.outgoing(told["number"])
            if one["event"] == "clock.breached" and one["audience"] == "head"
        ]
    )


def test_a_repeated_command_gets_the_first_reply(world: World) -> None:
    case = world.submit(category=HAWKER, place={"area": "pingshan/biling/shahu"})["case_id"]
    owner = world.until_state(case, "dispatched")["holder"]
    body = {"command": "accept", "command_id": "twice-1", "handler": OFFICER}
    first, second = (
        world.ask("router", "POST", f"/v1/cases/{case}/commands", f"department:{owner}", json=body)
        for _ in range(2)
    )
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    other = world.ask(
        "router", "POST", f"/v1/cases/{case}/commands", f"department:{owner}", json={**body, "handler": None}
    )
    assert other.status_code == 422


def test_the_example_is_a_whole_department(world: World) -> None:
    case = world.submit(category=HAWKER, place={"area": "pingshan/biling/shahu"})["case_id"]
    owner = world.until_state(case, "dispatched")["holder"]
    log = world.stack.directory / "example.log"
    with log.open("w") as output:
        words = [sys.executable, str(ROOT / "examples" / "department.py"), owner, world.stack.kafka.bootstrap]
        program = subprocess.Popen(words, stdout=output, stderr=output, preexec_fn=_heeds_interrupts)
        try:
            world.until_state(case, "resolved")
            until(lambda: "command.accepted resolve resolved" in log.read_text())
            program.send_signal(signal.SIGINT)
            assert program.wait(10) == 0, "Ctrl-C ends it quietly"
        finally:
            program.kill()
            program.wait(10)
    assert "Traceback" not in log.read_text()
    code = len((ROOT / "examples" / "department.py").read_text().splitlines())
    assert code < 60


def _heeds_interrupts() -> None:
    """A child of a run started in the background inherits that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_act_of_the_citizens_reaches_the_department(world: World) -> None:
    case = world.submit("at-pingshan", category=HAWKER, place={"area": "pingshan/biling/shahu"})["case_id"]
    owner = world.until_state(case, "dispatched")["holder"]
    act = {"act_id": f"act-{case}", "kind": "supplement", "text": "每天傍晚六点以后最多。"}
    told = world.ask("intake", "POST", f"/v1/requests/{case}/acts", "channel:at-pingshan", json=act)
    assert told.status_code == 202, told.text

    def updated() -> list[JSON] | None:
        letters = world.records(case, f"suban.assignments.{owner}.")
        return [one.data() for one in letters if one.type == "assignment.updated"] or None

    assert until(updated)[0]["text"] == act["text"]
    assert world.ask("intake", "GET", f"/v1/requests/{case}", "channel:wechat-mini").status_code == 404


def test_the_ledger_finds_nothing_wrong(world: World) -> None:
    """Over everything the tests above did, as soon as it has come to rest: what is on its way counts as lost."""
    verdicts: list[ledger.Verdict] = []

    def clean() -> bool:
        verdicts.append(
            asyncio.run(ledger.judge(world.promises, world.stack.kafka.bootstrap, world.stack.postgres.url()))
        )
        return verdicts[-1].clean

    with contextlib.suppress(AssertionError):
        until(clean)
    assert verdicts[-1].clean, str(verdicts[-1])
    assert verdicts[-1].cases >= len(world.promises)


def test_the_log_holds_no_text_of_a_citizen(world: World) -> None:
    told = world.submit(text="只此一句的诉求正文", reporter={"name": "郑一帆", "phone": "13912345679"})
    world.until_state(told["case_id"], "registered") if world.case(told["case_id"]) is None else None
    records = until(lambda: world.records(told["case_id"], "suban.cases."))
    said = json.dumps([record.data() for record in records], ensure_ascii=False)
    assert "只此一句" not in said
    assert "郑一帆" not in said
