"""What the HTTP door shows of a case. A department sees what it needs; nobody's contact is here (notify reveals it)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import BaseModel, Field, JsonValue

from services.contracts.city import City
from services.contracts.values import Emergency, Instant, Kind, PauseReason, State, TriageClass
from services.router import account, dues, explaining, lifecycle, moves, quarrel_views, records
from services.router.case import Case
from services.router.facts import NearMiss
from services.router.family import Kin
from services.router.quarrel_views import ChildView, KinView, ReturnView
from services.router.store import Verdict
from services.router.wording import Said


class Sentence(BaseModel):
    zh: str
    en: str


class AssignmentView(BaseModel):
    assignment_id: str
    version: int
    department: str
    role: str
    opened_at: Instant
    closed_at: Instant | None
    forced: Annotated[bool, Field(description="by a ruling; it cannot be returned")] = False


class RequestView(BaseModel):
    """A pause (`reason`, `until`) or an extension (`by`) that waits for the desk."""

    request_id: str
    department: str
    asked_at: Instant
    reason: PauseReason | None
    until: Instant | None
    by: timedelta | None


class AttendanceView(BaseModel):
    department: str
    arrive_by: Instant
    arrived_at: Instant | None
    score: int | None


class WhistleView(BaseModel):
    by: str
    blown_at: Instant
    attendances: tuple[AttendanceView, ...]


class CaseView(BaseModel):
    case_id: UUID
    number: str
    state: State
    version: int
    assignment_version: int
    holder: str
    holder_is_desk: bool
    holder_reason: str | None
    kind: Kind
    category: str | None
    area: str | None
    area_owner: Annotated[str | None, Field(description="answers for the place, and sees the case too")]
    triage_class: TriageClass
    plan: str
    received_at: Instant
    due_response_at: Instant
    due_close_at: Instant
    responded_at: Instant | None
    close_at: Annotated[Instant | None, Field(description="when it closes by itself, once resolved")]
    bounces: int
    redos: Annotated[int, Field(description="how often it was done again")]
    flagged: Annotated[bool, Field(description="问题工单: returned or redone too often")]
    supervised: bool
    request: Annotated[RequestView | None, Field(description="asked of the desk and not answered")]
    paused_until: Annotated[Instant | None, Field(description="when a running pause ends by itself")]
    pause_reason: PauseReason | None
    whistle: WhistleView | None
    assignments: tuple[AssignmentView, ...]
    legal_moves: tuple[str, ...]
    returns: tuple[ReturnView, ...] = ()
    review_due_at: Annotated[Instant | None, Field(description="when the last return counts as upheld")] = (
        None
    )
    parent: Annotated[KinView | None, Field(description="the case this one is a part of")] = None
    scope: Annotated[str | None, Field(description="what of the parent's matter is this part's")] = None
    children: tuple[ChildView, ...] = ()
    merged_into: Annotated[KinView | None, Field(description="the case that stands for this one")] = None
    stands_for: Annotated[tuple[KinView, ...], Field(description="cases merged into this one")] = ()
    emergency: Emergency | None = None
    unconfirmed_since: Annotated[Instant | None, Field(description="handed off then, and not confirmed")] = (
        None
    )


class CaseLine(BaseModel):
    """A case in a list."""

    case_id: UUID
    number: str
    state: State
    version: int
    assignment_version: int
    holder: str
    holder_is_desk: bool
    category: str | None
    area: str | None
    triage_class: TriageClass
    kind: Kind
    received_at: Instant
    changed_at: Instant
    responded_at: Instant | None


class CasePage(BaseModel):
    """Oldest first. `next` is the cursor of the page after this one, null at the end."""

    cases: tuple[CaseLine, ...]
    next: str | None


class MoveView(BaseModel):
    version: int
    at: Instant
    command: str
    actor: str
    state: State
    holder: str
    details: Annotated[
        dict[str, JsonValue] | None, Field(description="what was said; to the desk and to who said it")
    ]


class HistoryView(BaseModel):
    case_id: UUID
    number: str
    moves: tuple[MoveView, ...]


class MatchView(BaseModel):
    """A condition that held. `at`: where in the text's normal form, as [first, after-last] characters."""

    condition: str
    value: str
    at: tuple[tuple[int, int], ...]


class NearMissView(BaseModel):
    """A rule that nearly decided. `holds`: all its conditions held, and `lacking` says why it did not decide."""

    rule_id: str
    lacking: str
    holds: bool
    sentence: Sentence


class AccountView(BaseModel):
    """Why the case went where it went on one occasion: sentences, and the same in parts."""

    at: Instant
    version: int
    cause: str
    sentence: Sentence
    rule_id: str | None
    rules_digest: str
    lead: str | None
    assists: tuple[str, ...]
    area: str | None
    area_by: str | None
    areas_version: str | None
    areas_digest: str | None
    matched: tuple[MatchView, ...]
    near_misses: tuple[NearMissView, ...]
    steps: tuple[str, ...]
    tags: tuple[str, ...]
    hold: bool
    emergency: str | None
    prohibited: tuple[str, ...]


class WhyView(AccountView):
    """The present verdict of the rules, and the earlier ones, the first last."""

    case_id: UUID
    number: str
    earlier: tuple[AccountView, ...]


class LikeView(BaseModel):
    """A case that may be the same matter: how alike, 0 to 1, and the parts the score is made of."""

    case_id: UUID
    number: str
    received_at: Instant
    category: str | None
    area: str | None
    score: float
    text: float
    place: float
    category_score: float
    time: float


class SimilarView(BaseModel):
    """Nothing is merged by itself: `merge` is the desk's."""

    case_id: UUID
    number: str
    similar: tuple[LikeView, ...]


