"""拆分, 并单: what one case does to another, each under its own lock, in order."""

from dataclasses import replace
from typing import Any

from services.contracts import events, ids
from services.contracts.commands import Refusal
from services.contracts.ids import CaseId
from services.contracts.values import ActKind, State
from services.router import acts, kinship
from services.router.case import Case
from services.router.records import Dossier
from services.router.verdicts import Done, Refused
from tests.unit.router import town
from tests.unit.router.play import Play
from tests.unit.router.test_acts import act
from tests.unit.router.test_disputes import DONE, GIVE_BACK, LI, RULING, disputed, play
from tests.unit.router.town import CASE_ID, DESK, PARKS, ROADS, STREET, after, case_of, sent

PARTS: list[dict[str, Any]] = [
    {"scope": "更换灯具", "department": PARKS},
    {"scope": "修缮电缆", "department": ROADS, "assists": [STREET]},
    {"scope": "维护桥体", "department": STREET},
]
OTHER_ID = ids.case_id("app", "2")


def split() -> tuple[Play, list[CaseId]]:
    found = disputed()
    parent = found.do(CASE_ID, "split", parts=PARTS, **RULING)
    return found, [child.case_id for child in parent.family.children]


def refused(verdict: Done | Refused) -> Refused:
    assert isinstance(verdict, Refused), verdict
    return verdict


def resolve(found: Play, child: CaseId, by: str, **more: Any) -> Case:
    found.do(child, "accept", by=by, handler=LI)
    return found.do(child, "resolve", by=by, **(DONE | more))


def test_a_split_makes_a_child_of_each_part_forced_and_due_with_its_parent() -> None:
    found, children = split()
    parent = found.cases[CASE_ID]
    assert (parent.state, parent.holder.unit) == (State.AWAITING_CHILDREN, DESK)
    assert "3" in str(parent.holder.reason)
    for child_id, part in zip(children, PARTS, strict=True):
        child = found.cases[child_id]
        assert (child.state, child.holder.unit) == (State.DISPATCHED, part["department"])
        assert (child.received_at, child.plan) == (parent.received_at, parent.plan)
        registered, dispatched, forced, *assists = found.log[child_id]
        assert isinstance(registered, events.CaseRegistered)
        assert registered.parent == str(CASE_ID)
        assert isinstance(dispatched, events.CaseDispatched)
        assert dispatched.forced
        assert isinstance(forced, events.AssignmentForced)
        assert (forced.scope, forced.parent, forced.text) == (part["scope"], parent.number, "草坪坏了")
        assert len(assists) == len(part.get("assists", ()))
        assert "申诉" in refused(found.say(child_id, "return", by=child.holder.unit, **GIVE_BACK)).reason.zh


def test_no_scope_is_in_the_log() -> None:
    found, children = split()
    lines = [
        one for case in (CASE_ID, *children) for one in found.log[case] if isinstance(one, events.CaseEvent)
    ]
    assert not any(part["scope"] in line.model_dump_json() for part in PARTS for line in lines)


def test_the_parent_resolves_with_the_last_child_and_closes_it() -> None:
    found, children = split()
    for child, part in zip(children, PARTS, strict=True):
        assert found.cases[CASE_ID].state is State.AWAITING_CHILDREN
        resolve(found, child, str(part["department"]), public_text=f"{part['scope']}完成")
    parent = found.cases[CASE_ID]
    assert parent.state is State.RESOLVED
    resolved = next(one for one in found.log[CASE_ID] if isinstance(one, events.CaseResolved))
    assert (
        resolved.public_text == "parks局：更换灯具完成；roads局：修缮电缆完成；biling-street局：维护桥体完成"
    )
    assert resolved.at == found.cases[children[-1]].changed_at, "in time is judged by the child's act"
    waiting = [one.waiting for one in found.log[CASE_ID] if isinstance(one, events.CaseChildDone)]
    assert waiting == [2, 1, 0]
    assert found.do(CASE_ID, "close").state is State.CLOSED
    assert {found.cases[child].state for child in children} == {State.CLOSED}


