"""What the HTTP door shows of disagreements and of kin: returns, disputes, parts, precedents, holdings."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, JsonValue

from services.contracts.values import Instant, ResolutionKind, ReturnReason
from services.router.case import Case


class ReturnView(BaseModel):
    """退单. `upheld` null: under review."""

    department: str
    reason_code: ReturnReason
    suggested_owner: str | None
    held_from: Instant
    at: Instant
    upheld: bool | None
    grounds: Annotated[str | None, Field(description="as the department wrote them; to the desk")] = None


class KinView(BaseModel):
    case_id: UUID
    number: str


class ChildView(BaseModel):
    case_id: UUID
    number: str
    department: str
    scope: str
    done: bool
    kind: ResolutionKind | None
    waived: bool = False


class MeetingView(BaseModel):
    """会商纪要, as it was recorded."""

    at: Instant
    by: str
    record: dict[str, JsonValue]


class DisputeView(BaseModel):
    """争议: who refused and why, and where those who disagree have met."""

    case_id: UUID
    number: str
    since: Instant
    received_at: Instant
    category: str | None
    area: str | None
    acting: Annotated[str | None, Field(description="who holds it meanwhile, where the city says act first")]
    holder_reason: str | None
    refusals: tuple[ReturnView, ...]
    meetings: tuple[MeetingView, ...]


class DisputePage(BaseModel):
    """The desk's queue, longest first. `next` is the cursor of the page after this one."""

    disputes: tuple[DisputeView, ...]
    next: str | None


class PrecedentView(BaseModel):
    """A rule that a ruling proposes; its case is the evidence. `rules` accepts it, nothing does by itself."""

    id: str
    case_id: UUID
    number: str
    made_at: Instant
    authority: str
    rule: dict[str, JsonValue]


class PrecedentList(BaseModel):
    precedents: tuple[PrecedentView, ...]


def returns(case: Case, grounds: Iterable[str | None] = ()) -> tuple[ReturnView, ...]:
    told = [*grounds, *(None for _ in case.quarrel.returned)]
    return tuple(
        ReturnView(
            department=one.department, reason_code=one.reason_code, suggested_owner=one.suggested_owner,
            held_from=one.held_from, at=one.at, upheld=one.upheld, grounds=said,
        )
        for one, said in zip(case.quarrel.returned, told, strict=False)
    )  # fmt: skip


def children(case: Case) -> tuple[ChildView, ...]:
    return tuple(
        ChildView(
            case_id=one.case_id, number=one.number, department=one.department, scope=one.scope, done=one.done,
            kind=one.kind, waived=one.waived,
        )
        for one in case.family.children
    )  # fmt: skip


def dispute(case: Case, moves: Iterable[Mapping[str, Any]]) -> DisputeView:
    """`moves` of this case: its returns and meetings, oldest first."""
    rows = list(moves)
    grounds = [orjson.loads(row["details"]).get("grounds") for row in rows if row["command"] == "return"]
    return DisputeView(
        case_id=case.id, number=case.number, since=case.changed_at, received_at=case.received_at,
        category=case.category, area=case.area, acting=None if case.holder.is_desk else case.holder.unit,
        holder_reason=case.holder.reason, refusals=returns(case, grounds),
        meetings=tuple(
            MeetingView(at=row["at"], by=row["actor"], record=orjson.loads(row["details"]))
            for row in rows if row["command"] == "meet"
        ),
    )  # fmt: skip
