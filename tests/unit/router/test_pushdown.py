"""禁止下沉: what must not be pushed down is not, by whatever command, suggestion or policy."""

from typing import Any

import pytest

from services.contracts.commands import Refusal
from services.contracts.disputes import ActFirst, Disputes, Returns, Suggestion, Uphold
from services.contracts.values import State
from services.router import account, areas, decide
from services.router.decide import Law
from services.router.verdicts import Done, Refused
from tests.unit.router import town
from tests.unit.router.play import Play
from tests.unit.router.town import CASE_ID, DESK, PARKS, ROADS, STREET, after, at, case_of, rule, sent

SENT = sent(category="公园", place=at("碧岭街道"))
RULING: dict[str, Any] = {"authority": "区政府常务会", "basis": "三定方案第 4 条", "text": "由街道牵头"}
GIVE_BACK: dict[str, Any] = {"reason_code": "wrong_jurisdiction", "grounds": "不归我们"}
GUARD = rule("not-down", {"category": ["公园"]}, prohibited=["street", "community"])
PARKS_DO = rule("parks", {"category": ["公园"]}, lead=PARKS)


def law(*rules: dict[str, Any], returns: Returns | None = None, disputes: Disputes | None = None) -> Law:
    return town.law(*(rules or (GUARD, PARKS_DO)), returns=returns or Returns(again=False), disputes=disputes)


def play(the_law: Law | None = None) -> Play:
    """A case with parks since 09:04."""
    found = Play(the_law or law())
    found.enter(case_of(SENT, after(4)), SENT)
    return found


def refused(verdict: Done | Refused) -> Refused:
    assert isinstance(verdict, Refused), verdict
    assert verdict.code is Refusal.PROHIBITED
    return verdict


def test_the_desk_does_not_assign_it_down() -> None:
    found = play()
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    said = refused(found.say(CASE_ID, "assign", department=STREET, reason="属地"))
    assert (said.reason.zh, said.reason.en) == (
        "该事项不得下派biling-street局（规则 not-down），裁定亦不例外：请派给有权单位；归类有误的请先改类",
        "this must not be pushed down to Biling-Street (rule not-down), not by a ruling either: "
        "give it to a unit with the powers, or reclassify it first",
    )
    assert "reclassify" in said.legal
    assert (
        found.do(CASE_ID, "assign", department=ROADS, assists=[STREET], reason="街道协助").holder.unit
        == ROADS
    )


def test_nor_reassign_nor_split_nor_by_a_forced_ruling() -> None:
    found = play()
    refused(found.say(CASE_ID, "reassign", department=STREET, reason="属地"))
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    found.do(CASE_ID, "dispute", reason="不清")
    refused(found.say(CASE_ID, "rule", **RULING, department=STREET))
    parts = [{"scope": "管养", "department": PARKS}, {"scope": "清扫", "department": STREET}]
    refused(found.say(CASE_ID, "split", **RULING, parts=parts))
    assert found.cases[CASE_ID].state is State.DISPUTED
    assert found.do(CASE_ID, "rule", **RULING, department=ROADS, assists=[STREET]).holder.unit == ROADS


def test_another_matter_may_go_down() -> None:
    found = play()
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    found.do(CASE_ID, "reclassify", category="道路", reason="其实是路")
    assert found.do(CASE_ID, "assign", department=STREET, reason="属地").holder.unit == STREET


def test_what_the_first_rule_prohibited_stays_so_when_it_no_longer_decides() -> None:
    """Parks has returned it: another rule decides now, which would give it to the street."""
    own = rule("parks", {"category": ["公园"], "words": {"any": ["草坪"]}}, lead=PARKS, prohibited="street")
    streets = rule("street", {"category": ["公园"]}, lead=STREET)
    found = play(law(own, streets, returns=Returns(again=True)))
    case = found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert (case.state, case.holder.unit) == (State.REGISTERED, DESK)
    refused(found.say(CASE_ID, "assign", department=STREET, reason="属地"))


def test_a_suggestion_is_not_used_to_push_it_down() -> None:
    policy = Returns(again=False, suggestion=Suggestion.USE, uphold=Uphold.AT_ONCE)
    down = play(law(returns=policy)).do(CASE_ID, "return", by=PARKS, **GIVE_BACK, suggested_owner=STREET)
    across = play(law(returns=policy)).do(CASE_ID, "return", by=PARKS, **GIVE_BACK, suggested_owner=ROADS)
    assert (down.holder.unit, across.holder.unit) == (DESK, ROADS)


@pytest.mark.parametrize(("rules", "acting"), [((GUARD, PARKS_DO), DESK), ((PARKS_DO,), STREET)])
def test_who_acts_first_is_not_below_either(rules: tuple[dict[str, Any], ...], acting: str) -> None:
    found = play(law(*rules, disputes=Disputes(act_first=ActFirst.FALLBACK)))
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert found.do(CASE_ID, "dispute", reason="不清").holder.unit == acting


def test_why_says_whom_it_must_not_be_given_to() -> None:
    the_law = law()
    routed = decide.route(the_law, SENT)
    kept = account.read(account.written(routed, areas.index(town.city())))
    assert kept.prohibited == routed.prohibited == ("community", "street")
