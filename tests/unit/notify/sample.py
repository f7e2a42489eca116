"""A small story to decide about: a case of 坪山, its events, and the by-law of the example city."""

import functools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.contracts import events, ids
from services.contracts.ids import CaseId, EventId
from services.contracts.plans import Plan
from services.contracts.values import (
    Audience,
    ChannelKind,
    ClockKind,
    Contact,
    Handler,
    Holder,
    Kind,
    Locale,
    ResolutionKind,
    ResponseBasis,
    Sealed,
    Segment,
    State,
    TriageClass,
)
from services.notify import book
from services.notify.decide import Bylaw
from services.notify.occurrence import Case

CITY = Path(__file__).resolve().parents[3] / "deploy" / "city" / "pingshan"
CASE = CaseId(UUID(int=4_000_004))
NUMBER = ids.public_number(CASE, datetime(2026, 11, 23, tzinfo=UTC).date())
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in the city
NIGHT = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # 23:30
DESK = Holder(unit="dispatch-desk", is_desk=True)
BUREAU = Holder(unit="urban-management", is_desk=False)


@functools.cache
def bylaw() -> Bylaw:
    return book.load(CITY, "22:00-07:00").value


def plan() -> Plan:
    return bylaw().city.plans.by_name["standard"]


def event_id(name: str) -> EventId:
    return ids.event_id("story", name, 0)


def case(**more: Any) -> Case:
    facts: dict[str, Any] = {
        "case_id": CASE, "number": NUMBER, "channel": "at-pingshan", "kind": Kind.COMPLAINT,
        "triage_class": TriageClass.ORDINARY, "category": "市容环卫/占道经营", "area": "pingshan/biling",
        "received_at": NOON, "due_response_at": NOON + timedelta(minutes=30), "due_close_at": NOON + timedelta(hours=24),
        "locale": Locale.ZH, "phone": "phone-index", "app": "app-index", "has_contact": True,
    }  # fmt: skip
    return Case(**facts | more)


def line(at: datetime, state: State, holder: Holder) -> dict[str, Any]:
    return {"number": NUMBER, "at": at, "state": state, "version": 1, "holder": holder, "actor": "router"}


def registered(at: datetime = NOON, holder: Holder = DESK, **more: Any) -> events.CaseRegistered:
    facts: dict[str, Any] = {
        "channel": "at-pingshan", "channel_kind": ChannelKind.APP, "received_at": at, "kind": Kind.COMPLAINT,
        "segment": Segment.CITIZEN, "category": "市容环卫/占道经营", "area": "pingshan/biling", "plan": plan(),
        "contact": Contact(sealed=Sealed(key_id="k", sealed_key="AA==", box="AA=="), textable=True, has_app=True),
    }  # fmt: skip
    return events.CaseRegistered(**line(at, State.REGISTERED, holder), **facts | more)


def dispatched(at: datetime = NOON, department: str = "urban-management") -> events.CaseDispatched:
    holder = Holder(unit=department, is_desk=False)
    return events.CaseDispatched(
        **line(at, State.DISPATCHED, holder),
        assignment_id="a",
        assignment_version=1,
        department=department,
        reason="r",
    )


def accepted(handler: Handler | None, at: datetime = NOON) -> events.CaseAccepted:
    return events.CaseAccepted(
        **line(at, State.ACCEPTED, BUREAU), assignment_id="a", department="urban-management", handler=handler
    )


def responded(
    first: bool = True, public_text: str | None = None, at: datetime = NOON
) -> events.CaseResponded:
    return events.CaseResponded(
        **line(at, State.IN_PROGRESS, BUREAU), department="urban-management", basis=ResponseBasis.PUBLIC_MESSAGE,
        first=first, public_text=public_text,
    )  # fmt: skip


def resolved(public_text: str = "已清理", at: datetime = NOON) -> events.CaseResolved:
    return events.CaseResolved(
        **line(at, State.RESOLVED, BUREAU), department="urban-management", kind=ResolutionKind.FIXED,
        public_text=public_text,
    )  # fmt: skip


def closed(at: datetime = NOON) -> events.CaseClosed:
    return events.CaseClosed(**line(at, State.CLOSED, DESK), reason="done")


def warned(
    audiences: tuple[Audience, ...] = (Audience.HANDLER, Audience.HEAD),
    handler: Handler | None = None,
    at: datetime = NOON,
    holder: Holder = BUREAU,
) -> events.ClockWarned:
    return events.ClockWarned(
        clock_id="c", clock=ClockKind.RESPONSE, number=NUMBER, plan="standard", due_at=at + timedelta(minutes=6),
        percent=80, rung_at=at, fired_at=at, late_by=0, holder=holder.unit, holder_is_desk=holder.is_desk,
        handler=handler, audiences=audiences, category="市容环卫/占道经营", area="pingshan/biling",
    )  # fmt: skip
