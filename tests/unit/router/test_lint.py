"""What `rules check` finds in a duty list that can be read."""

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.chassis import document, files
from services.contracts.faults import Place
from services.router import lint, rules, ruleset, shadows, specificity
from services.router.facts import Chosen
from services.router.findings import Check, Finding, Level
from services.router.rules import DutyList, Rules
from tests.unit.router import random_law, town
from tests.unit.router.town import PARKS, ROADS, STREET, rule

TODAY = date(2026, 11, 22)


def line_of(at: Place) -> int:
    """The rule's number, from 1."""
    return int(at[1]) + 1 if len(at) > 1 else 1


def found(*rows: dict[str, Any]) -> list[Finding]:
    duty = DutyList(town.city(), Rules.model_validate({"rules": rows}))
    return [one for one in told(duty) if one.check is not Check.UNCLAIMED]


def told(duty: DutyList) -> list[Finding]:
    """On the rules: the town has no rosters."""
    return [one for one in lint.findings(duty, line_of, TODAY) if one.file == "rules.yaml"]


def one(id_: str, lead: str = PARKS, then: dict[str, Any] | None = None, **when: Any) -> dict[str, Any]:
    return rule(id_, when, **({"lead": lead} | (then or {})))


GUARD = rule("guard", {"category": "道路"}, prohibited=["street"])


@pytest.mark.parametrize(
    ("rows", "checks"),
    [
        ([one("a", category="公园"), one("b", ROADS, category="公园/草坪")], []),
        # the same conditions
        ([one("a", category="公园"), one("b", ROADS, category="公园")], [("b", Check.UNREACHABLE, "a")]),
        # the wider condition ranks ahead
        (
            [one("deep", ROADS, category="公园/草坪"), one("a", category="公园", bounces={"min": 0})],
            [("deep", Check.UNREACHABLE, "a")],
        ),
        (
            [
                one("a", bounces={"max": 3}, words={"any": ["火"]}),
                one("b", ROADS, category="公园", bounces={"max": 1}, words={"any": ["着火", "火灾"]}),
            ],
            [],
        ),
        (
            [
                one("a", then={"class": "special"}, words={"any": ["火"]}),
                one("b", ROADS, category="公园", words={"any": ["着火"], "all": ["草"]}),
            ],
            [("b", Check.UNREACHABLE, "a")],
        ),
        ([one("a", words={"any": ["路灯"], "none": ["灯"]})], [("a", Check.UNREACHABLE, None)]),
        # two sets that meet, neither holds the other
        (
            [
                one("a", area=["ps/biling", "ps/pingshan"]),
                one("b", ROADS, area=["ps/biling"], category="公园"),
            ],
            [],
        ),
        (
            [
                one("a", channel=["app"], words={"any": ["火", "烟"]}),
                one("b", ROADS, channel=["app"], words={"any": ["火", "水"]}),
            ],
            [("b", Check.TIE, "a")],
        ),
        ([one("a", words={"any": ["火"]}), one("b", ROADS, words={"any": ["水"]})], []),
        ([one("a", kind=["report"]), one("b", ROADS, kind=["praise"])], []),
        ([one("a", words={"any": ["火", "烟"]}), one("b", words={"any": ["火", "水"]})], []),
        (
            [one("a", time={"hours": "08:00-12:00"}), one("b", ROADS, time={"hours": "11:00-14:00"})],
            [("b", Check.TIE, "a")],
        ),
        (
            [
                one("a", time={"season": "11-15..03-15"}),
                one("b", ROADS, time={"season": "04-01..10-01"}),
            ],
            [],
        ),
        # what must not be pushed down
        ([GUARD, one("a", STREET, category="道路/坑洞")], [("a", Check.PROHIBITED, "guard")]),
        ([GUARD, one("a", STREET, category="公园")], []),
        ([GUARD, one("a", STREET, area="ps/biling")], [("a", Check.PROHIBITED, "guard")]),
        ([one("a", STREET, then={"prohibited": "street"}, category="公园")], [("a", Check.PROHIBITED, None)]),
    ],
)
def test_what_is_found(rows: list[dict[str, Any]], checks: list[tuple[str, Check, str | None]]) -> None:
    seen = [(each.rule_id, each.check, next(iter(each.others), None)) for each in found(*rows)]
    assert seen == checks


