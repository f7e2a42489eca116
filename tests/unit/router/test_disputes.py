"""退单, 审核, 争议, 会商, 裁决, 拆分: whose it is, when departments disagree."""

from typing import Any

import pytest

from services.contracts import events
from services.contracts.commands import Refusal
from services.contracts.disputes import ActFirst, Disputes, Returns, Suggestion, Uphold
from services.contracts.values import ReturnReason, State
from services.router.decide import Law
from services.router.verdicts import Done, Refused
from tests.unit.router import town
from tests.unit.router.play import Play
from tests.unit.router.town import CASE_ID, DESK, PARKS, ROADS, STREET, after, case_of, sent

SENT = sent(category="公园")
RULING: dict[str, Any] = {"authority": "区政府常务会", "basis": "三定方案第 4 条", "text": "由道路局牵头"}
LI: dict[str, Any] = {"id": "li", "name": "李四"}
GIVE_BACK: dict[str, Any] = {"reason_code": "wrong_jurisdiction", "grounds": "不归我们"}
DONE: dict[str, Any] = {"kind": "fixed", "public_text": "已修好"}


def law(disputes: Disputes | None = None, **returns: Any) -> Law:
    return town.law(returns=Returns(**returns), disputes=disputes or Disputes())


def play(the_law: Law | None = None) -> Play:
    """A case with parks since 09:04."""
    found = Play(the_law or law())
    found.enter(case_of(SENT, after(4)), SENT)
    return found


def around(found: Play, *departments: str) -> None:
    """Each returns it in turn; the desk sends it on to the next."""
    for place, one in enumerate(departments):
        if place:
            found.do(CASE_ID, "assign", department=one, reason="试试")
        found.do(CASE_ID, "return", by=one, **GIVE_BACK)


def disputed(the_law: Law | None = None) -> Play:
    found = play(the_law)
    around(found, PARKS, ROADS, STREET)
    assert found.cases[CASE_ID].state is State.DISPUTED
    return found


def refused(verdict: Done | Refused) -> Refused:
    assert isinstance(verdict, Refused), verdict
    return verdict


def last(found: Play, kind: type[events.Event]) -> Any:
    return next(one for one in reversed(found.log[CASE_ID]) if isinstance(one, kind))


def test_words_of_earlier_versions_are_read() -> None:
    assert ReturnReason("not_our_duty") is ReturnReason.WRONG_JURISDICTION
    assert ReturnReason("information_missing") is ReturnReason.INSUFFICIENT_INFORMATION


def test_a_return_waits_for_the_desk_which_upholds_it() -> None:
    found = play()
    case = found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert (case.state, case.bounces, case.quarrel.review_at) == (State.REGISTERED, 1, after(65))
    assert "refuse" in last(found, events.AssignmentOpened).legal_moves
    case = found.do(CASE_ID, "uphold")
    judged = last(found, events.CaseReturnReviewed)
    assert (judged.upheld, judged.by, judged.counts_for) == (True, "desk", DESK)
    assert (judged.held_from, judged.held_until) == (after(4), after(5))
    assert (case.state, case.quarrel.review_at) == (State.REGISTERED, None)
    assert refused(found.say(CASE_ID, "uphold")).code is Refusal.ILLEGAL_MOVE


def test_the_desk_refuses_it_and_the_owner_has_it_back() -> None:
    found = play()
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    case = found.do(CASE_ID, "refuse", reason="属公园职责")
    assert (case.state, case.holder.unit, case.bounces) == (State.DISPATCHED, PARKS, 1)
    judged = last(found, events.CaseReturnReviewed)
    assert (judged.upheld, judged.counts_for) == (False, PARKS)
    assert found.do(CASE_ID, "accept", by=PARKS, handler=LI).state is State.ACCEPTED


def test_silence_upholds_when_the_clock_is_over_and_only_where_the_city_says_so() -> None:
    found = play()
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert refused(found.say(CASE_ID, "uphold", by="timer", minute=59)).code is Refusal.ILLEGAL_MOVE
    found.do(CASE_ID, "uphold", by="timer", minute=1)
    assert last(found, events.CaseReturnReviewed).by == "silence"

    strict = play(law(uphold=Uphold.DESK))
    case = strict.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert case.quarrel.review_at is None
    assert refused(strict.say(CASE_ID, "uphold", by="timer", minute=999))

    lenient = play(law(uphold=Uphold.AT_ONCE))
    case = lenient.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert (case.quarrel.under_review, last(lenient, events.CaseReturnReviewed).by) == (None, "policy")


def test_sent_to_another_it_was_right_and_back_to_the_same_it_was_not() -> None:
    for department, upheld in ((ROADS, True), (PARKS, False)):
        found = play()
        found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
        found.do(CASE_ID, "assign", department=department, reason="x")
        assert last(found, events.CaseReturnReviewed).upheld is upheld


def test_a_suggestion_is_shown_and_used_where_the_city_uses_it() -> None:
    shown = play()
    case = shown.do(CASE_ID, "return", by=PARKS, suggested_owner=ROADS, **GIVE_BACK)
    assert case.holder.unit == DESK
    assert "建议" in last(shown, events.AssignmentOpened).reason

    used = play(law(suggestion=Suggestion.USE))
    case = used.do(CASE_ID, "return", by=PARKS, suggested_owner=ROADS, **GIVE_BACK)
    assert (case.state, case.holder.unit) == (State.DISPATCHED, ROADS)
    assert used.types(CASE_ID) == ["case.returned", "case.dispatched", "case.return_reviewed"]

    unknown = play(law(suggestion=Suggestion.USE))
    case = unknown.do(CASE_ID, "return", by=PARKS, suggested_owner="nobody", **GIVE_BACK)
    assert case.holder.unit == DESK


