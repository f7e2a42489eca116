"""What `rules check` finds in a duty list that can be read."""

from datetime import date
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import pytest

from services.chassis import document, files
from services.contracts.faults import Place
from services.router import lint, reference, rules, ruleset, shadows, specificity, ties
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
        # words of each in one text
        ([one("a", words={"any": ["火"]}), one("b", ROADS, words={"any": ["水"]})], [("b", Check.TIE, "a")]),
        ([one("a", words={"any": ["火"]}), one("b", ROADS, words={"any": ["水"]}) | {"precedence": 1}], []),
        (
            [
                one("a", words={"any": ["火"], "none": ["水"]}),
                one("b", ROADS, words={"any": ["水"], "none": ["烟"]}),
            ],
            [],
        ),
        ([one("a", tags=["老"]), one("b", ROADS, tags=["幼"])], [("b", Check.TIE, "a")]),
        # which class a case gets is also a choice
        (
            [
                rule("a", {"words": {"any": ["火"]}}, **{"class": "urgent"}),
                rule("b", {"words": {"any": ["水", "火"]}}, **{"class": "special"}),
            ],
            [("b", Check.TIE, "a")],
        ),
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


@pytest.mark.parametrize(
    ("rows", "never"),
    [
        # each segment has its rule already
        (
            [
                one("citizens", segment="citizen", category="公园"),
                one("firms", ROADS, segment="enterprise", category="公园"),
                one("last", STREET, category="公园"),
            ],
            {"last": ("citizens", "firms")},
        ),
        # day and night
        (
            [
                one("day", category="公园", time={"hours": "08:00-20:00"}),
                one("night", ROADS, category="公园", time={"hours": "20:00-08:00"}),
                one("last", STREET, category="公园"),
            ],
            {"last": ("day", "night")},
        ),
        # with the word and without it
        (
            [
                one("with", words={"any": ["火"]}),
                one("without", ROADS, words={"none": ["火", "烟"]}),
                one("smoke", ROADS, words={"any": ["烟"]}),
                one("last", STREET),
            ],
            {"last": ("with", "without", "smoke")},
        ),
        # one category has its rule in one place, the other in another
        (
            [
                one("parks", category="公园", segment="citizen"),
                one("roads", ROADS, category="道路", segment="citizen"),
                one("last", STREET, category=["公园", "道路"], bounces={"min": 0}, segment="citizen"),
                one("all", STREET, category=["公园", "道路"], segment="citizen"),
            ],
            {"parks": ("last",), "roads": ("last",), "all": ("last",)},
        ),
        # one minute is left
        (
            [
                one("day", category="公园", time={"hours": "08:00-20:00"}),
                one("night", ROADS, category="公园", time={"hours": "20:01-08:00"}),
                one("last", STREET, category="公园"),
            ],
            {},
        ),
        # a kind is left, and the enterprise's
        (
            [
                one("some", category="公园", kind=["complaint", "help", "consult", "praise", "report"]),
                one("rest", ROADS, category="公园", kind="suggestion", segment="citizen"),
                one("last", STREET, category="公园"),
            ],
            {},
        ),
    ],
)
def test_rules_that_together_leave_another_nothing(
    rows: list[dict[str, Any]], never: dict[str, tuple[str, ...]]
) -> None:
    seen = {each.rule_id: each.others for each in found(*rows) if each.check is Check.UNREACHABLE}
    assert seen == never


def test_a_tie_comes_with_a_request_that_shows_it() -> None:
    rows = (
        one("a", category="公园", channel=["app"], words={"any": ["火", "烟"], "none": ["火灾"]}),
        one("b", ROADS, category="公园", channel=["app"], words={"all": ["灾"], "none": ["水"]}),
    )
    (tie,) = found(*rows)
    assert tie.level is Level.WARNING
    assert tie.example == {"text": "火 灾", "category": "公园", "channel": "app"}
    assert "文本“火 灾”" in tie.reason.zh
    assert 'text "火 灾"' in tie.reason.en
    (shared,) = found(one("a", words={"any": ["火", "烟"]}), one("b", ROADS, words={"any": ["着火", "水"]}))
    assert (shared.level, shared.example) == (Level.ERROR, {"text": "着火"})


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


def test_what_only_the_file_decides_is_reported() -> None:
    """Completeness, by chance: two rules hold, nothing but their place tells them apart, and they say different things."""
    rng = Random(11)
    met = 0
    for _ in range(500):
        duty = random_law.rules(rng)
        known = reference.law(duty.rules, random_law.DEPARTMENTS)
        rows = [row for row in specificity.ordered(duty.rules) if row.rule.then.decides]
        late = {each.rule_id for each in shadows.unreachable(rows, line_of)}
        left = [row for row in rows if row.rule.id not in late]
        told = late | {each.rule_id for each in ties.ties(left, line_of)}
        for _ in range(40):
            case = random_law.facts(rng)
            holding = [one for one in known.deciding if not reference.lacking(one, case)]
            for first, other in zip(holding[:1] * len(holding), holding[1:], strict=False):
                if other.rank == first.rank and other.rule.then != first.rule.then:
                    plain = not first.rule.when.pattern and not other.rule.when.pattern
                    met += plain
                    assert not plain or {other.rule.id, first.rule.id} & told
    assert met > 100


def test_ten_thousand_rules_are_checked_in_seconds() -> None:
    """Alike in all but their words: each might meet each. Processor time, a hundred times less than looking at all pairs."""
    vocabulary = [f"{n:05d}" for n in range(10_000)]
    rows = [one(f"r{n}", (PARKS, ROADS)[n % 2], words={"any": [word]}) for n, word in enumerate(vocabulary)]
    duty = DutyList(town.city(), Rules.model_validate({"rules": rows}))
    began = process_time()
    findings = told(duty)
    assert process_time() - began < 15
    assert sum(each.check is Check.TIE for each in findings) == 9_999
