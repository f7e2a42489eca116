"""Who is told of what happens on the way: pauses, extensions, whistles, verification, redos, flags."""

from datetime import timedelta
from typing import Any

import pytest

from services.contracts import events
from services.contracts.events import Call, CaseEvent
from services.contracts.values import Asking, Audience, Medium, State
from services.notify import decide, occurrence
from services.notify.decide import Intended
from tests.unit.notify import sample
from tests.unit.notify.sample import BUREAU, DESK, NOON

LAW = sample.bylaw()
LATER = NOON + timedelta(hours=3)
UNIT = "urban-management"


def line(state: State = State.IN_PROGRESS) -> dict[str, Any]:
    return sample.line(NOON, state, BUREAU)


def told(event: CaseEvent) -> list[Intended]:
    known = occurrence.after(sample.case(department=UNIT), event)
    found = occurrence.of_line(known, sample.event_id(event.TYPE), event)
    verdicts = [verdict for one in found for verdict in decide.notices(one, known, LAW, NOON)]
    assert all(isinstance(one, Intended) for one in verdicts)
    return [one for one in verdicts if isinstance(one, Intended)]


def said(event: CaseEvent) -> list[tuple[Audience, Medium, str]]:
    return [(one.audience, one.medium, one.occurrence.unit) for one in told(event)]


ASKED = {"department": UNIT, "caller": DESK.unit, "silent_until": LATER}


def test_a_verification_by_message_asks_the_citizen_and_one_by_call_the_desk() -> None:
    message = events.CaseVerificationAsked(**line(State.VERIFYING), ask=Asking.MESSAGE, **ASKED)
    assert {audience for audience, _, _ in said(message)} == {Audience.CITIZEN}
    text = told(message)[1].template.render(
        told(message)[1].occurrence.subject, LAW.city, told(message)[1].locale
    )
    assert "11月23日15:00" in text
    call = events.CaseVerificationAsked(**line(State.VERIFYING), ask=Asking.CALL, **ASKED)
    assert said(call) == [(Audience.DUTY_OFFICER, Medium.APP, DESK.unit)]


def test_a_whistle_rings_in_every_department_that_is_called() -> None:
    calls = tuple(
        Call(attendance_id=unit, assignment_id=unit, department=unit, arrive_by=LATER)
        for unit in ("police", "water-affairs")
    )
    found = said(events.CaseWhistled(**line(), whistle_id="w", by=UNIT, calls=calls))
    assert found == [(Audience.DUTY_OFFICER, Medium.SMS, unit) for unit in ("police", "water-affairs")]


PAUSE = {"request_id": "r", "department": UNIT, "reason": "shelved", "cap": timedelta(days=1)}
AGAIN = {"basis": "redo", "redo_count": 1, "assignment_id": "a", "assignment_version": 1, "resolved_at": NOON}


@pytest.mark.parametrize(
    ("event", "who"),
    [
        (events.CasePauseRequested(**line(), **PAUSE, until=None, answers=DESK.unit),
         {(Audience.DUTY_OFFICER, DESK.unit)}),
        (events.CasePaused(**line(State.SUSPENDED), **PAUSE, assignment_id="a", requested_at=NOON, until=LATER),
         {(Audience.CITIZEN, UNIT)}),
        (events.CaseReopened(**line(), **AGAIN, department=UNIT, due_at=LATER),
         {(Audience.CITIZEN, UNIT), (Audience.HANDLER, UNIT)}),
        (events.CaseFlagged(**line(), why="redos", count=3, department=UNIT, told="supervision-office"),
         {(Audience.HEAD, UNIT), (Audience.LEVEL_ABOVE, UNIT)}),
        (events.CaseRaised(**line(), by="shahu-community", from_level="community", to_level="street",
                           department="biling-street"), {(Audience.DUTY_OFFICER, "biling-street")}),
        (events.CaseTransferredOut(**line(State.TRANSFERRED_OUT), system="省", their_number="1", public_text="x"),
         {(Audience.CITIZEN, UNIT)}),
        (events.CaseReported(**line(), assignment_id="a", department="police", done=True), set()),
    ],
)  # fmt: skip
def test_who_is_told(event: CaseEvent, who: set[tuple[Audience, str]]) -> None:
    assert {(audience, unit) for audience, _, unit in said(event)} == who


def test_where_to_turn_to_is_read_in_the_feed() -> None:
    no = events.CaseRejected(
        **line(State.REJECTED), reason_code="out_of_scope", public_text="请向法院提出", turn_to="12368"
    )
    app = next(one for one in told(no) if one.medium is Medium.APP)
    assert "请向法院提出 → 12368" in app.template.render(app.occurrence.subject, LAW.city, app.locale)
