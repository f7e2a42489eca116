"""On the way from a request to its close: pauses, whistles, verification and redo, by both doors and with the citizen told."""

import re

import httpx

from tests.e2e.world import JSON, World, until

HAWKER = "市容环卫/占道经营"
STREET, POLICE = "biling-street", "police"
OFFICER = {"id": "biling-street-h1", "name": "陈工"}
FIXED = {"kind": "fixed", "public_text": "已处理。", "evidence": ["photo_before:1", "photo_after:2"]}


def at_work(world: World, app_user: str) -> JSON:
    """A case that a street has accepted."""
    told = world.submit(
        "at-pingshan", category=HAWKER, place={"area": "pingshan/biling/shahu"},
        reporter={"name": "王小明", "phone": "13912340002", "app_user": app_user},
    )  # fmt: skip
    case = told["case_id"]
    if world.until_state(case, "dispatched")["holder"] != STREET:
        moved = world.command(case, "desk:duty", "reassign", department=STREET, reason="属地牵头")
        assert moved.status_code == 200, moved.text
    world.say(STREET, case, "accept", handler=OFFICER)
    world.until_state(case, "accepted")
    return told


def until_case(world: World, case: str, **wanted: object) -> JSON:
    def look() -> JSON | None:
        found = world.case(case)
        return found if found and all(found[name] == value for name, value in wanted.items()) else None

    return until(look)


def rate(world: World, case: str, act_id: str, rating: int) -> None:
    act = {"act_id": act_id, "kind": "rate", "rating": rating}
    told = world.ask("intake", "POST", f"/v1/requests/{case}/acts", "channel:at-pingshan", json=act)
    assert told.status_code == 202, told.text


def rate_by_the_link(world: World, number: str, rating: int) -> None:
    """As a citizen would: the link in the message, the form on its page."""

    def link() -> str | None:
        page = world.ask("notify", "GET", "/v1/feed/u-on-the-way", "channel:at-pingshan").json()
        asked = [item for item in page["items"] if item["event"] == "case.verification_asked"]
        return re.search(r"https?://\S+", asked[1]["text"])[0] if len(asked) == 2 else None  # type: ignore[index]

    address = until(link)

    def asking() -> str | None:
        """intake reads the log a moment after notify does."""
        page = httpx.get(address, trust_env=False)
        return page.text if page.status_code == 200 and "<form" in page.text else None

    assert number in until(asking)
    sent = httpx.post(address, data={"rating": str(rating)}, trust_env=False)
    assert (sent.status_code, "已收到您的评价" in sent.text) == (200, True)


def test_paused_convened_resolved_failed_and_done_again(world: World) -> None:
    told = at_work(world, "u-on-the-way")
    case = told["case_id"]
    world.say(STREET, case, "pause", reason="awaiting_third_party", grounds="等供电局停电作业。")
    until(lambda: (world.case(case) or {}).get("request"))
    assert world.command(case, "desk:duty", "approve").json()["state"] == "suspended"
    assert world.command(case, f"department:{STREET}", "resume").json()["state"] == "in_progress"
    world.say(STREET, case, "extend", by="PT12H", grounds="配件明日到货。")
    until(lambda: (world.case(case) or {}).get("request"))
    assert world.command(case, "desk:duty", "approve").status_code == 200

    called = world.command(case, f"department:{STREET}", "whistle", departments=[POLICE], reason="到场会商。")
    assert called.status_code == 200, called.text
    letter = until(lambda: world.records(case, f"suban.assignments.{POLICE}."))[0].data()
    assert (letter["role"], letter["called_by"]) == ("assist", STREET)
    world.say(POLICE, case, "arrive")
    until(lambda: [r for r in world.records(case, "suban.cases.") if r.type == "case.arrived"])
    scored = world.command(case, f"department:{STREET}", "score", department=POLICE, score=5)
    assert scored.status_code == 200, scored.text
    until_case(world, case, whistle=None)

    for attempt, rating in enumerate((1, 5)):
        assert world.command(case, f"department:{STREET}", "resolve", **FIXED).status_code == 200
        if until(lambda: world.case(case))["state"] == "resolved":
            world.command(case, "desk:duty", "verify", ask="message")
        world.until_state(case, "verifying")
        if attempt:
            rate_by_the_link(world, told["number"], rating)
        else:
            rate(world, case, f"rate-{attempt}-{case}", rating)
        world.until_state(case, "in_progress" if rating == 1 else "closed")
    closed = until_case(world, case, state="closed")
    assert (closed["redos"], closed["holder"]) == (1, STREET)
    _the_log_is_whole(world, case)
    _the_citizen_heard(world)


def _the_log_is_whole(world: World, case: str) -> None:
    lines = [record.data() for record in world.records(case, "suban.cases.")]
    assert [line["version"] for line in lines] == list(range(1, len(lines) + 1))
    kinds = [record.type for record in world.records(case, "suban.cases.")]
    assert {
        "case.pause_requested", "case.paused", "case.resumed", "case.extended", "case.whistled", "case.arrived",
        "case.scored", "case.whistle_closed", "case.verification_asked", "case.verified", "case.reopened", "case.closed",
    } <= set(kinds)  # fmt: skip


def _the_citizen_heard(world: World) -> None:
    def feed() -> set[str] | None:
        page = world.ask("notify", "GET", "/v1/feed/u-on-the-way", "channel:at-pingshan").json()
        said = {item["event"] for item in page["items"]}
        return said if "case.closed" in said else None

    assert {
        "case.paused",
        "case.resumed",
        "case.extended",
        "case.verification_asked",
        "case.reopened",
    } <= until(feed)


def test_silence_accepts_by_the_plan(world: World) -> None:
    case = world.submit(category=HAWKER, place={"area": "pingshan/biling/shahu"}, segment="enterprise")[
        "case_id"
    ]
    assert world.until_state(case, "dispatched")["plan"] == "enterprise"
    world.until_state(case, "accepted")
    accepted = next(r.data() for r in world.records(case, "suban.cases.") if r.type == "case.accepted")
    assert (accepted["by_silence"], accepted["actor"], accepted["handler"]) == (True, "timer", None)
    shown = world.case(case)
    assert shown is not None
    assert shown["responded_at"] is None


def test_what_nobody_answers_goes_up_by_itself(world: World) -> None:
    """From a grid: the clock's rungs have the level above take part, then supervision watch; the owner stays."""
    told = world.submit("grid-worker", text="楼道有人争吵。", place={"area": "pingshan/biling/shahu/grid-1"})
    case = told["case_id"]
    assert world.until_state(case, "dispatched")["holder"] == "shahu-grid-1"

    def said(kind: str) -> JSON | None:
        return next((one.data() for one in world.records(case, "suban.cases.") if one.type == kind), None)

    raised = until(lambda: said("case.raised"), within_s=60)
    assert (raised["actor"], raised["from_level"], raised["department"]) == ("sla", "grid", "shahu-community")
    watched = until(lambda: said("case.supervised"), within_s=60)
    assert (watched["actor"], watched["holder"]["unit"]) == ("sla", "shahu-grid-1")
    letter = world.records(case, "suban.assignments.shahu-community.")[0]
    assert letter.data()["role"] == "assist"
    response = world.clocks(case)["response"]
    assert (response["breached"], response["state"]) == (True, "running")
    asked = [one for one in world.records(case, "suban.commands.sla.") if one.type == "command.asked"]
    rungs = [one.data()["command_id"].rpartition(":")[2] for one in asked]
    assert rungs[:2] == ["150", "200"]
