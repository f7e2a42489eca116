"""How each case stands, taken from the log: only to answer the channel that asks."""

from collections.abc import Sequence
from uuid import UUID

from services.chassis.service import Received
from services.chassis.transaction import Tx
from services.contracts import plans
from services.contracts.events import (
    CaseEvent,
    CaseExtended,
    CaseReclassified,
    CaseRegistered,
    CaseRejected,
    CaseReopened,
    CaseResolved,
    CaseResponded,
    CaseResumed,
    CaseTransferredOut,
)
from services.intake import store
from services.intake.state import State
from services.intake.store import Step


async def on_case_events(events: Sequence[Received[CaseEvent]], tx: Tx[State]) -> None:
    """Fold the batch case by case, write once."""
    steps: dict[UUID, Step] = {}
    for event in events:
        steps[event.case_id] = folded(steps.get(event.case_id), event.data)
    await store.progress(tx.conn, steps)


def folded(before: Step | None, event: CaseEvent) -> Step:
    """What the case looks like after `event`; what it does not say stays as it was."""
    old = before or Step(event.state, event.holder.unit, event.holder.is_desk, event.at)
    response_due_at, close_due_at = old.response_due_at, old.close_due_at
    responded_at, public_text, resolved_at = old.responded_at, old.public_text, old.resolved_at
    match event:
        case CaseRegistered(plan=plan, received_at=start):
            response_due_at = plans.due_at(plan.response, start)
            close_due_at = plans.due_at(plan.close, start)
        case CaseResponded(first=first, public_text=text):
            responded_at = responded_at or (event.at if first else None)
            public_text = text or public_text
        case CaseReclassified(plan=plan, received_at=start, due_close_at=due):
            response_due_at, close_due_at = plans.due_at(plan.response, start), due
        case CaseExtended(due_at=due) | CaseResumed(due_at=due) | CaseReopened(due_at=due):
            close_due_at = due
        case CaseRejected(public_text=text, turn_to=str(where)):
            public_text = f"{text} → {where}"
        case CaseResolved(public_text=text):
            public_text, resolved_at = text, event.at
        case CaseRejected(public_text=text):
            public_text = text
        case CaseTransferredOut(public_text=text, system=system, their_number=number):
            public_text = f"{text} → {system} {number}"
    return Step(
        event.state, event.holder.unit, event.holder.is_desk, event.at, response_due_at, close_due_at, responded_at,
        public_text, resolved_at,
    )  # fmt: skip
