"""What the citizen adds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.contracts import events
from services.contracts.events import ActReceived
from services.contracts.values import ActKind, State
from services.router import acts
from services.router.acts import Kept
from services.router.case import Case
from services.router.decide import Law
from services.router.records import Dossier
from services.router.verdicts import Done
from tests.unit.router import town
from tests.unit.router.talk import ALICE, HOUR, SENT, at_work, done, resolved, say, told, types
from tests.unit.router.talk import LAW as TALK
from tests.unit.router.talk import law as a_law
from tests.unit.router.town import PARKS, STREET, after, at, case_of, sent

CASE = case_of(sent(category="公园/草坪", place=at("碧岭街道")), after(4))
LAW = town.law()
CLOSED = replace(CASE, state=State.CLOSED)


def act(kind: ActKind, minute: float = 20, **more: Any) -> ActReceived:
    return ActReceived(act_id="a", channel="app", kind=kind, received_at=after(minute), **more)


def decided(kind: ActKind, **more: Any) -> Done:
    found = acts.decide(LAW, CASE, act(kind, **more), after(21), None)
    assert isinstance(found, Done)
    return found


def test_a_supplement_reaches_everybody_with_an_open_assignment_and_not_the_log() -> None:
    done = decided(ActKind.SUPPLEMENT, text="还有一处")
    assert [(e.TYPE, e.model_dump()["department"]) for e in done.events] == [
        ("assignment.updated", STREET), ("assignment.updated", PARKS),
    ]  # fmt: skip
    assert done.case == CASE


def test_urging_is_told_and_timed() -> None:
    done = decided(ActKind.URGE)
    assert [event.TYPE for event in done.events] == ["case.urged", "assignment.urged", "assignment.urged"]
    assert done.at == after(20)
    assert (done.case.version, done.case.holder) == (CASE.version + 1, CASE.holder)
    assert done.case.changed_at == CASE.changed_at


def test_withdrawing_ends_it() -> None:
    done = decided(ActKind.WITHDRAW)
    assert done.case.state is State.WITHDRAWN
    assert isinstance(done.events[0], events.CaseWithdrawn)
    assert [event.TYPE for event in done.events[1:]] == ["assignment.cancelled", "assignment.cancelled"]


def test_what_comes_too_late_is_kept() -> None:
    for kind in set(ActKind) - {ActKind.REOPEN}:
        assert acts.decide(LAW, CLOSED, act(kind), after(21), None) == Kept()


def test_an_act_counts_from_our_receipt_within_the_cases_time() -> None:
    assert decided(ActKind.URGE, minute=2).at == after(4)
    assert decided(ActKind.URGE, minute=90).at == after(21)


def closed() -> Case:
    return done(say(resolved(at_work()).case, "close", ALICE, 2 * HOUR)).case


def asks_again(case: Case, minute: float, law: Law = TALK) -> Done | Kept:
    found = act(ActKind.REOPEN, minute=minute, text="又坏了")
    return acts.decide(law, case, found, after(minute), Dossier(SENT))


def test_the_citizen_reopens_within_the_window_and_not_after() -> None:
    back = asks_again(closed(), 3 * HOUR)
    assert isinstance(back, Done)
    assert types(back) == ["case.reopened", "assignment.opened"]
    assert (back.case.state, back.case.holder.unit, back.case.standing.redos) == (State.IN_PROGRESS, PARKS, 1)
    assert told(back, "case.reopened")["actor"] == "citizen"
    assert told(back, "assignment.opened")["reason"] == "又坏了"
    days = TALK.city.policy.redo.window / timedelta(minutes=1)
    assert asks_again(closed(), 2 * HOUR + days + 1) == Kept()


def test_what_is_not_closed_yet_comes_back_to_who_has_it() -> None:
    back = asks_again(resolved(at_work()).case, 3 * HOUR)
    assert isinstance(back, Done)
    assert types(back) == ["case.reopened", "assignment.updated"]
    assert told(back, "assignment.updated")["text"] == "又坏了"
    assert asks_again(at_work(), 30) == Kept()


def test_the_third_time_flags_it_and_after_that_the_desk_is_asked() -> None:
    case, found = at_work(), list[str]()
    for hour in (2, 4, 6):
        back = asks_again(resolved(case, minute=hour * HOUR).case, (hour + 1) * HOUR)
        assert isinstance(back, Done)
        case, found = back.case, types(back)
    assert found[-1] == "case.flagged"
    asked = asks_again(resolved(case, minute=8 * HOUR).case, 9 * HOUR)
    assert isinstance(asked, Done)
    assert (types(asked), asked.case.state) == (["assignment.updated"], State.RESOLVED)
    letter = told(asked, "assignment.updated")
    assert (letter["what"], letter["department"], letter["text"]) == ("reopen_asked", "desk", "又坏了")


def test_a_bad_rating_nobody_asked_for_is_a_redo_where_the_city_has_it_so() -> None:
    rating = act(ActKind.RATE, minute=3 * HOUR, rating=1)
    strict = a_law(redo={"bad_rating": True})
    for case, letter in ((closed(), "assignment.opened"), (resolved(at_work()).case, "assignment.updated")):
        kept = acts.decide(TALK, case, rating, after(3 * HOUR), Dossier(SENT))
        again = acts.decide(strict, case, rating, after(3 * HOUR), Dossier(SENT))
        assert isinstance(kept, Done)
        assert isinstance(again, Done)
        assert types(kept) == ["case.rated", "assignment.updated"]
        assert types(again) == ["case.rated", "assignment.updated", "case.reopened", letter]
        assert (again.case.state, told(again, "case.reopened")["basis"]) == (State.IN_PROGRESS, "rating")
        assert [e.version for e in again.events if isinstance(e, events.CaseEvent)] == [
            case.version + 1, case.version + 2,
        ]  # fmt: skip
