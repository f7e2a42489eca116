"""110 / 119 / 120 / 122 by the example city's own rules: handed off at once on a topic of its own, told, confirmed, or alarmed about."""

from pathlib import Path

import yaml

from deploy.local.evidence import Record
from tests.e2e.world import JSON, World, until

EMERGENCIES = "suban.emergencies.v1"
FIRE = "我楼下着火了，三楼冒浓烟，有人在窗口喊，快来"
GAS = "楼道里很浓的煤气味，敲门没有人应"
METRIC = "suban_router_emergency_unconfirmed_seconds"


def reported(world: World, text: str, phone: str, app_user: str) -> JSON:
    told = world.submit(
        "at-pingshan", text=text, place={"area": "pingshan/kengzi"},
        reporter={"name": "王小明", "phone": phone, "app_user": app_user},
    )  # fmt: skip
    return told | world.until_state(told["case_id"], "handed_off")


def of_type(world: World, case: str, type_: str) -> Record:
    return until(lambda: next((one for one in world.records(case, EMERGENCIES) if one.type == type_), None))


def waiting_s(world: World) -> float:
    lines = world.ask("router", "GET", "/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(METRIC + " ")).rpartition(" ")[2])


def test_handed_off_told_alarmed_and_confirmed(world: World) -> None:
    told = reported(world, FIRE, "13912345119", "u-fire")
    case = told["case_id"]
    out = of_type(world, case, "emergency.handed_off").data()
    assert (out["service"], out["rule_id"], out["text"]) == ("fire", "emergency-fire", FIRE)
    assert "13912345119" not in str(out)
    letter = until(lambda: world.records(case, "suban.assignments.emergency."))[0].data()
    assert letter["role"] == "assist"  # who follows it up

    def sms() -> list[JSON]:
        return [one for one in world.outgoing(told["number"]) if one["event"] == "case.handed_off"]

    assert {one["medium"] for one in until(sms)} == {"sms"}
    assert all("119" in one["text"] for one in sms())

    (limit,) = _limits("SubanEmergencyUnconfirmed")
    until(lambda: waiting_s(world) > limit)  # nobody confirms: the alert's own expression is true
    refused = world.command(case, "department:emergency", "confirm")
    assert refused.status_code == 409  # the desk's to say
    assert world.command(case, "desk:duty", "confirm").status_code == 200
    until(lambda: waiting_s(world) == 0)
    assert of_type(world, case, "emergency.confirmed").data()["by"] == "desk:duty"
    assert {clock["state"] for clock in world.clocks(case).values()} == {"cancelled"}


def test_confirmed_by_the_desks_topic(world: World) -> None:
    told = reported(world, GAS, "13912345118", "u-gas")
    case = told["case_id"]
    assert of_type(world, case, "emergency.handed_off").data()["service"] == "fire"
    until(lambda: world.records(case, "suban.assignments.gas-company."))
    world.say("dispatch-desk", case, "confirm")
    assert of_type(world, case, "emergency.confirmed").data()["number"] == told["number"]
    assert world.case(case)["unconfirmed_since"] is None  # type: ignore[index]


def test_a_hold_waits_at_the_desk_with_its_rule_as_the_reason(world: World) -> None:
    told = world.submit(text="我要投诉，上次那个工单编号我忘记了，就是车位的那个。")
    found = world.until_state(told["case_id"], "registered")
    assert (found["holder"], found["holder_is_desk"]) == ("dispatch-desk", True)
    assert "hold-duplicate" in found["holder_reason"]
    assigned = world.command(
        told["case_id"], "desk:duty", "assign", department="police", reason="已核对，非重复件"
    )
    assert assigned.json()["state"] == "dispatched"


def _limits(alert: str) -> list[float]:
    """What the alert's expression compares the metric with."""
    rules = yaml.safe_load(Path("deploy/prometheus/rules/alerts.yml").read_text(encoding="utf-8"))
    found = (rule for group in rules["groups"] for rule in group["rules"] if rule.get("alert") == alert)
    exprs = [rule["expr"] for rule in found]
    assert all(METRIC in expr for expr in exprs)
    return [float(expr.rpartition(">")[2]) for expr in exprs]