def test_a_child_never_closes_by_its_own_silence() -> None:
    found, children = split()
    assert resolve(found, children[0], PARKS).close_at is None
    assert found.do(children[0], "close").state is State.CLOSED
    assert found.cases[CASE_ID].state is State.AWAITING_CHILDREN


def test_a_childs_answer_is_the_parents_response() -> None:
    found, children = split()
    assert found.cases[CASE_ID].responded_at is None
    found.do(children[1], "accept", by=ROADS, handler=LI)
    answered = next(one for one in found.log[CASE_ID] if isinstance(one, events.CaseResponded))
    assert (answered.first, answered.department, answered.at) == (True, ROADS, after(found.minute))
    found.do(children[0], "accept", by=PARKS, handler=LI)
    assert found.types(CASE_ID).count("case.responded") == 1


def test_what_ends_the_parent_ends_its_children() -> None:
    found, children = split()
    resolve(found, children[0], PARKS)
    withdrawn = acts.decide(
        found.law, found.cases[CASE_ID], act(ActKind.WITHDRAW, minute=90), after(90), None
    )
    assert isinstance(withdrawn, Done)
    found._take(withdrawn)
    found.minute = 90
    found.settle()
    states = [found.cases[child].state for child in children]
    assert states == [State.CLOSED, State.WITHDRAWN, State.WITHDRAWN]
    assert not any(list(found.cases[child].open) for child in children)


def test_a_part_is_not_taken_back_or_merged_by_itself() -> None:
    found, children = split()
    for command in ("withdraw", "reject"):
        more: dict[str, Any] = {"reason_code": "x", "public_text": "x"}
        no = refused(found.say(children[0], command, **({"reason": "x"} if command == "withdraw" else more)))
        assert "父单" in no.reason.zh
        assert command not in no.legal
    assert refused(found.say(children[0], "merge", into=str(CASE_ID), reason="x"))


def test_a_follow_up_that_comes_again_does_nothing() -> None:
    found, children = split()
    done = found.done
    resolve(found, children[0], PARKS)
    (told,) = next(one.follow_ups for one in reversed(done) if one.follow_ups)
    assert (
        kinship.decide(found.law, found.cases[CASE_ID], Dossier(found.sent[CASE_ID]), told, after(99)) is None
    )


def two() -> Play:
    found = play(town.law())
    earlier = replace(case_of(sent(category="道路"), after(2)), id=OTHER_ID, number="20261122-0000-0001")
    found.enter(replace(earlier, received_at=after(-60)), sent("桥下", category="道路"))
    return found


def test_the_survivor_keeps_the_earliest_receipt_and_every_reporter() -> None:
    found = two()
    merged = found.do(OTHER_ID, "merge", into=str(CASE_ID), reason="同一件事")
    survivor = found.cases[CASE_ID]
    assert (merged.state, list(merged.open)) == (State.MERGED, [])
    assert "已并入" in str(merged.holder.reason)
    assert (survivor.state, survivor.counted_from) == (State.DISPATCHED, after(-60))
    absorbed = next(one for one in found.log[CASE_ID] if isinstance(one, events.CaseAbsorbed))
    assert absorbed.contact.masked_phone == "138****8000"
    letter = next(one for one in found.log[CASE_ID] if isinstance(one, events.AssignmentUpdated))
    assert (letter.what, letter.text, letter.department) == ("merged", "桥下", PARKS)


def test_unmerge_restores_both() -> None:
    found = two()
    found.do(OTHER_ID, "merge", into=str(CASE_ID), reason="同一件事")
    other = found.do(OTHER_ID, "unmerge", reason="不是同一件事")
    assert (other.state, other.holder.unit, other.family.merged_into) == (State.DISPATCHED, ROADS, None)
    survivor = found.cases[CASE_ID]
    assert (survivor.counted_from, survivor.family.absorbed) == (survivor.received_at, ())
    assert found.types(OTHER_ID) == ["case.merged", "case.unmerged", "case.dispatched"]
    assert found.types(CASE_ID) == ["case.absorbed", "case.released"]


