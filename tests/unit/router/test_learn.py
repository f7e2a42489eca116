"""What is learnt from past dispatching: who the keys name, which become rules, and that the engine agrees with the table."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.router import backoff, decide, learn, names, proposal, replay
from services.router.history import Past
from services.router.learn import Thresholds
from services.router.proposal import Proposal, Source

DAY = datetime(2018, 2, 1, tzinfo=UTC)
SOURCE = Source(
    file="h.csv",
    sha256="0" * 64,
    cases=1,
    category=("type", "sub"),
    area=("street", "community"),
    owner="unit",
)


def cases(*groups: tuple[int, str, str, str]) -> list[Past]:
    """(how many, type/sub, street/community, unit), a day each."""
    rows = [group for group in groups for _ in range(group[0])]
    return [
        Past(n, tuple(filter(None, kind.split("/"))), tuple(filter(None, area.split("/"))), unit, DAY + timedelta(days=n))
        for n, (_, kind, area, unit) in enumerate(rows)
    ]  # fmt: skip


ALL = Thresholds()


def proposed(history: list[Past], thresholds: Thresholds = ALL) -> Proposal:
    found = learn.propose(history, SOURCE, thresholds)
    assert found is not None
    return found


def said(found: Proposal) -> dict[tuple[str, str], str]:
    units = {unit.slug: unit.name for unit in found.departments}
    areas = {area.code: area.name for area in found.areas}
    return {
        (rule.when.category[0], areas[rule.when.area[0]] if rule.when.area else ""): units[
            rule.then.lead or ""
        ]
        for rule in found.rules
    }


def goes(found: Proposal, kind: str, area: str) -> str | None:
    law, known = decide.law(proposal.duty(found)), names.of_proposal(found)
    [case] = cases((1, kind, area, "?"))
    slug = decide.route(law, replay.sent(known, case)).lead
    return next((unit.name for unit in found.departments if unit.slug == slug), None)


def test_one_unit_everywhere_is_one_rule() -> None:
    found = proposed(cases((3, "市政/路灯", "甲街道/一", "供电局"), (2, "市政/路灯", "乙街道/二", "供电局")))
    assert said(found) == {("市政", ""): "供电局"}
    assert found.rules[0].note.startswith("学自过往派单 2018-02-01 – 2018-02-05：同类 5 件中 5 件（100%）")


def test_what_each_street_keeps_for_itself_is_a_rule_for_each_street() -> None:
    found = proposed(cases(
        (4, "市容/垃圾", "甲街道", "甲办"), (5, "市容/垃圾", "乙街道", "乙办"), (4, "市政/路灯", "甲街道", "供电局"),
    ))  # fmt: skip
    assert goes(found, "市容/垃圾", "甲街道") == "甲办"
    assert goes(found, "市容/垃圾", "乙街道") == "乙办"
    assert goes(found, "市政/路灯", "乙街道") == "供电局"


def test_a_type_that_goes_by_street_is_not_sent_to_the_biggest_street_from_a_third() -> None:
    """垃圾 belongs to whoever has the street: in a street where none was seen, the street's other cases know better."""
    found = proposed(cases(
        (6, "市容/垃圾", "甲街道", "甲办"), (5, "市容/垃圾", "乙街道", "乙办"),
        (3, "市容/摆卖", "丙街道", "丙办"), (2, "市容/摆卖", "乙街道", "乙办"), (2, "市容/摆卖", "甲街道", "甲办"),
    ))  # fmt: skip
    assert goes(found, "市容/垃圾", "丙街道") == "丙办"


def test_one_odd_case_outweighs_nothing() -> None:
    found = proposed(cases((20, "市政/路灯", "甲街道/一", "供电局"), (1, "市政/路灯", "甲街道/二", "教育局")))
    assert goes(found, "市政/路灯", "甲街道/二") == "供电局"
    assert said(found) == {("市政", ""): "供电局"}


