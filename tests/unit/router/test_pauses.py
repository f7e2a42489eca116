"""Time asked of the desk: pauses and extensions, who may grant them, how long they last, what the events carry."""

from datetime import timedelta

import pytest

from services.contracts.values import PauseReason, State
from services.router import dues
from tests.unit.router.talk import (
    ALICE,
    BOB,
    DAY,
    HOUR,
    LAW,
    at_work,
    done,
    law,
    pass_time,
    refused,
    resolved,
    say,
    told,
    types,
)
from tests.unit.router.town import DESK, PARKS, ROADS, after


def test_a_reason_without_an_approver_rests_at_once_and_up_to_its_cap() -> None:
    paused = done(say(at_work(), "pause", PARKS, 30, reason="awaiting_citizen", grounds="等市民补图"))
    assert types(paused) == ["case.paused"]
    assert paused.case.state is State.SUSPENDED
    line = told(paused, "case.paused")
    assert (line["approver"], line["clocks"], line["reason"]) == (None, ["close"], "awaiting_citizen")
    assert line["until"] == after(150).isoformat().replace("+00:00", "Z")
    assert "等市民" not in paused.events[0].model_dump_json()

    (resumed,) = pass_time(paused.case, 3 * HOUR)
    assert (resumed.case.state, resumed.at) == (State.IN_PROGRESS, after(150)), "counted from the cap"
    assert told(resumed, "case.resumed")["by_cap"]
    assert dues.close_due(resumed.case, after(200)) == after(DAY) + timedelta(hours=2)


def test_one_that_needs_an_approver_begins_with_the_approval() -> None:
    asked = done(say(at_work(), "pause", PARKS, 30, reason="awaiting_third_party", grounds="等供电局"))
    assert types(asked) == ["case.pause_requested", "assignment.updated"]
    assert asked.case.state is State.ACCEPTED
    letter = told(asked, "assignment.updated")
    assert (letter["department"], letter["text"], letter["by"]) == (DESK, "等供电局", PARKS)

    granted = done(say(asked.case, "approve", ALICE, 60))
    line = told(granted, "case.paused")
    assert (granted.case.state, line["approver"]) == (State.SUSPENDED, ALICE)
    assert (line["at"], line["requested_at"]) == tuple(
        after(minute).isoformat().replace("+00:00", "Z") for minute in (60, 30)
    )
    assert granted.case.standing.pause is not None
    assert granted.case.standing.pause.until == after(60 + DAY)

    resumed = done(say(granted.case, "resume", PARKS, 90))
    assert not told(resumed, "case.resumed")["by_cap"]
    assert resumed.case.standing.rested_for(PauseReason.AWAITING_THIRD_PARTY) == timedelta(minutes=30)


def test_less_may_be_granted_and_refusing_is_told() -> None:
    asked = done(say(at_work(), "pause", PARKS, 30, reason="awaiting_third_party", grounds="x")).case
    granted = done(say(asked, "approve", ALICE, 60, until=after(120).isoformat()))
    assert granted.case.standing.pause is not None
    assert granted.case.standing.pause.until == after(120)
    no = done(say(asked, "refuse", ALICE, 60, reason="不必等"))
    assert types(no) == ["case.pause_refused", "assignment.updated"]
    assert no.case.standing.request is None
    assert no.case.state is State.ACCEPTED


def test_who_asked_does_not_approve() -> None:
    shelved = done(say(at_work(), "shelve", ALICE, 30, grounds="待征拆")).case
    assert "申请人" in refused(say(shelved, "approve", ALICE, 40)).reason.zh
    assert done(say(shelved, "approve", BOB, 40)).case.state is State.SUSPENDED


@pytest.mark.parametrize(
    ("minute", "fields", "says"),
    [
        (DAY + 1, {"reason": "awaiting_citizen"}, "已过办结时限"),
        (30, {"reason": "legal_procedure"}, "未列入"),
        (30, {"reason": "awaiting_citizen", "until": after(20).isoformat()}, "until"),
    ],
)
def test_a_pause_that_may_not_be(minute: float, fields: dict[str, str], says: str) -> None:
    assert says in refused(say(at_work(), "pause", PARKS, minute, grounds="x", **fields)).reason.zh


