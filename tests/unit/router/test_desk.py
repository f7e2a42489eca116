"""What the desk does besides dispatching: 改派、改类、催办、督办、不予受理、转出; silence that accepts; two at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.contracts.commands import Refusal
from services.contracts.values import State, TriageClass
from services.router import dues
from tests.unit.router.talk import (
    ALICE,
    BOB,
    LAW,
    at_work,
    done,
    pass_time,
    refused,
    say,
    told,
    types,
    with_parks,
)
from tests.unit.router.town import DESK, PARKS, ROADS, STREET, after


def test_reassign_takes_it_from_one_and_gives_it_to_another() -> None:
    case = at_work()
    moved = done(say(case, "reassign", ALICE, 30, department=ROADS, assists=[STREET], reason="归口道路"))
    assert types(moved) == [
        "case.dispatched",
        "assignment.cancelled",
        "assignment.opened",
        "assignment.opened",
    ]
    assert (moved.case.state, moved.case.holder.unit, moved.case.bounces) == (State.DISPATCHED, ROADS, 0)
    assert dues.close_due(moved.case, after(31)) == dues.close_due(case, after(31)), "no clock begins again"
    assert "已由" in refused(say(case, "reassign", ALICE, 30, department=PARKS, reason="x")).reason.zh
    assert refused(say(case, "reassign", ALICE, 30, department="nobody", reason="x"))


def test_a_graver_class_tightens_the_plan() -> None:
    case = with_parks()
    plans = LAW.city.plans
    assert (case.plan.name, case.plan.response.target) == ("parks", timedelta(minutes=20))
    wider = done(say(case, "reclassify", ALICE, 10, category="道路", reason="x"))
    line = told(wider, "case.reclassified")
    assert (line["category"], line["previous_category"], line["plan_changed"]) == ("道路", "公园", False)
    assert wider.case.plan == case.plan, "a looser promise is not taken"
    roads = replace(case, plan=plans.by_name["standard"], category="道路")
    tight = done(say(roads, "reclassify", ALICE, 10, category="公园/草坪", triage_class="urgent", reason="x"))
    assert (tight.case.plan.name, tight.case.triage_class) == ("parks", TriageClass.URGENT)
    assert told(tight, "case.reclassified")["plan"]["name"] == "parks"
    assert tight.case.received_at == case.received_at
    letter = told(tight, "assignment.updated")
    assert letter["due_response_at"] == after(20).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("fields", [{}, {"category": "公园"}, {"category": "无此类"}])
def test_reclassifying_changes_something_there_is(fields: dict[str, str]) -> None:
    assert (
        refused(say(with_parks(), "reclassify", ALICE, 10, reason="x", **fields)).code is Refusal.ILLEGAL_MOVE
    )


def test_urged_and_supervised_change_no_owner() -> None:
    case = at_work()
    urged = done(say(case, "urge", ALICE, 20, reason="市民再次来电"))
    assert types(urged) == ["case.urged", "assignment.urged", "assignment.updated"]
    watched = done(say(case, "supervise", ALICE, 20, reason="区领导批示", answer_by=after(90).isoformat()))
    assert types(watched) == ["case.supervised", "assignment.updated"]
    assert "批示" not in watched.events[0].model_dump_json()
    assert told(watched, "assignment.updated")["answer_by"] == told(watched, "case.supervised")["answer_by"]
    assert watched.case.standing.supervised
    for one in (urged, watched):
        assert (one.case.holder, one.case.state) == (case.holder, case.state)


def test_rejected_with_where_to_turn_to_and_transferred_with_its_number_there() -> None:
    no = done(
        say(
            with_parks(),
            "reject",
            ALICE,
            10,
            reason_code="out_of_scope",
            public_text="请向法院提出",
            turn_to="区法院 12368",
        )
    )
    assert told(no, "case.rejected")["turn_to"] == "区法院 12368"
    out = done(
        say(
            with_parks(),
            "transfer_out",
            ALICE,
            10,
            system="省 12345",
            their_number="A-77",
            public_text="已转省平台",
        )
    )
    assert types(out) == ["case.transferred_out", "assignment.cancelled"]
    assert out.case.state is State.TRANSFERRED_OUT
    assert list(out.case.open) == []


def test_silence_accepts_by_the_plan_and_is_no_response() -> None:
    case = with_parks()
    assert pass_time(case, 600) == [], "this plan does not take silence for anything"
    patient = case.plan.model_copy(update={"auto_accept": timedelta(hours=1)})
    (silent,) = pass_time(replace(case, plan=patient), 600)
    assert silent.at == after(64)
    assert types(silent) == ["case.accepted", "assignment.updated"]
    assert told(silent, "case.accepted")["by_silence"]
    assert (silent.case.state, silent.case.responded_at, silent.case.handler) == (State.ACCEPTED, None, None)
    early = refused(say(replace(case, plan=patient), "accept", ALICE, 30))
    assert early.code is Refusal.ILLEGAL_MOVE


def test_of_two_at_once_the_second_gets_the_present_state() -> None:
    case = at_work()
    first = done(say(case, "reassign", ALICE, 30, department=ROADS, reason="x", version=case.version))
    second = refused(
        say(first.case, "reassign", BOB, 30, department=STREET, reason="x", version=case.version)
    )
    assert (second.code, second.case) == (Refusal.STALE_VERSION, first.case)
    assert done(
        say(first.case, "reassign", BOB, 31, department=STREET, reason="x", version=first.case.version)
    )
    assert LAW.desk == DESK
