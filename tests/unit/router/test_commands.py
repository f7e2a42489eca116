"""One command upon one case: what it does, whose it is, when it counts from."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.contracts import events
from services.contracts.commands import COMMAND, Refusal
from services.contracts.values import ResponseBasis, State
from services.router import commands, moves
from services.router.case import Case
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.verdicts import Asked, Done, Refused, Verdict
from tests.unit.router import town
from tests.unit.router.town import DESK, PARKS, ROADS, STREET, after, at, case_of, sent

LAW = town.law()
CITY = LAW.city
LI = {"id": "li", "name": "李四"}
SENT = sent(category="公园")


def say(
    case: Case,
    command: str,
    by: str = PARKS,
    minute: float = 10,
    appended: float | None = None,
    **fields: Any,
) -> Verdict:
    body = {"command": command, "command_id": "c", "case": str(case.id), **fields}
    asked = Asked(
        by,
        by,
        by == DESK,
        COMMAND.validate_python(body),
        after(minute),
        None if appended is None else after(appended),
    )
    return commands.decide(LAW, case, Dossier(SENT), asked)


def done(verdict: Verdict) -> Done:
    assert isinstance(verdict, Done), verdict
    return verdict


def refused(verdict: Verdict) -> Refused:
    assert isinstance(verdict, Refused), verdict
    return verdict


@pytest.fixture
def case() -> Case:
    """With parks since 09:04."""
    return case_of(SENT, after(4))


def types(verdict: Done | Refused) -> list[str]:
    return [event.TYPE for event in verdict.events]


def response(verdict: Done | Refused) -> events.CaseResponded:
    return next(event for event in verdict.events if isinstance(event, events.CaseResponded))


def test_accept_with_a_handler_is_a_response(case: Case) -> None:
    verdict = done(say(case, "accept", handler=LI))
    assert types(verdict) == ["case.accepted", "case.responded"]
    assert response(verdict).first
    assert response(verdict).basis is ResponseBasis.ACCEPT_WITH_HANDLER
    assert (verdict.case.state, verdict.case.version) == (State.ACCEPTED, case.version + 2)
    assert verdict.case.responded_at == after(10)


def test_accept_without_a_handler_is_none(case: Case) -> None:
    verdict = done(say(case, "accept"))
    assert types(verdict) == ["case.accepted"]
    assert verdict.case.responded_at is None


def test_the_plan_says_what_counts(case: Case) -> None:
    strict = case.plan.model_copy(
        update={"response": case.plan.response.model_copy(update={"counts": (ResponseBasis.PUBLIC_MESSAGE,)})}
    )
    verdict = done(say(replace(case, plan=strict), "accept", handler=LI))
    assert not response(verdict).first
    told = done(say(verdict.case, "respond", minute=12, basis="public_message", public_text="在路上"))
    assert response(told).first
    assert told.case.responded_at == after(12)


def test_only_the_first_is_the_first(case: Case) -> None:
    accepted = done(say(case, "accept", handler=LI)).case
    again = done(say(accepted, "respond", basis="logged_contact", contact_note="通话"))
    assert not response(again).first


def test_a_respond_says_something(case: Case) -> None:
    assert (
        refused(say(case, "respond", basis="public_message", contact_note="x")).code is Refusal.ILLEGAL_MOVE
    )
    assert refused(say(case, "respond", basis="logged_contact", public_text="x")).code is Refusal.ILLEGAL_MOVE


def test_start_and_resolve_and_close(case: Case) -> None:
    started = done(say(done(say(case, "accept")).case, "start"))
    assert types(started) == ["case.started"]
    resolved = done(say(started.case, "resolve", minute=60, kind="fixed", public_text="已修好"))
    assert types(resolved) == ["case.resolved"]
    assert resolved.case.close_at == after(60) + CITY.file.silent_close
    closed = done(say(resolved.case, "close", by=DESK, minute=70, reason="好"))
    assert types(closed) == ["case.closed", "assignment.cancelled"]
    assert list(closed.case.open) == []
    assert closed.case.close_at is None
    assert closed.events[0].model_dump()["reason"] == "分拨台结案 / closed by the desk"


def test_evidence_where_the_category_asks_for_it() -> None:
    holes = done(say(case_of(sent(category="道路/坑洞")), "accept", by=ROADS)).case
    assert "凭证" in refused(say(holes, "resolve", by=ROADS, kind="fixed", public_text="补好")).reason.zh
    assert done(say(holes, "resolve", by=ROADS, kind="fixed", public_text="补好", evidence=["photo 1"]))


def test_return_and_dispatch_again(case: Case) -> None:
    back = done(
        say(
            case,
            "return",
            minute=50,
            reason_code="wrong_jurisdiction",
            grounds="张三家在别处",
            suggested_owner=ROADS,
        )
    )
    assert types(back) == ["case.returned", "assignment.cancelled", "assignment.opened"]
    assert (back.case.state, back.case.holder.unit, back.case.bounces) == (State.REGISTERED, DESK, 1)
    assert back.case.assignment_version == case.assignment_version + 1
    log, cancelled, opened = back.events
    assert "张三" not in log.model_dump_json()
    assert isinstance(cancelled, events.AssignmentCancelled)
    assert cancelled.department == PARKS
    assert isinstance(opened, events.AssignmentOpened)
    assert (opened.department, opened.role) == (DESK, "desk")
    assert "张三家在别处" in opened.reason

    again = done(
        say(back.case, "assign", by=DESK, minute=60, department=ROADS, assists=[STREET], reason="属地在此")
    )
    assert types(again) == [
        "case.dispatched",
        "case.return_reviewed",
        "assignment.cancelled",
        "assignment.opened",
        "assignment.opened",
    ]
    assert (again.case.state, again.case.holder.unit) == (State.DISPATCHED, ROADS)
    assert {one.role for one in again.case.open} == {"lead", "assist"}
    assert "属地" not in again.events[0].model_dump_json()


def test_the_returnable_window(case: Case) -> None:
    last = after(4) + CITY.file.return_window
    minutes = (last - town.NINE) / timedelta(minutes=1)
    fields: dict[str, Any] = {"reason_code": "other", "grounds": "x"}
    assert done(say(case, "return", minute=minutes, **fields))
    late = refused(say(case, "return", minute=minutes + 1, **fields))
    assert late.code is Refusal.ILLEGAL_MOVE
    assert "return" not in late.legal
    assert done(say(case, "return", minute=minutes + 1, appended=minutes, **fields)), (
        "it counts from when it was appended"
    )


@pytest.mark.parametrize(
    ("command", "by", "fields", "code"),
    [
        ("start", PARKS, {}, Refusal.ILLEGAL_MOVE),
        ("assign", DESK, {"department": ROADS, "reason": "x"}, Refusal.ILLEGAL_MOVE),
        ("close", PARKS, {}, Refusal.ILLEGAL_MOVE),
        ("pause", PARKS, {"reason": "shelved", "grounds": "x"}, Refusal.ILLEGAL_MOVE),
        ("supervise", PARKS, {"reason": "x"}, Refusal.ILLEGAL_MOVE),
        ("accept", PARKS, {"version": 1}, Refusal.STALE_VERSION),
        ("accept", ROADS, {}, Refusal.NOT_YOURS),
        ("accept", PARKS, {"assignment_version": 7}, Refusal.STALE_VERSION),
    ],
)
def test_refused(case: Case, command: str, by: str, fields: dict[str, Any], code: Refusal) -> None:
    verdict = refused(say(case, command, by=by, **fields))
    assert verdict.code is code
    assert verdict.events == ()
    if by == PARKS:
        assert verdict.legal == moves.legal(case, Who.LEAD)


def test_a_stranger_learns_nothing(case: Case) -> None:
    body = {"command": "accept", "command_id": "c", "case": str(case.id)}
    asked = Asked(ROADS, ROADS, False, COMMAND.validate_python(body), after(10))
    assert not commands.may_know(case, asked)
    assert commands.may_know(case, replace(asked, unit=PARKS))
    assert commands.may_know(case, replace(asked, unit=None, desk=True))


def test_who_had_it_is_told_that_it_is_theirs_no_more(case: Case) -> None:
    back = done(say(case, "return", reason_code="other", grounds="x")).case
    assert refused(say(back, "accept")).code is Refusal.NOT_YOURS


def test_an_assisting_department_does_not_lead() -> None:
    lawn = case_of(sent(category="公园/草坪", place=at("碧岭街道")))
    verdict = refused(say(lawn, "accept", by=PARKS))
    assert (verdict.code, verdict.legal) == (Refusal.ILLEGAL_MOVE, ("report",))


def test_the_desk_assigns_to_departments_there_are() -> None:
    unclaimed = case_of(sent("其他"))
    for department in ("nobody", DESK):
        verdict = refused(say(unclaimed, "assign", by=DESK, department=department, reason="x"))
        assert verdict.code is Refusal.UNKNOWN_DEPARTMENT


def test_the_desk_may_answer_reject_and_withdraw() -> None:
    unclaimed = case_of(sent("其他"))
    answered = done(say(unclaimed, "respond", by=DESK, basis="public_message", public_text="已收到"))
    assert response(answered).department == DESK
    assert types(done(say(unclaimed, "reject", by=DESK, reason_code="spam", public_text="不予受理"))) == [
        "case.rejected", "assignment.cancelled",
    ]  # fmt: skip
    assert types(done(say(unclaimed, "withdraw", by=DESK, reason="来电撤回"))) == [
        "case.withdrawn",
        "assignment.cancelled",
    ]


# Time: when a command counts from (delivery rule 7).


@pytest.mark.parametrize(
    ("appended", "counts_from"), [(None, after(40)), (20.0, after(20)), (1.0, after(4)), (99.0, after(40))]
)
def test_between_the_cases_previous_time_and_now(
    case: Case, appended: float | None, counts_from: datetime
) -> None:
    assert done(say(case, "accept", minute=40, appended=appended)).at == counts_from


def test_a_response_overtaken_by_the_desk_still_counts_for_the_clock(case: Case) -> None:
    back = done(say(case, "return", minute=28, reason_code="other", grounds="x")).case
    assigned = done(say(back, "assign", by=DESK, minute=31, department=ROADS, reason="x")).case
    for command, fields in (
        ("accept", {"handler": LI}),
        ("respond", {"basis": "public_message", "public_text": "好"}),
    ):
        verdict = refused(say(assigned, command, minute=35, appended=27, assignment_version=1, **fields))
        assert verdict.code is Refusal.STALE_VERSION
        told = response(verdict)
        assert (told.late_taken, told.first, told.at, told.department) == (True, True, after(27), PARKS)
        assert verdict.case is not None
        assert (verdict.case.state, verdict.case.holder) == (assigned.state, assigned.holder)
        assert verdict.case.handler is None


def test_what_was_not_legal_then_does_not_count(case: Case) -> None:
    back = done(say(case, "return", minute=28, reason_code="other", grounds="x")).case
    too_late = refused(say(back, "accept", minute=35, appended=29, handler=LI))
    before = refused(say(back, "accept", minute=35, appended=2, handler=LI))
    no_handler = refused(say(back, "accept", minute=35, appended=20))
    other_version = refused(say(back, "accept", minute=35, appended=20, assignment_version=4, handler=LI))
    by_http = refused(say(back, "accept", minute=35, handler=LI))
    assert all(one.events == () for one in (too_late, before, no_handler, other_version, by_http))


def test_a_response_of_the_other_door_that_came_first_is_the_first(case: Case) -> None:
    accepted = done(say(case, "accept", minute=32, handler=LI)).case
    verdict = done(say(accepted, "respond", minute=33, appended=29, basis="public_message", public_text="好"))
    told = response(verdict)
    assert (told.first, told.late_taken, told.at) == (True, True, after(29))
    assert verdict.case.responded_at == after(29)


def test_the_timer_closes_after_silence_and_not_before(case: Case) -> None:
    resolved = done(say(done(say(case, "accept")).case, "resolve", kind="fixed", public_text="好")).case
    assert resolved.close_at is not None
    command = COMMAND.validate_python({"command": "close", "command_id": "c", "case": "c"})
    early = Asked("timer", None, False, command, resolved.close_at - timedelta(microseconds=1), timer=True)
    assert refused(commands.decide(LAW, resolved, None, early)).code is Refusal.ILLEGAL_MOVE
    verdict = done(commands.decide(LAW, resolved, None, replace(early, now=resolved.close_at)))
    assert verdict.case.state is State.CLOSED


def test_what_was_added_travels_with_the_next_assignment(case: Case) -> None:
    back = done(say(case, "return", reason_code="other", grounds="x")).case
    body = {"command": "assign", "command_id": "c", "case": str(case.id), "department": ROADS, "reason": "x"}
    asked = Asked(DESK, DESK, True, COMMAND.validate_python(body), after(30))
    verdict = done(commands.decide(LAW, back, Dossier(SENT, ("还有一处",)), asked))
    added = [event for event in verdict.events if isinstance(event, events.AssignmentUpdated)]
    assert [(event.department, event.text) for event in added] == [(ROADS, "还有一处")]


def test_the_log_says_whether_a_department_had_it_before(case: Case) -> None:
    first = town.registered(SENT, after(4)).events
    back = done(say(case, "return", reason_code="other", grounds="x"))
    onward = done(say(back.case, "assign", by=DESK, minute=20, department=ROADS, reason="x"))
    told = [one for one in (*first, *onward.events) if isinstance(one, events.CaseDispatched)]
    assert [(one.department, one.again) for one in told] == [(PARKS, False), (ROADS, True)]