def test_unmerge_restores_a_dispute_and_a_stay_at_the_desk() -> None:
    found = two()
    for state in (State.REGISTERED, State.DISPUTED):
        found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK) if state is State.REGISTERED else found.do(
            CASE_ID, "dispute", reason="x"
        )
        found.do(CASE_ID, "merge", into=str(OTHER_ID), reason="x")
        assert found.do(CASE_ID, "unmerge", reason="x").state is state
        assert found.cases[CASE_ID].holder.unit == DESK


def test_what_has_ended_stands_for_nobody_and_the_other_goes_on_by_itself() -> None:
    found = two()
    assert isinstance(found.say(OTHER_ID, "merge", into=str(CASE_ID), reason="x"), Done)
    found.say(CASE_ID, "withdraw", reason="x")
    found.settle()
    other = found.cases[OTHER_ID]
    assert (other.state, other.holder.unit) == (State.DISPATCHED, ROADS)
    assert found.types(OTHER_ID) == ["case.merged", "case.unmerged", "case.dispatched"]


def test_into_itself_into_nothing_and_into_what_has_ended_is_refused() -> None:
    found = two()
    assert refused(found.say(CASE_ID, "merge", into=str(CASE_ID), reason="x")).code is Refusal.ILLEGAL_MOVE
    nowhere = str(ids.case_id("app", "9"))
    assert refused(found.say(CASE_ID, "merge", into=nowhere, reason="x")).code is Refusal.ILLEGAL_MOVE
    found.do(OTHER_ID, "withdraw", reason="x")
    assert "不可并入" in refused(found.say(CASE_ID, "merge", into=str(OTHER_ID), reason="x")).reason.zh


def test_each_into_the_other_at_once_and_neither_is_lost() -> None:
    found = two()
    assert isinstance(found.say(CASE_ID, "merge", into=str(OTHER_ID), reason="x"), Done)
    # The other door still saw the first case as it was a moment ago.
    found.cases[CASE_ID], mine = replace(found.cases[CASE_ID], state=State.DISPATCHED), found.cases[CASE_ID]
    assert isinstance(found.say(OTHER_ID, "merge", into=str(CASE_ID), reason="x"), Done)
    found.cases[CASE_ID] = mine
    found.settle()
    states = {found.cases[CASE_ID].state, found.cases[OTHER_ID].state}
    assert states == {State.DISPATCHED}


def test_an_emergency_is_handed_off_and_confirmed() -> None:
    found = play()
    case = found.do(CASE_ID, "hand_off", service="fire", reason="着火")
    assert (case.state, case.unconfirmed_since, case.holder.unit) == (State.HANDED_OFF, after(5), DESK)
    kinds = [type(one) for one in found.log[CASE_ID]]
    assert kinds[:2] == [events.CaseHandedOff, events.EmergencyHandedOff]
    assert events.AssignmentCancelled in kinds
    case = found.do(CASE_ID, "confirm", minute=2)
    assert (case.unconfirmed_since, list(case.open)) == (None, [])
    confirmed = next(one for one in found.log[CASE_ID] if isinstance(one, events.CaseHandOffConfirmed))
    assert confirmed.after_s == 120
    assert refused(found.say(CASE_ID, "confirm")).code is Refusal.ILLEGAL_MOVE


def test_a_rule_hands_an_emergency_off_at_once_and_who_it_names_follows_it_up() -> None:
    rules = (town.rule("gas", {"words": {"any": ["漏气"]}}, lead=ROADS, emergency="fire"),)
    done = town.registered(sent("燃气漏气"), after(1), town.law(*rules))
    assert [one.TYPE for one in done.events[:3]] == [
        "case.registered",
        "case.handed_off",
        "emergency.handed_off",
    ]
    assert (done.case.state, done.case.version) == (State.HANDED_OFF, 2)
    roles = {one.department: one.role for one in done.events if isinstance(one, events.AssignmentOpened)}
    assert roles == {DESK: "desk", ROADS: "assist"}
