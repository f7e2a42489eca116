"""One clock as one line of a list. Pure."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.contracts.values import ClockKind, Handler, Instant
from services.sla import views
from services.sla.clocks import Clock
from services.sla.views import NAMELESS, Line, Names


class ClockLine(BaseModel):
    """`department` has it now; `left_seconds` is negative once it is late. Seconds are city time."""

    case_id: UUID
    number: str
    clock_id: UUID
    clock: ClockKind
    department: str
    handler: Handler | None
    category: str | None
    area: str | None
    plan: str
    started_at: Instant
    due_at: Instant
    stopped_at: Instant | None
    left_seconds: float
    corrected: bool
    line: Line


class ClockPage(BaseModel):
    """By due, the earliest first. `next` is the cursor of the page after this one, null at the end."""

    at: Annotated[Instant, Field(description="city time of this answer")]
    clocks: tuple[ClockLine, ...]
    next: str | None


def line(clock: Clock, now: datetime, names: Names = NAMELESS) -> ClockLine:
    until = clock.stop.at if clock.stop else max(now, clock.started_at)
    return ClockLine(
        case_id=clock.case_id, number=clock.number, clock_id=clock.clock_id, clock=clock.kind,
        department=clock.holding.unit, handler=clock.holding.handler, category=clock.category, area=clock.area,
        plan=clock.plan.name, started_at=clock.started_at, due_at=clock.due_at,
        stopped_at=clock.stop.at if clock.stop else None, left_seconds=(clock.due_at - until).total_seconds(),
        corrected=clock.corrected, line=views.line(clock, until, names),
    )  # fmt: skip