def test_each_finding_says_where_how_grave_and_why_in_both_languages() -> None:
    (tie,) = found(
        one("x", category="公园"),
        one("a", channel=["app"], words={"any": ["火", "烟"]}),
        one("b", ROADS, channel=["app"], words={"any": ["火", "水"]}),
    )
    assert (tie.level, tie.file, tie.line, tie.field) == (Level.ERROR, "rules.yaml", 3, "rules[2]")
    assert "a（第 2 行）" in tie.reason.zh
    assert "a (line 2)" in tie.reason.en


def test_always_is_an_error_and_sometimes_a_warning() -> None:
    (always,) = found(GUARD, one("a", STREET, category="道路/坑洞"))
    (sometimes,) = found(GUARD, one("a", STREET, area="ps/biling"))
    assert (always.level, sometimes.level) == (Level.ERROR, Level.WARNING)
    assert always.field == "rules[1].then.lead"
    assert "下一条规则" in always.reason.zh


def test_expired_and_not_yet_in_force() -> None:
    old = one("old", category="公园") | {"valid_to": "2026-11-21"}
    new = one("new", category="道路") | {"valid_from": "2026-11-23"}
    now = one("now", category="公园/草坪") | {"valid_from": "2026-11-22", "valid_to": "2026-11-22"}
    seen = [(each.rule_id, each.level, each.field) for each in found(old, new, now)]
    assert seen == [
        ("old", Level.WARNING, "rules[0].valid_to"), ("new", Level.NOTE, "rules[1].valid_from"),
    ]  # fmt: skip


def test_unknown_names_come_alone() -> None:
    faults = found(one("a", "nobody", category="没有"), one("b", "nobody", category="没有"))
    assert {each.check for each in faults} == {Check.FAULT}
    assert [(each.line, each.field) for each in faults][:2] == [
        (1, "rules[0].then.lead"),
        (1, "rules[0].when.category[0]"),
    ]


def test_pairs_without_a_claimant() -> None:
    rows = (one("a", category="公园", area="ps/biling"), one("b", category="道路", words={"any": ["坑"]}))
    duty = DutyList(town.city(), Rules.model_validate({"rules": rows}))
    texts = [each.reason.zh for each in told(duty)]
    assert [text.partition("没有")[0] for text in texts] == ["公园 在坪山区", "道路 在坪山区"]
    whole = DutyList(town.city(), Rules.model_validate({"rules": [one("all")]}))
    assert told(whole) == []


def test_the_example_city_has_no_error() -> None:
    path = Path("deploy/city/pingshan")
    duty = files.load_all(path, rules.MODELS, rules.assemble, rules.problems).value
    findings = lint.findings(duty, document.read(path / "rules.yaml").line, TODAY)
    assert [str(each) for each in findings if each.level is Level.ERROR] == []


def test_what_is_called_unreachable_is_never_chosen_at_random() -> None:
    rng = Random(7)
    called = 0
    for _ in range(150):
        duty = random_law.rules(rng)
        rows = [row for row in specificity.ordered(duty.rules) if row.rule.then.decides]
        never = {each.rule_id for each in shadows.unreachable(rows, line_of)}
        called += len(never)
        compiled = ruleset.compiled(duty, random_law.DEPARTMENTS)
        for _ in range(60):
            case = random_law.facts(rng)._replace(returned_by=frozenset())
            answer = ruleset.judge(compiled, case)
            barred = isinstance(answer, Chosen) and any(each.lacking == "prohibited" for each in answer.near)
            if isinstance(answer, Chosen) and not barred:
                assert answer.rule.id not in never
    assert called > 20