class VerdictView(BaseModel):
    """A command that was accepted; a refused one is a problem."""

    command_id: str
    command: str
    state: State
    version: int
    assignment_version: int | None
    at: Instant


def case(one: Case, unit: str | None) -> CaseView:
    """`unit`: the department that looks, None for the desk."""
    mine = one.assignment_of(unit) if unit else None
    who = lifecycle.Who.DESK if unit is None else records.ROLES[mine.role] if mine else None
    return CaseView(
        case_id=one.id,
        number=one.number,
        state=one.state,
        version=one.version,
        assignment_version=one.assignment_version,
        holder=one.holder.unit,
        holder_is_desk=one.holder.is_desk,
        holder_reason=one.holder.reason,
        kind=one.kind,
        category=one.category,
        area=one.area,
        area_owner=one.area_owner,
        triage_class=one.triage_class,
        plan=one.plan.name,
        received_at=one.received_at,
        due_response_at=dues.response_due(one),
        due_close_at=dues.close_due(one, one.changed_at),
        responded_at=one.responded_at,
        close_at=one.close_at,
        bounces=one.bounces,
        redos=one.standing.redos,
        flagged=one.standing.flagged,
        supervised=one.standing.supervised,
        request=_request(one),
        paused_until=one.standing.pause.until if one.standing.pause else None,
        pause_reason=one.standing.pause.reason if one.standing.pause else None,
        whistle=_whistle(one),
        assignments=tuple(
            AssignmentView(assignment_id=each.id, version=each.version, department=each.department, role=each.role,
                           opened_at=each.opened_at, closed_at=each.closed_at, forced=each.forced)
            for each in one.assignments
        ),
        legal_moves=moves.legal(one, who) if who else (),
        returns=quarrel_views.returns(one),
        review_due_at=one.quarrel.review_at,
        parent=_kin(one.family.parent),
        scope=one.family.scope,
        children=quarrel_views.children(one),
        merged_into=_kin(one.family.merged_into),
        stands_for=tuple(KinView(case_id=kin.case_id, number=kin.number) for kin in one.family.absorbed),
        emergency=one.emergency,
        unconfirmed_since=one.unconfirmed_since,
    )  # fmt: skip


def _request(one: Case) -> RequestView | None:
    found = one.standing.request
    return None if found is None else RequestView(
        request_id=found.id, department=found.department, asked_at=found.asked_at, reason=found.reason,
        until=found.until, by=found.amount,
    )  # fmt: skip


def _whistle(one: Case) -> WhistleView | None:
    found = one.standing.whistle
    return None if found is None else WhistleView(
        by=found.by, blown_at=found.blown_at,
        attendances=tuple(
            AttendanceView(department=each.department, arrive_by=each.arrive_by, arrived_at=each.arrived_at, score=each.score)
            for each in found.attendances
        ),
    )  # fmt: skip


def _kin(kin: Kin | None) -> KinView | None:
    return KinView(case_id=kin.case_id, number=kin.number) if kin else None


def history(one: Case, rows: list[dict[str, Any]], unit: str | None, desk: str) -> HistoryView:
    """The registration and the first dispatch, which no rows are kept of, and every move since."""
    begun = [_move(number, at, state, one, desk) for number, (at, state) in enumerate(_beginning(one), 1)]
    later = [
        MoveView(**{**row, "details": _details(row, unit)})
        for row in rows
    ]  # fmt: skip
    return HistoryView(case_id=one.id, number=one.number, moves=(*begun, *later))


def _beginning(one: Case) -> list[tuple[datetime, State]]:
    """Registered, and dispatched where the first assignment was a department's."""
    first = one.assignments[0]
    return list(one.trail[: 1 if first.role == "desk" else 2])


def _move(version: int, at: datetime, state: State, one: Case, desk: str) -> MoveView:
    """What is registered is the desk's until it is dispatched."""
    registered = state is State.REGISTERED
    command, holder = ("register", desk) if registered else ("dispatch", one.assignments[0].department)
    return MoveView(
        version=version, at=at, command=command, actor="router", state=state, holder=holder, details=None
    )


def _details(row: dict[str, Any], unit: str | None) -> dict[str, JsonValue] | None:
    found: dict[str, JsonValue] = orjson.loads(row["details"])
    return found if unit is None or row["actor"] == unit else None


def why(one: Case, verdicts: Sequence[Verdict], city: City) -> WhyView:
    """`verdicts`: the first at registration, then one for each time the rules were asked again."""
    told = [_account(one, verdict, city) for verdict in reversed(verdicts)]
    return WhyView(
        **told[0], case_id=one.id, number=one.number, earlier=tuple(AccountView(**row) for row in told[1:])
    )


def _account(one: Case, verdict: Verdict, city: City) -> dict[str, Any]:
    found = account.read(verdict.body)
    said = found.sentences(city)
    return {
        "at": verdict.at or one.received_at, "version": verdict.version, "cause": verdict.cause,
        "sentence": _sentence(said), "rule_id": found.rule_id, "rules_digest": found.digest, "lead": found.lead,
        "assists": found.assists, "area": found.area or one.area, "area_by": found.area_by,
        "areas_version": found.areas[0], "areas_digest": found.areas[1], "steps": found.steps, "tags": found.tags,
        "matched": tuple(MatchView(condition=row.condition, value=row.value, at=row.spans) for row in found.matched),
        "near_misses": tuple(_near(row) for row in found.near), "hold": found.hold, "emergency": found.emergency,
        "prohibited": found.prohibited,
    }  # fmt: skip


def _near(one: NearMiss) -> NearMissView:
    said = explaining.nearly(one)
    return NearMissView(rule_id=one.rule_id, lacking=one.lacking, holds=one.holds, sentence=_sentence(said))


def _sentence(said: Said) -> Sentence:
    return Sentence(zh=said.zh, en=said.en)
