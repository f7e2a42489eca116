"""Who must be told: the by-law of notices over the example city."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.contracts.events import CaseEvent, CaseReturned
from services.contracts.ids import CaseId
from services.contracts.values import (
    Audience,
    Handler,
    Holder,
    Kind,
    Locale,
    Medium,
    ReturnReason,
    State,
    TriageClass,
)
from services.notify import decide, occurrence
from services.notify.decide import Intended, Suppressed, Verdict
from services.notify.occurrence import Case, Reporter
from tests.unit.notify import sample

LAW = sample.bylaw()
HANDLER = Handler(id="urban-management-h1", name="typed by hand")


def told(event: CaseEvent, case: Case | None = None, now: datetime = sample.NOON) -> list[Verdict]:
    known = occurrence.after(case or sample.case(), event)
    found = occurrence.of_line(known, sample.event_id(event.TYPE), event)
    return [verdict for one in found for verdict in decide.notices(one, known, LAW, now)]


def rungs(event: Any, now: datetime = sample.NOON) -> list[Verdict]:
    return decide.notices(occurrence.of_rung(sample.CASE, sample.event_id("rung"), event), None, LAW, now)


def intended(verdicts: list[Verdict], audience: Audience) -> list[Intended]:
    return [one for one in verdicts if isinstance(one, Intended) and one.audience is audience]


def test_the_citizen_hears_by_sms_and_app() -> None:
    for event in (
        sample.registered(),
        sample.dispatched(),
        sample.responded(),
        sample.resolved(),
        sample.closed(),
    ):
        found = intended(told(event), Audience.CITIZEN)
        assert [(one.medium, one.recipient) for one in found] == [
            (Medium.SMS, "phone-index"),
            (Medium.APP, "app-index"),
        ]


def test_who_left_no_telephone_hears_by_app_alone() -> None:
    found = told(sample.registered(), sample.case(phone=None))
    assert [one.medium for one in intended(found, Audience.CITIZEN)] == [Medium.APP]
    assert not [one for one in found if isinstance(one, Suppressed)]


@pytest.mark.parametrize(("has_contact", "reason"), [(True, "no_address"), (False, "no_contact")])
def test_who_cannot_be_reached_is_said_once(has_contact: bool, reason: str) -> None:
    found = told(sample.registered(), sample.case(phone=None, app=None, has_contact=has_contact))
    assert [one.reason for one in found if isinstance(one, Suppressed)] == [reason]


def test_a_response_that_was_none_is_told_to_nobody() -> None:
    assert told(sample.responded(first=False)) == []


def test_what_is_said_after_the_first_response_is_read_in_the_feed_and_rings_no_telephone() -> None:
    found = intended(told(sample.responded(first=False, public_text="明天上门")), Audience.CITIZEN)
    assert [one.medium for one in found] == [Medium.APP]


def test_an_assignment_is_told_to_duty_officer_handlers_and_head() -> None:
    found = [one for one in told(sample.dispatched()) if one.audience is not Audience.CITIZEN]
    assert {one.audience for one in found} == {Audience.DUTY_OFFICER, Audience.HANDLER, Audience.HEAD}
    assert all(one.occurrence.event == "assignment.opened" for one in found)
    shift = LAW.roster.on_duty("urban-management", sample.NOON)
    assert shift is not None
    assert [one.recipient for one in intended(found, Audience.DUTY_OFFICER)] == [shift.duty_officer.id]
    assert [one.recipient for one in intended(found, Audience.HANDLER)] == [
        each.id for each in shift.handlers
    ]


def test_what_nobody_claims_is_the_desks() -> None:
    unclaimed = sample.registered(holder=Holder(unit="dispatch-desk", is_desk=True, reason="no rule"))
    assert {
        one.occurrence.unit for one in told(unclaimed) if one.occurrence.event == "assignment.opened"
    } == {"dispatch-desk"}
    assert not [one for one in told(sample.registered()) if one.occurrence.event == "assignment.opened"]


def test_what_comes_back_is_the_desks() -> None:
    kept = sample.DESK.model_copy(update={"reason": "returned"})
    back, gone_on = (
        CaseReturned(
            **sample.line(sample.NOON, State.REGISTERED, holder), assignment_id="a", department="urban-management",
            reason_code=ReturnReason.WRONG_JURISDICTION, bounce_count=1,
        )
        for holder in (kept, sample.DESK)
    )  # fmt: skip
    assert {one.occurrence.unit for one in told(back)} == {"dispatch-desk"}
    assert told(gone_on) == [], "what goes on at once is no news to the desk"


def test_a_rung_reaches_its_audience_and_no_citizen() -> None:
    found = rungs(sample.warned(handler=HANDLER))
    assert Counter(one.audience for one in found) == {Audience.HANDLER: 1, Audience.HEAD: 1}
    assert intended(found, Audience.HANDLER)[0].recipient == HANDLER.id


def test_one_person_is_told_once_whatever_capacities_they_have() -> None:
    unnamed = rungs(sample.warned(audiences=(Audience.HANDLER, Audience.DUTY_OFFICER)))
    recipients = [(one.recipient, one.medium) for one in unnamed if isinstance(one, Intended)]
    assert len(recipients) == len(set(recipients)) == 2  # the unit's duty officer, and the desk's


def test_a_rung_of_an_unknown_unit_reaches_somebody_or_says_so() -> None:
    nobody = Holder(unit="no-such-unit", is_desk=False)
    found = rungs(sample.warned(audiences=(Audience.HEAD,), holder=nobody))
    assert [one.reason for one in found if isinstance(one, Suppressed)] == ["nobody_on_duty"]


def test_a_typed_name_is_never_said() -> None:
    spoken = decide.notices(
        occurrence.of_rung(sample.CASE, sample.event_id("r"), sample.warned(handler=Handler(id="x", name="张三 13800138000"))),
        None, LAW, sample.NOON,
    )  # fmt: skip
    assert {one.occurrence.subject.handler_name for one in spoken} == {None}


class TestQuietHours:
    def test_an_sms_waits_for_the_morning(self) -> None:
        sms = next(one for one in intended(told(sample.dispatched(), now=sample.NIGHT), Audience.CITIZEN)
                   if one.medium is Medium.SMS)  # fmt: skip
        assert sms.not_before == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)

    def test_a_feed_wakes_nobody(self) -> None:
        app = next(one for one in intended(told(sample.dispatched(), now=sample.NIGHT), Audience.CITIZEN)
                   if one.medium is Medium.APP)  # fmt: skip
        assert app.not_before == sample.NIGHT

    @pytest.mark.parametrize("triage", [TriageClass.SPECIAL, TriageClass.URGENT])
    def test_what_presses_does_not_wait(self, triage: TriageClass) -> None:
        found = told(sample.dispatched(), sample.case(triage_class=triage), sample.NIGHT)
        assert {one.not_before for one in found if isinstance(one, Intended)} == {sample.NIGHT}

    def test_staff_have_none(self) -> None:
        found = told(sample.dispatched(), now=sample.NIGHT) + rungs(sample.warned(), sample.NIGHT)
        staff = [one for one in found if isinstance(one, Intended) and one.audience is not Audience.CITIZEN]
        assert {one.not_before for one in staff} == {sample.NIGHT}


class TestOnce:
    def test_the_id_is_derived_from_the_cause(self) -> None:
        assert [one.notice_id for one in told(sample.dispatched())] == [
            one.notice_id for one in told(sample.dispatched())
        ]

    def test_another_event_is_another_notice(self) -> None:
        first = {one.notice_id for one in told(sample.dispatched())}
        assert first.isdisjoint(one.notice_id for one in told(sample.resolved()))

    def test_no_two_verdicts_share_an_id(self) -> None:
        found = told(sample.dispatched())
        assert len({one.notice_id for one in found}) == len(found)


class TestHolder:
    def test_an_assignment_opens_and_closes(self) -> None:
        case = occurrence.after(sample.case(), sample.dispatched())
        assert case.department == "urban-management"
        case = occurrence.after(case, sample.accepted(HANDLER))
        assert case.handler == HANDLER.id
        assert occurrence.after(case, sample.resolved()).department == "urban-management"
        shut = occurrence.after(case, sample.closed())
        assert (shut.department, shut.handler) == (None, None)

    def test_a_new_owner_has_no_handler_yet(self) -> None:
        case = occurrence.after(
            sample.case(department="urban-management", handler=HANDLER.id),
            sample.dispatched(department="housing"),
        )
        assert (case.department, case.handler) == ("housing", None)


def test_staff_read_chinese_and_citizens_their_own_language() -> None:
    found = told(sample.dispatched(), sample.case(locale=Locale.EN))
    assert {one.locale for one in found if one.audience is Audience.CITIZEN} == {Locale.EN}
    assert {one.locale for one in found if one.audience is not Audience.CITIZEN} == {Locale.ZH}


def test_a_case_is_known_by_its_registration() -> None:
    case = occurrence.opened(sample.CASE, sample.registered(kind=Kind.REPORT), "p", None)
    assert (case.kind, case.phone, case.app, case.has_contact) == (Kind.REPORT, "p", None, True)
    assert case.due_response_at - case.received_at == sample.plan().response.target


def test_of_a_part_the_citizen_hears_nothing_and_the_lead_does() -> None:
    part = sample.dispatched().model_copy(update={"parent": "a-case"})
    assert {one.audience for one in told(sample.dispatched())} > {Audience.CITIZEN}
    assert Audience.CITIZEN not in {one.audience for one in told(part)}
    assert told(part)


def test_every_reporter_of_what_was_merged_is_told_once_in_their_own_language() -> None:
    others = (
        Reporter(CaseId(UUID(int=1)), Locale.EN, "other-phone", None),
        Reporter(CaseId(UUID(int=2)), Locale.ZH, "phone-index", None),
    )
    found = intended(told(sample.dispatched(), sample.case(others=others)), Audience.CITIZEN)
    assert [(one.recipient, one.locale) for one in found if one.medium is Medium.SMS] == [
        ("phone-index", Locale.ZH),
        ("other-phone", Locale.EN),
    ]


def test_a_dispatch_after_a_return_is_read_and_does_not_ring() -> None:
    first = intended(told(sample.dispatched()), Audience.CITIZEN)
    again = intended(told(sample.dispatched().model_copy(update={"again": True})), Audience.CITIZEN)
    assert {each.medium for each in first} == {Medium.SMS, Medium.APP}
    assert [each.medium for each in again] == [Medium.APP]