def test_a_rule_that_claims_it_now_has_it_and_fallback_owners_do_not() -> None:
    rules = (
        town.rule("parks", {"category": ["公园"]}, lead=PARKS),
        town.rule("all", {"kind": ["complaint"]}, lead=ROADS),
    )
    found = play(town.law(*rules))
    case = found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert (case.holder.unit, case.bounces) == (ROADS, 1)
    assert last(found, events.CaseDispatched).rule_id == "all"
    assert last(found, events.CaseReturnReviewed).by == "rules"
    assert play(law(again=False)).do(CASE_ID, "return", by=PARKS, **GIVE_BACK).holder.unit == DESK


def test_at_the_limit_it_is_disputed_with_who_refused_and_why() -> None:
    found = disputed()
    told = last(found, events.CaseDisputed)
    assert (told.ground, told.acting, told.holder.unit) == ("limit", None, DESK)
    assert [one.department for one in told.refusals] == [PARKS, ROADS, STREET]
    assert [one.upheld for one in told.refusals] == [True, True, None]
    assert "不归我们" not in told.model_dump_json()


def test_naming_one_that_has_returned_it_is_a_dispute_unless_switched_off() -> None:
    for named_back, state in ((True, State.DISPUTED), (False, State.REGISTERED)):
        found = play(law(named_back=named_back))
        found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
        found.do(CASE_ID, "assign", department=ROADS, reason="x")
        assert found.do(CASE_ID, "return", by=ROADS, suggested_owner=PARKS, **GIVE_BACK).state is state


def test_the_desk_may_open_a_dispute_once_somebody_has_returned_it() -> None:
    found = play()
    assert refused(found.say(CASE_ID, "dispute", reason="x")).code is Refusal.ILLEGAL_MOVE
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    assert found.do(CASE_ID, "dispute", reason="x").state is State.DISPUTED


@pytest.mark.parametrize(
    ("act_first", "acting"),
    [(ActFirst.LAST_OWNER, STREET), (ActFirst.NOBODY, None), (ActFirst.FALLBACK, None)],
)
def test_act_first_argue_later(act_first: ActFirst, acting: str | None) -> None:
    found = disputed(law(Disputes(act_first=act_first)))
    assert last(found, events.CaseDisputed).acting == acting
    assert found.cases[CASE_ID].holder.unit == (acting or DESK)
    if acting:
        assert found.do(CASE_ID, "accept", by=acting, handler=LI).responded_at is not None
        assert refused(found.say(CASE_ID, "return", by=acting, **GIVE_BACK))
        assert found.do(CASE_ID, "resolve", by=acting, **DONE).state is State.RESOLVED


def test_the_meeting_is_recorded_and_its_minutes_stay_out_of_the_log() -> None:
    found = disputed()
    found.do(
        CASE_ID, "meet", held_at="2026-11-23T10:00:00+08:00", place="区政府 301", present=["公园局 张", "道路局 李"],
        minutes="议定如下", authority="区政府办",
    )  # fmt: skip
    assert last(found, events.CaseMet).present == 2
    assert "议定" not in last(found, events.CaseMet).model_dump_json()


def test_a_ruling_forces_it_and_only_an_appeal_is_open() -> None:
    found = disputed()
    case = found.do(CASE_ID, "rule", department=ROADS, assists=[PARKS], **RULING)
    assert (case.state, case.holder.unit) == (State.DISPATCHED, ROADS)
    assert last(found, events.CaseDispatched).forced
    letter = last(found, events.AssignmentForced)
    assert (letter.department, letter.forced) == (ROADS, True)
    assert "return" not in letter.legal_moves
    assert "appeal" in letter.legal_moves
    assert "区政府常务会" in letter.reason
    assert "申诉" in refused(found.say(CASE_ID, "return", by=ROADS, **GIVE_BACK)).reason.zh
    before = found.cases[CASE_ID]
    after_appeal = found.do(CASE_ID, "appeal", by=ROADS, grounds="不服")
    assert (after_appeal.state, after_appeal.version) == (before.state, before.version + 1)
    assert "不服" not in last(found, events.CaseAppealed).model_dump_json()


def test_who_is_not_forced_returns_and_does_not_appeal() -> None:
    assert refused(play().say(CASE_ID, "appeal", by=PARKS, grounds="x")).code is Refusal.ILLEGAL_MOVE


def test_a_ruling_for_who_returned_it_last_says_the_return_was_wrong() -> None:
    found = disputed()
    found.do(CASE_ID, "rule", department=STREET, **RULING)
    judged = last(found, events.CaseReturnReviewed)
    assert (judged.upheld, judged.by, judged.counts_for) == (False, "ruling", STREET)


@pytest.mark.parametrize(
    "fields",
    [
        {"department": "nobody"},
        {"department": DESK},
        {"department": ROADS, "assists": [ROADS]},
        {"department": ROADS, "assists": [PARKS, PARKS]},
    ],
)
def test_a_ruling_names_units_of_the_city_each_once(fields: dict[str, Any]) -> None:
    assert refused(disputed().say(CASE_ID, "rule", **RULING, **fields)).code is Refusal.UNKNOWN_DEPARTMENT


def test_a_ruling_may_become_a_precedent() -> None:
    found = disputed()
    found.do(CASE_ID, "rule", department=ROADS, assists=[PARKS], precedent={"words": ["桥底"]}, **RULING)
    candidate = found.done[-1].candidate
    assert candidate is not None
    assert candidate.rule["when"] == {"category": ["公园"], "words": {"any": ["桥底"]}}
    assert candidate.rule["then"] == {"lead": ROADS, "assists": [PARKS]}
    assert candidate.number in candidate.rule["note"]
