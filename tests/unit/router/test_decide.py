"""Whose is it: by rule, by area, the desk; never nobody."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.events import AssignmentOpened, CaseDispatched, CaseRegistered
from services.contracts.values import ChannelKind, Emergency, Kind, Place, Segment, State, TriageClass
from services.router import decide, registration
from services.router.facts import NearMiss
from tests.unit.router import town
from tests.unit.router.town import DESK, NINE, PARKS, ROADS, STREET, after, at, law, registered, rule, sent


@pytest.mark.parametrize(
    ("said", "lead", "steps"),
    [
        (sent(category="公园/草坪", place=at("碧岭街道")), STREET, ("rule:lawns-biling",)),
        (sent(category="公园/草坪"), PARKS, ("rule:parks",)),
        (sent(category="公园/草坪/新类", place=at(code="ps/biling/shahu")), STREET, ("rule:lawns-biling",)),
        (sent("路面塌陷", category="公园"), ROADS, ("rule:holes",)),
        (sent("其他", place=at("沙湖社区")), STREET, ("no_rule", "area:ps/biling/shahu")),
        (sent("其他", place=at("坪山街道")), None, ("no_rule", "area:ps/pingshan", "desk")),
        (sent("其他", category="没听过"), None, ("no_rule", "no_area", "desk")),
        (sent("归谁管", category="道路"), None, ("rule:nobody",)),
    ],
)
def test_who(said: Any, lead: str | None, steps: tuple[str, ...]) -> None:
    found = decide.route(law(), said)
    assert (found.lead, found.steps) == (lead, steps)
    assert found.reason.zh
    assert found.reason.en


def test_the_plan_a_rule_names_wins_over_the_categorys() -> None:
    assert decide.route(law(), sent("塌陷", category="公园")).plan.name == "special"
    assert decide.route(law(), sent(category="公园")).plan.name == "parks"
    assert decide.route(law(), sent("其他")).plan.name == "standard"


def test_a_classifying_rule_gives_the_class_others_may_ask_for() -> None:
    known = law(
        rule("old-people", {"words": {"any": ["老人"]}}, **{"class": "urgent"}),
        rule("urgent", {"class": ["urgent"]}, lead=ROADS),
        rule("all", {}, lead=PARKS),
    )
    found = decide.route(known, sent("老人摔倒"))
    assert (found.lead, found.triage_class) == (ROADS, TriageClass.URGENT)
    assert decide.route(known, sent("草坪")).lead == PARKS


def test_who_has_returned_it_is_not_asked_again() -> None:
    lawn = sent(category="公园/草坪", place=at("碧岭街道"))
    found = decide.route(law(), lawn, bounces=1, returned_by=[STREET])
    assert (found.lead, found.steps) == (PARKS, ("rule:parks",))
    assert NearMiss("lawns-biling", "returned_by", True) in found.near
    found = decide.route(law(), lawn, bounces=2, returned_by=[STREET, PARKS])
    assert (found.lead, found.rule_id) == (None, None)
    assert found.steps == (
        "no_rule", "area:ps/biling", f"returned:{STREET}", "area:ps", "desk",
    )  # fmt: skip


def test_a_rule_may_insist() -> None:
    known = law(rule("mine", {}, lead=PARKS, again=True))
    assert decide.route(known, sent(), bounces=1, returned_by=[PARKS]).lead == PARKS


def test_a_rule_may_leave_it_to_the_desk() -> None:
    found = decide.route(law(rule("delicate", {"words": {"any": ["上访"]}}, hold=True)), sent("上访"))
    assert (found.lead, found.hold, found.rule_id) == (None, True, "delicate")
    assert "delicate" in found.reason.en


def test_an_emergency_comes_first_and_says_whose_it_is() -> None:
    fire = rule("fire", {"words": {"any": ["着火"]}}, emergency="fire", lead=ROADS, tags=["火情"])
    back = rule("back", {"bounces": {"min": 0}, "category": ["公园/草坪"]}, lead=PARKS)
    found = decide.route(law(back, fire), sent("草坪着火", category="公园/草坪"))
    assert (found.lead, found.emergency, found.tags) == (ROADS, Emergency.FIRE, ("火情",))
    assert "119" in found.reason.zh
    alone = decide.route(law(rule("fire", {}, emergency="fire")), sent())
    assert (alone.lead, alone.emergency) == (None, Emergency.FIRE)


def test_tags_come_from_the_channel_and_from_rules() -> None:
    known = law(rule("old", {"words": {"any": ["老人"]}}, tags="涉老"), rule("all", {}, lead=PARKS, tags="b"))
    found = decide.route(known, sent("老人", extra={"tags": ["a", 7]}))
    assert found.tags == ("a", "b", "涉老")


def test_a_reroute_matches_the_original_as_the_door_did() -> None:
    said = sent("道路塌陷", category="公园").model_copy(update={"match_text": "", "text": "道路塌陷　ＡＢ"})
    assert decide.route(law(), said).rule_id == "holes"


def test_the_same_facts_and_rules_give_the_same_verdict() -> None:
    said = sent("塌陷", category="公园/草坪", place=at("碧岭"))
    assert decide.route(law(), said) == decide.route(law(), said)


def test_registered_and_dispatched_in_one_go() -> None:
    done = registered(sent(category="公园/草坪", place=at("碧岭街道")), after(4))
    first, second, *letters = done.events
    assert isinstance(first, CaseRegistered)
    assert isinstance(second, CaseDispatched)
    assert (first.at, first.version, first.state, first.holder.is_desk) == (NINE, 1, State.REGISTERED, True)
    assert (second.at, second.version, second.state, second.holder.unit) == (
        after(4),
        2,
        State.DISPATCHED,
        STREET,
    )
    assert [(letter.department, letter.role) for letter in letters if isinstance(letter, AssignmentOpened)] == [
        (STREET, "lead"), (PARKS, "assist"),
    ]  # fmt: skip
    assert done.case.state_at(after(1)) is State.REGISTERED
    assert done.case.state_at(after(5)) is State.DISPATCHED


def test_nobody_claims_it_so_the_desk_has_it_and_says_why() -> None:
    done = registered(sent("其他"), after(4))
    first, letter = done.events
    assert isinstance(first, CaseRegistered)
    assert isinstance(letter, AssignmentOpened)
    assert (letter.department, letter.role) == (DESK, "desk")
    assert first.holder.reason == letter.reason
    assert done.case.state is State.REGISTERED
    assert "assign" in letter.legal_moves


def test_the_letter_has_the_due_times_and_the_masked_reporter() -> None:
    letter = registered(sent(category="公园")).events[2]
    assert isinstance(letter, AssignmentOpened)
    assert (letter.due_response_at, letter.due_close_at) == (after(20), after(24 * 60))
    assert (letter.reporter_name, letter.reporter_phone) == ("王**", "138****8000")


def test_the_reporter_of_a_report_is_shown_to_nobody() -> None:
    for letter in registered(sent(category="公园", kind=Kind.REPORT)).events:
        if isinstance(letter, AssignmentOpened):
            assert letter.reporter_name is None
            assert letter.reporter_phone is None
            assert letter.reporter_anonymous


def test_the_log_has_no_text_of_the_citizens() -> None:
    secret = "塌陷小明的秘密"
    for event in registered(sent(secret, title=secret, place=at(secret))).events:
        if event.TYPE.startswith("case."):
            assert "秘密" not in event.model_dump_json()


def test_bare_is_the_desks_by_the_default_plan() -> None:
    known = law()
    done = registration.register(known.city, town.CASE_ID, sent(), decide.bare(known), NINE, bare=True)
    assert isinstance(done.events[0], CaseRegistered)
    assert done.events[0].bare
    assert done.case.holder.unit == DESK
    assert done.case.plan.name == "standard"


texts = st.text(alphabet="公园草坪道路坑洞塌陷归谁管碧岭沙湖社区街道坪山演练 a\n", max_size=40)
places = st.builds(
    Place,
    address=st.none() | texts,
    area=st.none() | st.sampled_from(["ps", "ps/biling", "ps/no/where", "x", ""]),
)


@given(
    text=texts.filter(str.strip),
    category=st.none() | st.sampled_from([*town.CATEGORIES, "没有", "公园/草坪/深/更深", "/", ""]),
    place=places,
    kind=st.sampled_from(Kind),
    segment=st.sampled_from(Segment),
    channel_kind=st.sampled_from(ChannelKind),
)
def test_never_nobody(text: str, category: str | None, place: Place, **more: Any) -> None:
    known = law()
    said = sent(text, category=category, place=place, **more)
    done = registered(said, after(1), known)
    case = done.case
    assert case.holder.unit in known.city.department_by_slug
    assert [one.department for one in case.open if one.role != "assist"] == [case.holder.unit]
    assert case.holder.is_desk == (case.state is State.REGISTERED)
    assert case.holder.reason if case.holder.is_desk else True
    assert any(
        isinstance(event, AssignmentOpened) and event.department == case.holder.unit for event in done.events
    )