def test_four_cases_are_not_odd() -> None:
    found = proposed(cases((20, "市政/路灯", "甲街道/一", "供电局"), (4, "市政/路灯", "甲街道/二", "教育局")))
    assert goes(found, "市政/路灯", "甲街道/二") == "教育局"


def test_thresholds() -> None:
    history = cases((3, "市政/路灯", "", "供电局"), (1, "市政/路灯", "", "城管局"), (1, "教育", "", "教育局"))
    assert set(said(proposed(history, Thresholds(support=2)))) == {("市政", "")}
    assert set(said(proposed(history, Thresholds(precision=0.9)))) == {("教育", "")}
    assert learn.propose(history, SOURCE, Thresholds(support=9)) is None


def test_the_area_s_own_owner_stands_for_types_nobody_has_seen() -> None:
    found = proposed(cases((3, "市容", "甲街道", "甲办"), (3, "市容", "乙街道", "乙办")))
    assert goes(found, "新类别", "乙街道") == "乙办"
    assert goes(found, "新类别", "") is None


def test_names_alike_are_one_unit_and_the_file_says_so() -> None:
    found = proposed(cases((3, "市容", "甲街道", "甲社区"), (2, "市容", "甲街道", "甲社区（甲街道办事处）")))
    assert [(unit.name, unit.aliases, unit.cases) for unit in found.departments] == [
        ("甲社区", ("甲社区（甲街道办事处）",), 5)
    ]
    known = names.of_proposal(found)
    assert known.owner("甲社区(甲街道办事处)") == known.owner("甲社区")


def test_types_that_differ_by_case_may_have_two_owners() -> None:
    found = proposed(cases((3, "ELEVATOR", "", "HPD"), (3, "Elevator", "", "DOB")))
    assert (goes(found, "ELEVATOR", ""), goes(found, "Elevator", "")) == ("HPD", "DOB")
    assert goes(found, "elevator", "") in ("HPD", "DOB")


def test_names_with_spaces_slashes_and_length_come_back() -> None:
    long = "Unsanitary Condition / Other (Explain Below) " * 4
    found = proposed(cases((2, f"{long.replace('/', '∕')}/a", "", "HPD")))
    assert goes(found, f"{long.replace('/', '∕')}/a", "") == "HPD"


UNITS = st.sampled_from(["A", "B", "C"])
KINDS = st.sampled_from(["x", "x/1", "x/2", "y", "y/1", ""])
AREAS = st.sampled_from(["p", "p/q", "p/r", "s", "s/t", ""])
HISTORIES = st.lists(st.tuples(st.just(1), KINDS, AREAS, UNITS), min_size=1, max_size=25)


@given(HISTORIES)
@settings(max_examples=150, deadline=None)
def test_the_engine_says_what_the_table_says(groups: list[tuple[int, str, str, str]]) -> None:
    history = cases(*groups)
    found = learn.propose(history, SOURCE)
    assume(found is not None)
    assert found is not None
    past = backoff.tally([learn._folded(case, {}) for case in history])
    named = backoff.named(past, backoff.proven(past))
    for kind, area in itertools.product(
        ["x", "x/1", "x/2", "x/9", "y", "y/1"], ["p", "p/q", "p/r", "p/z", "s/t", "n", ""]
    ):
        [case] = cases((1, kind, area, "?"))
        keys = [key for key in backoff.keys(case.category, case.area) if key in named]
        table = next((named[key] for key in keys if not key[0] or past.owners[key].get(named[key])), None)
        assert (goes(found, kind, area) or "").lower() == (table or ""), (kind, area)


@given(HISTORIES)
@settings(max_examples=30, deadline=None)
def test_the_same_history_gives_the_same_rules(groups: list[tuple[int, str, str, str]]) -> None:
    assert learn.propose(cases(*groups), SOURCE) == learn.propose(cases(*groups), SOURCE)
