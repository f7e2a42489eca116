"""product.md's worked example through the running system: four services, Kafka, PostgreSQL, both doors, to the minute.

Between two acts the services are ended, the city's clock is moved on, and they start again: nothing of the story is in
anybody's memory. The same acts are done to a second case, whose close is counted in office hours.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.stack import CITY
from tests import suban
from tests.e2e.world import JSON, World, until

DAY, NEXT = "2026-11-23", "2026-11-24"  # a Monday
A, B, DESK = "police", "education", "dispatch-desk"
LI = {"id": "li", "name": "李工"}
HOUR = 60
SECONDS = "( [0-9]+ (s|秒))?"  # what the acts were late by
LINES = {
    "zh": f"共 23 小时，经手：教育局 20 小时、公安分局 4[56] 分{SECONDS}、分拨台 1[34] 分{SECONDS}；暂停：等待市民 2 小时。",
    "en": f"23 h in all: 20 h with Education Bureau; 4[56] min{SECONDS} with Public Security Bureau, Pingshan; "
    f"1[34] min{SECONDS} with Dispatcher's Desk; 2 h paused for the citizen.",
}
APPROVED = ("reason: awaiting_citizen, approver: false", "reason: awaiting_citizen, approver: true")
CATEGORY = ("categories:\n", "categories:\n  - {path: 按办公时间, en: By office hours}\n")
OFFICE = ("\ndefault:", """
  - name: office-hours
    title: {zh: 按办公时间：15 小时办结, en: "By office hours: close in 15 hours"}
    when: {category: [按办公时间]}
    response: {target: PT2H, counted: {by: working_time}}
    close: {target: PT15H, counted: {by: working_time}}
    calendar: office
    ladder:
      - {percent: 100, audience: [handler]}
