"""How a request stands, for the channel that asks: dues move with what is granted, the last public word is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.contracts import events
from services.contracts.values import Holder, State
from services.intake import handlers

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=6)
UNIT = "urban-management"


def line(state: State) -> dict[str, Any]:
    holder = Holder(unit=UNIT, is_desk=False)
    return {"number": "n", "at": NOON, "state": state, "version": 3, "holder": holder, "actor": "a"}


def test_an_extension_and_a_pause_move_the_close_due() -> None:
    extended = events.CaseExtended(
        **line(State.IN_PROGRESS), request_id="r", department=UNIT, requested=timedelta(hours=6),
        granted=timedelta(hours=6), granted_total=timedelta(hours=6), requester=UNIT, approver="desk:a",
        original_due_at=NOON, previous_due_at=NOON, due_at=LATER,
    )  # fmt: skip
    step = handlers.folded(None, extended)
    assert (step.close_due_at, step.state) == (LATER, State.IN_PROGRESS)
    resumed = events.CaseResumed(
        **line(State.IN_PROGRESS), assignment_id="a", department=UNIT, reason="shelved", paused_at=NOON,
        paused_total=timedelta(hours=1), due_at=LATER + timedelta(hours=1),
    )  # fmt: skip
    assert handlers.folded(step, resumed).close_due_at == LATER + timedelta(hours=1)


def test_where_to_turn_to_is_said() -> None:
    no = events.CaseRejected(
        **line(State.REJECTED), reason_code="out_of_scope", public_text="请向法院提出", turn_to="12368"
    )
    assert handlers.folded(None, no).public_text == "请向法院提出 → 12368"
    out = events.CaseTransferredOut(
        **line(State.TRANSFERRED_OUT), system="省 12345", their_number="A-77", public_text="已转省平台"
    )
    assert handlers.folded(None, out).public_text == "已转省平台 → 省 12345 A-77"
