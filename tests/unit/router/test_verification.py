"""After the resolve: who is asked, what a rating does, what is done again, and when it is flagged."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts import ids
from services.contracts.commands import Refusal
from services.contracts.events import ActReceived
from services.contracts.ids import CaseId
from services.contracts.policy import Policy
from services.contracts.values import ActKind, State
from services.router import acts, dues, verification
from services.router.case import Case
from services.router.records import Dossier
from services.router.verdicts import Done
from tests.unit.router.talk import (
    ALICE,
    DAY,
    HOUR,
    LAW,
    SENT,
    at_work,
    done,
    law,
    pass_time,
    refused,
    resolved,
    say,
    told,
    types,
    with_parks,
)
from tests.unit.router.town import PARKS, ROADS, after

ALL = law(verification={"after": "PT1H", "silent_close": "P2D", "samples": [{"rate": 1, "ask": "call"}]})


def rate(case: Case, rating: int, minute: float) -> Done:
    act = ActReceived(act_id="a", channel="app", kind=ActKind.RATE, received_at=after(minute), rating=rating)
    found = acts.decide(LAW, case, act, after(minute), Dossier(SENT))
    assert isinstance(found, Done)
    return found


def verifying() -> Case:
    done_at_ten = done(say(at_work(), "resolve", PARKS, HOUR, ALL, kind="fixed", public_text="好")).case
    (asked,) = pass_time(done_at_ten, 3 * HOUR, ALL)
    assert asked.at == after(2 * HOUR)
    assert types(asked) == ["case.verification_asked"]
    assert told(asked, "case.verification_asked")["ask"] == "call"
    assert asked.case.close_at == after(2 * HOUR + 2 * DAY)
    return asked.case


@given(st.uuids(), st.floats(0, 1))
def test_the_sample_is_the_same_each_time_and_grows_with_the_rate(uuid: CaseId, rate: float) -> None:
    case = replace(with_parks(), id=uuid)
    less, more = (
        Policy.model_validate({"verification": {"samples": [{"rate": each}]}}) for each in (rate / 2, rate)
    )
    picked = verification.sampled(less, case)
    assert picked == verification.sampled(less, case)
    assert picked is None or verification.sampled(more, case) is not None


def test_the_share_is_about_the_rate() -> None:
    policy = Policy.model_validate({"verification": {"samples": [{"rate": 0.2}]}})
    cases = (replace(with_parks(), id=CaseId(ids.derive("n", str(n)))) for n in range(2000))
    assert 340 < sum(verification.sampled(policy, case) is not None for case in cases) < 460


def test_a_good_rating_closes_and_silence_does_too() -> None:
    well = rate(verifying(), 4, 3 * HOUR)
    assert types(well) == ["case.verified", "assignment.updated", "case.closed", "assignment.cancelled"]
    assert well.case.state is State.CLOSED
    assert told(well, "case.verified")["satisfied"]
    (silent,) = pass_time(verifying(), 3 * DAY, ALL)
    assert silent.case.state is State.CLOSED


def test_a_bad_rating_is_done_again_by_the_same_owner_and_its_time_is_credited() -> None:
    badly = rate(verifying(), 2, 3 * HOUR)
    assert types(badly)[:3] == ["case.verified", "assignment.updated", "case.reopened"]
    line = told(badly, "case.reopened")
    assert (line["basis"], line["redo_count"], line["department"]) == ("rating", 1, PARKS)
    assert line["verifying_since"] == after(2 * HOUR).isoformat().replace("+00:00", "Z")
    assert (badly.case.state, badly.case.close_at) == (State.IN_PROGRESS, None)
    assert dues.close_due(badly.case, after(4 * HOUR)) == after(DAY) + timedelta(hours=2)


def test_the_desks_call_brings_the_rating() -> None:
    assert done(say(verifying(), "rate", ALICE, 3 * HOUR, rating=5)).case.state is State.CLOSED
    plain = done(say(resolved(at_work()).case, "rate", ALICE, 2 * HOUR, rating=1))
    assert types(plain) == ["case.rated", "assignment.updated"]
    assert plain.case.state is State.RESOLVED
    assert done(say(resolved(at_work()).case, "verify", ALICE, 2 * HOUR)).case.state is State.VERIFYING


def test_a_rating_of_a_closed_case_is_told_to_its_last_owner() -> None:
    closed = done(say(resolved(at_work()).case, "close", ALICE, 2 * HOUR)).case
    late = rate(closed, 5, 3 * HOUR)
    assert types(late) == ["case.rated", "assignment.updated"]
    assert (told(late, "assignment.updated")["department"], late.case.state) == (PARKS, State.CLOSED)


def test_reopened_within_the_window_and_not_after() -> None:
    closed = done(say(resolved(at_work()).case, "close", ALICE, 2 * HOUR)).case
    back = done(say(closed, "reopen", ALICE, DAY, reason="又坏了"))
    assert types(back) == ["case.reopened", "assignment.opened"]
    assert (back.case.state, back.case.holder.unit) == (State.IN_PROGRESS, PARKS)
    assert back.case.assignment_version == closed.assignment_version + 1
    assert back.case.handler == closed.handler
    days = LAW.city.policy.redo.window / timedelta(minutes=1)
    assert "期限" in refused(say(closed, "reopen", ALICE, 2 * HOUR + days + 1, reason="x")).reason.zh


def test_the_third_redo_flags_it_and_the_owner_stays() -> None:
    case, found = at_work(), list[str]()
    for hour in (2, 4, 6):
        case = resolved(case, minute=hour * HOUR).case
        again = done(say(case, "redo", ALICE, (hour + 1) * HOUR, reason="未解决"))
        case, found = again.case, types(again)
    assert found == ["case.reopened", "assignment.updated", "case.flagged"]
    line = told(again, "case.flagged")
    assert (line["why"], line["count"], line["department"], line["told"]) == ("redos", 3, PARKS, "desk")
    assert (case.standing.flagged, case.holder.unit, case.standing.redos) == (True, PARKS, 3)


def test_evidence_by_parts_is_refused_naming_what_is_missing() -> None:
    case = replace(at_work(ROADS), category="道路/路灯")
    fields = {"kind": "fixed", "public_text": "好"}
    none = refused(say(case, "resolve", ROADS, 20, **fields))
    assert (none.code, none.missing) == (Refusal.EVIDENCE_MISSING, ("photo_before", "photo_after"))
    half = refused(say(case, "resolve", ROADS, 20, evidence=["photo_before:1"], **fields))
    assert half.missing == ("photo_after",)
    pieces = [{"kind": "photo_after", "ref": "2"}, "photo_before:1", "anything"]
    whole = done(say(case, "resolve", ROADS, 20, evidence=pieces, **fields))
    assert told(whole, "case.resolved")["evidence"] == ["photo_after", "photo_before", "other"]


def test_what_is_below_asks_for_what_its_parent_asks_for() -> None:
    assert LAW.city.evidence("道路/路灯/灯杆") == LAW.city.evidence("道路/路灯")
    assert LAW.city.evidence("公园") is False


@pytest.mark.parametrize("rating", [1, 5])
def test_a_rating_in_the_middle_is_kept(rating: int) -> None:
    act = ActReceived(act_id="a", channel="app", kind=ActKind.RATE, received_at=after(20), rating=rating)
    assert acts.decide(LAW, at_work(), act, after(20), None) == acts.Kept()