default:""")  # fmt: skip


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example city, where a wait for the citizen is approved, with a plan more that counts in office hours."""
    folder = tmp_path_factory.mktemp("city") / CITY.name
    shutil.copytree(CITY, folder)
    for name, (was, now) in (
        ("plans.yaml", OFFICE),
        ("policy.yaml", APPROVED),
        ("categories.yaml", CATEGORY),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert was in text
        (folder / name).write_text(text.replace(was, now, 1), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def world(city: Path, record_testsuite_property: Callable[[str, object], None]) -> Iterator[World]:
    with suban.running("worked", 1.0, record_testsuite_property, city=city) as stack:
        yield World(stack)


def at(world: World, clock: str, day: str = DAY) -> None:
    suban.turn_to(world.stack, f"{day}T{clock}:00+08:00")


def does(world: World, case: str, who: str, command: str, **more: object) -> None:
    """By HTTP; a case that the router has not taken yet is asked for again."""
    answer = until(lambda: _taken(world, case, who, command, **more))
    assert answer["command"] == command


def _taken(world: World, case: str, who: str, command: str, **more: object) -> JSON | None:
    answer = world.command(case, who, command, **more)
    if answer.status_code in (404, 503):
        return None
    assert answer.status_code == 200, answer.text
    found: JSON = answer.json()
    return found


def says(world: World, case: str, department: str, command: str, **more: object) -> None:
    """By its topic; until it is answered."""
    asked = world.say(department, case, command, **more)

    def replied() -> str | None:
        replies = world.records(case, f"suban.replies.{department}.")
        return next((one.type for one in replies if one.data()["command_id"] == asked), None)

    assert until(replied) == "command.accepted"


def told(world: World, case: str, look: Callable[[JSON], bool]) -> JSON:
    """What GET /v1/clocks/{case} says once it is so."""

    def looked() -> JSON | None:
        answer = world.ask("sla", "GET", f"/v1/clocks/{case}", "desk:duty")
        found: JSON = answer.json()
        return found if answer.status_code == 200 and look(found) else None

    return until(looked)


def clock(found: JSON, kind: str) -> JSON:
    return next(each for each in found["clocks"] if each["clock"] == kind)


def minutes(spans: list[JSON], field: str = "seconds") -> dict[str, int]:
    """To the minute; what our own hands took is less than one."""
    return {one["of"]: round(one[field] / 60) for one in spans if one["of"] != "us"}


def local(found: JSON, kind: str, field: str = "due_at") -> str:
    """Day and nearest minute, UTC: a due is as exact as the acts it comes from, which are some seconds late here."""
    instant = datetime.fromisoformat(clock(found, kind)[field]) + timedelta(seconds=30)
    return instant.strftime("%Y-%m-%dT%H:%M")


def test_the_worked_example(world: World) -> None:
    at(world, "09:00")
    cases = [world.submit(text="有事", **more)["case_id"] for more in ({}, {"category": "按办公时间"})]
    for case in cases:
        assert until(lambda case=case: world.case(case))["holder"] == DESK  # type: ignore[misc]
    at(world, "09:04")
    for case in cases:
        does(world, case, "desk:duty", "assign", department=A, reason="治安")
    at(world, "09:50")
    for case in cases:
        says(world, case, A, "return", reason_code="wrong_jurisdiction", grounds="不属本单位")
    at(world, "10:00")
    for case in cases:
        does(world, case, "desk:duty", "assign", department=B, reason="教育")
    at(world, "10:05")
    for case in cases:
        says(world, case, B, "accept", handler=LI)
        says(world, case, B, "pause", reason="awaiting_citizen", grounds="等市民补充材料")
    _answered(world, *cases)
    at(world, "11:00")
    for case in cases:
        does(world, case, "desk:duty", "approve", reason="同意")
    at(world, "13:00")
    for case in cases:
        does(world, case, f"department:{B}", "resume", grounds="材料已到")
    at(world, "08:00", NEXT)
    for case in cases:
        says(world, case, B, "resolve", kind="fixed", public_text="已处理")
    _resolved(world, *cases)


def _answered(world: World, elapsed: str, office: str) -> None:
    """At 10:05: due 09:30, breached, 35 min late; up to then desk 4 + 10, A 46, B 5."""
    found = told(world, elapsed, lambda found: clock(found, "response")["stopped_at"] is not None)
    response = told(world, elapsed, lambda found: clock(found, "response")["state"] == "breached")
    late = clock(response, "response")
    assert local(response, "response") == f"{DAY}T01:30"
    assert local(response, "response", "stopped_at") == f"{DAY}T02:05"
    assert (round(late["left_seconds"] / 60), late["breached"], late["corrected"]) == (-35, True, False)
    assert [(rung["percent"], rung["fired"]) for rung in late["rungs"]] == [
        (percent, True) for percent in (50, 80, 100, 150, 200)
    ]
    for case in (found, told(world, office, lambda found: clock(found, "response")["state"] == "met")):
        account = case["account"]
        assert minutes(account["holdings"]) == {DESK: 4 + 10, A: 46, B: 5}
        assert minutes(account["holdings"], "own_seconds") == {DESK: 4 + 10, A: 46, B: 5}
        assert minutes(account["counted"]) == {DESK: 4 + 46 + 10, B: 5}, "the return was upheld"
        _exact(account)


def _resolved(world: World, elapsed: str, office: str) -> None:
    """Close due 09:00 + 2 h = 11:00 next day: met, net 21 h. In office hours (nine to twelve, two to six) 2 h are one."""
    found = told(world, elapsed, lambda found: clock(found, "close")["state"] == "met")
    assert (local(found, "close"), local(found, "close", "stopped_at")) == (f"{NEXT}T03:00", f"{NEXT}T00:00")
    assert [rung["fired"] for rung in clock(found, "close")["rungs"]] == [True, True, False, False, False]
    account = found["account"]
    assert minutes(account["holdings"]) == {DESK: 14, A: 46, B: 20 * HOUR}
    assert minutes(account["waits"]) == {"awaiting_citizen": 2 * HOUR}
    net = sum(one["seconds"] for one in account["holdings"])
    assert (round(net / 60), round(account["elapsed_seconds"] / 60)) == (21 * HOUR, 23 * HOUR)
    _exact(account)
    for language, line in LINES.items():
        assert re.fullmatch(line, account["line"][language]), account["line"][language]

    found = told(world, office, lambda found: clock(found, "close")["state"] == "met")
    assert local(found, "close") == "2026-11-25T03:00", (
        "Wednesday at eleven: seven, seven and one hours, and one waited"
    )
    account = found["account"]
    assert minutes(account["holdings"], "own_seconds") == {DESK: 14, A: 46, B: 5 * HOUR}
    assert minutes(account["waits"], "own_seconds") == {"awaiting_citizen": HOUR}
    assert minutes(account["holdings"]) == {DESK: 14, A: 46, B: 20 * HOUR}
    _exact(account)


def _exact(account: JSON) -> None:
    """holding = elapsed − paused, waiting = paused; by the wall and in the plan's time, to the millisecond."""
    for field, whole in (("seconds", "elapsed_seconds"), ("own_seconds", "own_elapsed_seconds")):
        parts = sum(one[field] for one in (*account["holdings"], *account["waits"]))
        assert abs(parts - account[whole]) < 0.001
