"""The duty list: what may stand in it, and in which order it decides."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from services.chassis import files
from services.contracts.values import ChannelKind, Kind, Segment, TriageClass
from services.router import rules, ruleset
from services.router.facts import Chosen, Facts, Found, Match, NearMiss
from services.router.rules import DutyList, Rules
from tests.unit.router import town
from tests.unit.router.town import DESK, PARKS, ROADS, STREET, rule

MONDAY_TEN = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def facts(**more: Any) -> Facts:
    known: dict[str, Any] = {
        "category": None, "area": None, "channel": "app", "channel_kind": ChannelKind.APP, "segment": Segment.CITIZEN,
        "kind": Kind.COMPLAINT, "text": "", "local": MONDAY_TEN,
    }  # fmt: skip
    return Facts(**(known | more))


def winner(given: Facts, *rows: dict[str, Any]) -> str | None:
    found = match(given, *rows)
    return found.rule.id if isinstance(found, Chosen) else None


def match(given: Facts, *rows: dict[str, Any]) -> Found:
    return ruleset.judge(ruleset.compiled(Rules.model_validate({"rules": rows})), given)


def one(id_: str, **when: Any) -> dict[str, Any]:
    return rule(id_, when, lead=PARKS)


@pytest.mark.parametrize(
    ("when", "holds", "fails"),
    [
        ({"category": ["公园"]}, {"category": "公园/草坪"}, {"category": "公园里"}),
        ({"area": ["ps/biling"]}, {"area": "ps/biling/shahu"}, {"area": "ps"}),
        ({"area": ["ps"]}, {"area": "ps"}, {"area": None}),
        ({"channel": ["app", "web"]}, {"channel": "web"}, {"channel": "hotline"}),
        ({"channel_kind": ["sensor"]}, {"channel_kind": ChannelKind.SENSOR}, {}),
        ({"segment": "enterprise"}, {"segment": Segment.ENTERPRISE}, {}),
        ({"kind": ["report"]}, {"kind": Kind.REPORT}, {}),
        ({"class": ["urgent"]}, {"triage_class": TriageClass.URGENT}, {}),
        ({"words": {"any": ["漏水", "爆管"]}}, {"text": "这里爆管了"}, {"text": "这里好了"}),
        ({"words": {"all": ["漏水", "停电"]}}, {"text": "漏水又停电"}, {"text": "漏水"}),
        ({"words": {"any": ["起火"], "none": ["演习"]}}, {"text": "起火"}, {"text": "起火演习"}),
        ({"words": {"any": ["WiFi"]}}, {"text": "wifi坏了"}, {"text": "网络坏了"}),
        ({"bounces": {"min": 2}}, {"bounces": 50}, {"bounces": 1}),
        ({"bounces": {"max": 0}}, {}, {"bounces": 1}),
        (
            {"time": {"days": "mon-fri", "hours": "09:00-18:00"}},
            {},
            {"local": MONDAY_TEN + timedelta(hours=9)},
        ),
        ({"time": {"hours": "22:00-06:00"}}, {"local": MONDAY_TEN.replace(hour=5)}, {}),
    ],
)
def test_each_condition(when: dict[str, Any], holds: dict[str, Any], fails: dict[str, Any]) -> None:
    assert winner(facts(**holds), one("r", **when)) == "r"
    assert winner(facts(**fails), one("r", **when)) is None


ORDER = [
    one("back", bounces={"min": 0}),
    rule("danger", {"words": {"any": ["火"]}}, lead=ROADS, **{"class": "special"}),
    one("deep", category=["公园/草坪"]),
    one("shallow-here", category=["公园"], area=["ps/biling"]),
    one("shallow", category=["公园"]),
    one("here", area=["ps/biling"]),
    one("above", area=["ps"]),
    one("two-words", words={"any": ["火"], "all": ["草"]}),
    one("word", words={"any": ["火"]}),
    one("channel", channel=["app"], segment="citizen"),
    one("channel-alone", channel=["app"]),
    one("kind-of-channel", channel_kind=["app"]),
    one("segment", segment="citizen"),
    one("kind", kind="complaint"),
    one("hours", time={"days": "daily"}),
    one("always"),
    one("always-later"),
]


def test_the_most_specific_first_whatever_the_order_of_the_file() -> None:
    everything = facts(category="公园/草坪", area="ps/biling/shahu", text="草地着火")
    names = [row["id"] for row in ORDER]
    for first in range(len(ORDER)):
        rest = ORDER[first:]
        backwards = rest if names[first] == "always" else rest[:-2][::-1] + rest[-2:]
        assert winner(everything, *backwards) == names[first]


def test_it_backs_off_when_geography_is_missing() -> None:
    rows = (one("here", category=["公园"], area=["ps/biling"]), one("anywhere", category=["公园"]))
    assert winner(facts(category="公园", area="ps/biling"), *rows) == "here"
    assert winner(facts(category="公园"), *rows) == "anywhere"


def test_near_misses_name_what_was_lacking() -> None:
    rows = (
        one("here", category=["公园"], area=["ps/biling"]),
        one("anywhere", category=["公园"]),
        one("always"),
    )
    found = match(facts(category="公园"), *rows)
    assert isinstance(found, Chosen)
    assert found.matched == (Match("category", "公园"),)
    assert found.near == (NearMiss("here", "area"), NearMiss("always", "category", True))


def test_a_rule_with_one_condition_is_not_nearly_everybodys() -> None:
    assert match(facts(text="x"), one("word", words={"any": ["火"]})).near == ()


def test_the_digest_is_of_what_is_said() -> None:
    def digest(*rows: dict[str, Any]) -> str:
        return ruleset.compiled(Rules.model_validate({"rules": rows})).digest

    assert digest(one("a", segment="citizen")) == digest(one("a", segment=["citizen"]))
    assert digest(one("a")) != digest(one("b"))


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "r", "note": "n", "when": {}, "then": {}},
        {"id": "r", "note": "n", "when": {}, "then": {"plan": "standard"}},
        {"id": "r", "note": "n", "when": {}, "then": {"tags": ["a"], "plan": "standard"}},
        {"id": "r", "note": "n", "when": {}, "then": {"hold": True, "lead": PARKS}},
        {"id": "r", "note": "n", "when": {}, "then": {"emergency": "navy"}},
        {"id": "r", "note": "n", "when": {}, "then": {"lead": PARKS, "assists": [PARKS]}},
        {"id": "r", "note": "n", "when": {"class": ["urgent"]}, "then": {"class": "special"}},
        {"id": "r", "note": "n", "when": {"bounces": {"min": 3, "max": 2}}, "then": {"lead": PARKS}},
        {"id": "r", "note": "n", "when": {"time": {"hours": "25:00-26:00"}}, "then": {"lead": PARKS}},
        {"id": "r", "note": "n", "when": {"colour": "red"}, "then": {"lead": PARKS}},
        {"id": "r", "note": "", "when": {}, "then": {"lead": PARKS}},
    ],
)
def test_what_may_not_stand_there(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rules.model_validate({"rules": [bad]})


def test_unknown_names_are_faults_with_their_place() -> None:
    row = rule(
        "r",
        {"category": ["没有"], "area": ["ps", "no"], "channel": ["fax"]},
        lead="who",
        assists=["me"],
        plan="slow",
    )
    duty = DutyList(town.city(), Rules.model_validate({"rules": [one("ok"), row]}))
    found = {fault.field: fault.file for fault in rules.problems(duty) if fault.file == "rules.yaml"}
    assert set(found) == {
        "rules[1].then.lead", "rules[1].then.assists[0]", "rules[1].when.area[1]", "rules[1].when.category[0]",
        "rules[1].when.channel[0]", "rules[1].then.plan",
    }  # fmt: skip


def test_the_example_city_comes_into_force() -> None:
    path = Path("deploy/city/pingshan")
    found = files.load_all(path, rules.MODELS, rules.assemble, rules.problems)
    assert len(found.value.rules.rules) >= 60


def test_units_used_here_exist() -> None:
    assert {DESK, STREET, PARKS, ROADS} == set(town.city().department_by_slug)