def test_the_cap_of_all_pauses_and_one_request_at_a_time() -> None:
    case = at_work()
    for minute, end in ((30, 150), (160, 220)):
        case = done(say(case, "pause", PARKS, minute, reason="awaiting_citizen", grounds="x")).case
        assert case.standing.pause is not None
        assert case.standing.pause.until == after(end), "the second has what the first left"
        case = pass_time(case, end)[-1].case
    assert "累计" in refused(say(case, "pause", PARKS, 300, reason="awaiting_citizen", grounds="x")).reason.zh
    case = done(say(case, "extend", PARKS, 300, by="PT2H", grounds="x")).case
    again = refused(say(case, "pause", PARKS, 301, reason="awaiting_third_party", grounds="x"))
    assert "待批" in again.reason.zh


def test_an_extension_is_granted_before_the_due_and_keeps_the_original() -> None:
    asked = done(say(at_work(), "extend", PARKS, 60, by="PT10H", grounds="料未到"))
    assert types(asked) == ["case.extension_requested", "assignment.updated"]
    assert told(asked, "case.extension_requested")["requested"] == "PT10H"
    granted = done(say(asked.case, "approve", ALICE, 90, by="PT6H"))
    line = told(granted, "case.extended")
    assert (line["granted"], line["requested"], line["requester"], line["approver"]) == (
        "PT6H", "PT10H", PARKS, ALICE,
    )  # fmt: skip
    assert line["original_due_at"] == line["previous_due_at"] == after(DAY).isoformat().replace("+00:00", "Z")
    assert line["due_at"] == after(DAY + 6 * HOUR).isoformat().replace("+00:00", "Z")
    assert dues.close_due(granted.case, after(91)) == after(DAY + 6 * HOUR)
    assert dues.response_due(granted.case) == dues.response_due(asked.case)

    assert "无效" in refused(say(asked.case, "approve", ALICE, DAY + 1)).reason.zh
    assert "多于" in refused(say(asked.case, "approve", ALICE, 90, by="PT11H")).reason.zh
    no = done(say(asked.case, "refuse", ALICE, DAY + 1, reason="逾期"))
    assert types(no) == ["case.extension_refused", "assignment.updated"]


def test_extensions_are_few_and_short() -> None:
    case = at_work()
    assert "不超过" in refused(say(case, "extend", PARKS, 60, by="P2D", grounds="x")).reason.zh
    for minute in (60, 70):
        case = done(say(case, "extend", PARKS, minute, by="PT1H", grounds="x")).case
        case = done(say(case, "approve", ALICE, minute + 5)).case
    assert "次数" in refused(say(case, "extend", PARKS, 90, by="PT1H", grounds="x")).reason.zh
    late = refused(say(at_work(), "extend", PARKS, DAY + 1, by="PT1H", grounds="x"))
    assert "已过办结时限" in late.reason.zh


def test_nothing_is_approved_that_was_not_asked() -> None:
    assert "没有待批" in refused(say(at_work(), "approve", ALICE, 30)).reason.zh
    asked = done(say(at_work(), "pause", PARKS, 30, reason="shelved", grounds="x")).case
    assert "未列入" in refused(say(asked, "approve", ALICE, 40, law(pauses=[]))).reason.zh


def test_a_hand_over_ends_a_pause_and_a_request_and_keeps_what_was_rested() -> None:
    paused = done(say(at_work(), "pause", PARKS, 30, reason="awaiting_citizen", grounds="x")).case
    moved = done(say(paused, "reassign", ALICE, 60, department=ROADS, reason="x"))
    assert types(moved)[:2] == ["case.resumed", "case.dispatched"]
    assert [event.model_dump()["version"] for event in moved.events[:2]] == [
        paused.version + 1, paused.version + 2,
    ]  # fmt: skip
    assert told(moved, "case.dispatched")["taken_from"] == PARKS
    assert moved.case.standing.pause is None
    assert moved.case.standing.rested_total == timedelta(minutes=30)
    asked = done(say(at_work(), "extend", PARKS, 30, by="PT1H", grounds="x")).case
    assert resolved(asked).case.standing.request is None
    assert LAW.city.policy.extension.most == 2
