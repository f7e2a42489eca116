"""The HTTP door: commands, the same as by topic, and reads. Departments see cases they have or had and
those of the areas they answer for, the desk sees all."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, FastAPI, Header, Path, Query, Request
from pydantic import AwareDatetime, ValidationError

from services.chassis import pages, problems
from services.chassis.problems import Problem
from services.chassis.service import Asked, Running
from services.chassis.transaction import Tx
from services.chassis.wording import Flaw
from services.contracts import ids, topics
from services.contracts.commands import COMMAND, Refusal
from services.contracts.events import CommandAccepted, CommandRefused
from services.contracts.ids import CaseId
from services.contracts.values import State as CaseState
from services.router import aside, execute, likeness, reads, unreadable, verdicts, views, wording
from services.router.case import Case
from services.router.state import State
from services.router.views import CasePage, CaseView, HistoryView, SimilarView, VerdictView, WhyView

STATUS = {
    Refusal.UNREADABLE: 422, Refusal.UNKNOWN_CASE: 404, Refusal.ILLEGAL_MOVE: 409,
    Refusal.NOT_YOURS: 403, Refusal.STALE_VERSION: 409, Refusal.REPEATED_OTHERWISE: 422,
    Refusal.UNKNOWN_DEPARTMENT: 422, Refusal.PARKED: 409, Refusal.COULD_NOT_DECIDE: 503, Refusal.NO_APPEND_TIME: 422,
    Refusal.EVIDENCE_MISSING: 409, Refusal.PROHIBITED: 409,
}  # fmt: skip
TRY_AGAIN_S = 2
NO_CASE = CaseId(UUID(int=0))
"""Asked in the place of a case there is not, so that the answer is the one for a case that is not yours to know."""
PAGE = 50
Name = Annotated[str, Path(description="case id, or the public number", max_length=64)]
Bearer = Annotated[str, Header()]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who knocks. `unit` None: the desk, which sees all."""

    actor: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    department: str | None
    holder: str | None
    state: CaseState | None
    older_than: datetime | None
    cursor: str | None
    limit: int


def routes(app: FastAPI, running: Running[State]) -> None:
    app.state.door = Door(running)
    app.include_router(router)


def openapi() -> dict[str, Any]:
    """The description of this door, without a running service."""
    app = FastAPI(title="Suban router", version="1")
    app.include_router(router)
    return app.openapi()


def _door(request: Request) -> "Door":
    door = request.app.state.door
    assert isinstance(door, Door)
    return door


def _faults() -> dict[int | str, dict[str, Any]]:
    """Every error as RFC 9457."""
    return {
        code: {"description": text, "content": {problems.MEDIA_TYPE: {}}}
        for code, text in (
            (401, "no valid key"), (403, "not for this key, or not your assignment"), (404, "no such case for you"),
            (409, "not a legal move, or a stale version: `legal_moves` says what is"),
            (422, "cannot be read, or the command id was used for another body"), (503, "try again"),
        )
    }  # fmt: skip


def _command_schema() -> dict[str, Any]:
    """What every command has; what each adds stands in docs/events.md."""
    names = sorted(COMMAND.json_schema()["discriminator"]["mapping"])
    return {
        "type": "object",
        "required": ["command", "command_id"],
        "properties": {
            "command": {"type": "string", "enum": names},
            "command_id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "yours; a repeat gets the first reply"},
            "assignment_version": {"type": "integer", "minimum": 1, "description": "the one you saw; a stale one is refused"},
        },
    }  # fmt: skip


FAULTS = _faults()
Faults = dict[int | str, dict[str, Any]]
UNKNOWN: Faults = {code: FAULTS[code] for code in (401, 404)}
REFUSED: Faults = {code: FAULTS[code] for code in (401, 403, 422)}
FOR_THE_DESK: Faults = {code: FAULTS[code] for code in (401, 403, 404)}
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _command_schema()}}}}
router = APIRouter()


@router.post("/v1/cases/{name}/commands", tags=["commands"], responses=FAULTS, openapi_extra=BODY)
async def command(name: Name, request: Request, authorization: Bearer = "") -> VerdictView:
    """Do something about a case. `case` may be left out of the body. The same as by the department's topic."""
    return await _door(request).command(authorization, name, await request.body())


@router.get("/v1/cases", tags=["cases"], responses=REFUSED)
async def listed(
    request: Request,
    authorization: Bearer = "",
    department: Annotated[
        str | None, Query(description="has or had an assignment, or answers for the area", max_length=40)
    ] = None,
    holder: Annotated[str | None, Query(description="holds it now", max_length=40)] = None,
    state: CaseState | None = None,
    older_than: Annotated[
        AwareDatetime | None, Query(description="received at this instant or before")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> CasePage:
    """Cases, oldest first, page by page."""
    return await _door(request).cases(
        authorization, Filter(department, holder, state, older_than, cursor, limit)
    )


@router.get("/v1/cases/{name}", tags=["cases"], responses=UNKNOWN)
async def one(request: Request, name: Name, authorization: Bearer = "") -> CaseView:
    """A case as it stands."""
    return await _door(request).case(authorization, name)


@router.get("/v1/cases/{name}/history", tags=["cases"], responses=UNKNOWN)
async def history(request: Request, name: Name, authorization: Bearer = "") -> HistoryView:
    """Every move: what, who, when, and where it led."""
    return await _door(request).history(authorization, name)


@router.get("/v1/cases/{name}/why", tags=["cases"], responses=UNKNOWN)
async def why(request: Request, name: Name, authorization: Bearer = "") -> WhyView:
    """Why it went where it went: rule, rule set, what matched, what nearly did."""
    return await _door(request).why(authorization, name)


@router.get("/v1/cases/{name}/similar", tags=["cases"], responses=FOR_THE_DESK)
async def similar(request: Request, name: Name, authorization: Bearer = "") -> SimilarView:
    """For the desk: open cases that may be the same matter, the likeliest first. It merges them or does not 并单."""
    return await _door(request).similar(authorization, name)


class Door:
    """Answers from a running service."""

    def __init__(self, running: Running[State]) -> None:
        self._running = running
        self._pool = running.plumbing.pool

    async def command(self, authorization: str, name: str, body: bytes) -> VerdictView:
        visitor = self._visitor(authorization)
        case_id = await self._id_or_none(name) or NO_CASE
        fields = _fields(body, name, case_id)

        async def job(tx: Tx[State]) -> execute.Answer:
            return (await execute.run([_taken(fields, case_id, visitor, tx)], tx))[0]

        async def given_up(tx: Tx[State], error: BaseException) -> tuple[execute.Answer, str | None]:
            topic = topics.commands(visitor.actor)
            asked = Asked(visitor.actor, topic, aside.BY_HTTP, orjson.dumps(fields), tx.now)
            return await aside.kept(asked, case_id, error, tx)

        shard = ids.shard_of(case_id, self._running.plumbing.shards)
        answer = await self._running.plumbing.lanes.run(shard, job, given_up=given_up)
        if isinstance(answer.event, CommandRefused):
            raise refused(answer.event)
        return _verdict(answer.event)

    async def cases(self, authorization: str, wanted: Filter) -> CasePage:
        visitor = self._visitor(authorization)
        if visitor.unit is not None and wanted.department not in (None, visitor.unit):
            raise forbidden()
        department = visitor.unit or wanted.department
        since, until = pages.read(wanted.cursor), wanted.older_than or datetime.max.replace(tzinfo=UTC)
        rows = await reads.listed(
            self._pool, since, until, wanted.state, wanted.holder, wanted.limit + 1, department
        )
        lines = tuple(views.CaseLine(**row) for row in rows[: wanted.limit])
        return CasePage(
            cases=lines,
            next=pages.written(lines[-1].received_at, lines[-1].case_id)
            if len(rows) > wanted.limit
            else None,
        )

    async def case(self, authorization: str, name: str) -> CaseView:
        visitor = self._visitor(authorization)
        return views.case(await self._seen(name, visitor), visitor.unit)

    async def history(self, authorization: str, name: str) -> HistoryView:
        visitor = self._visitor(authorization)
        case = await self._seen(name, visitor)
        desk = self._running.state.law.desk
        return views.history(case, await reads.moves_of(self._pool, case.id), visitor.unit, desk)

    async def why(self, authorization: str, name: str) -> WhyView:
        case = await self._seen(name, self._visitor(authorization))
        found = await reads.verdicts_of(self._pool, case.id)
        return views.why(case, found, self._running.state.law.city)

    async def similar(self, authorization: str, name: str) -> SimilarView:
        visitor = self._visitor(authorization)
        if visitor.unit is not None:
            raise forbidden()
        case = await self._seen(name, visitor)
        return await likeness.similar(self._pool, case, self._running.state.law.city.policy.likeness)

    def _visitor(self, authorization: str) -> Visitor:
        principal = self._running.state.ring.principal(authorization)
        if principal is None:
            raise problems.unauthorized()
        kind, _, name = principal.partition(":")
        if kind == "desk" or (kind == "department" and name == self._running.state.law.desk):
            return Visitor(principal if kind == "desk" else name, None)
        if kind != "department":
            raise forbidden()
        return Visitor(name, name)

    async def _id(self, name: str) -> CaseId:
        """Raises 404."""
        found = await self._id_or_none(name)
        if found is None:
            raise _unknown()
        return found

    async def _id_or_none(self, name: str) -> CaseId | None:
        """By id, or by public number as typed or dictated."""
        try:
            return CaseId(UUID(name))
        except ValueError:
            number = ids.read_number(name)
        return await reads.case_by_number(self._pool, number) if number else None

    async def _seen(self, name: str, visitor: Visitor) -> Case:
        """The case, if this visitor may see it; to others it does not exist."""
        case_id = await self._id(name)
        case = (await reads.cases_in(self._pool, [case_id])).get(case_id)
        if case is None or (visitor.unit is not None and not case.has_seen(visitor.unit)):
            raise _unknown()
        return case


def _fields(body: bytes, name: str, case_id: CaseId) -> dict[str, Any]:
    """The body as fields, valid as a command, with the case's id. Raises 422 naming the fields at fault."""
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise _invalid([Flaw("(body)", "不是合法的 JSON", "not JSON")]) from wrong
    if not isinstance(fields, dict):
        raise _invalid([Flaw("(body)", "应为对象", "must be an object")])
    if fields.setdefault("case", name) not in (name, str(case_id)):
        raise _invalid([Flaw("case", "与地址中的工单不同", "another case than the address names")])
    fields["case"] = str(case_id)
    try:
        COMMAND.validate_json(orjson.dumps(fields))
    except ValidationError as invalid:
        raise _invalid(unreadable.flaws(invalid)) from None
    return fields


def _taken(fields: dict[str, Any], case_id: CaseId, visitor: Visitor, tx: Tx[State]) -> execute.Taken:
    command = COMMAND.validate_json(orjson.dumps(fields))
    asked = verdicts.Asked(visitor.actor, visitor.unit, visitor.unit is None, command, tx.now)
    return execute.Taken(asked, case_id, execute.body_hash(fields, case_id))


def _verdict(event: CommandAccepted) -> VerdictView:
    return VerdictView(
        command_id=event.command_id, command=event.command, state=event.state, version=event.version,
        assignment_version=event.assignment_version, at=event.at,
    )  # fmt: skip


def refused(event: CommandRefused) -> Problem:
    """A refusal as a problem: the same code, the legal moves, the present state."""
    code = Refusal(event.code)
    zh, _, en = event.reason.partition(" / ")
    shown = event.model_dump(mode="json", exclude_none=True, exclude={"reason", "department", "code"})
    headers = {"Retry-After": str(TRY_AGAIN_S)} if code is Refusal.UNKNOWN_CASE else None
    return Problem(STATUS[code], code.value, wording.TITLES[code], (zh, en or zh), shown, headers)


def _unknown() -> Problem:
    said = wording.UNKNOWN_CASE
    return Problem(404, Refusal.UNKNOWN_CASE.value, wording.TITLES[Refusal.UNKNOWN_CASE], (said.zh, said.en),
                   {"retry_after_s": TRY_AGAIN_S}, {"Retry-After": str(TRY_AGAIN_S)})  # fmt: skip


def forbidden() -> Problem:
    return Problem(403, "forbidden", ("无权访问", "Not for this key"),
                   ("工单仅供承办部门和分拨台查看与处理。", "Cases are for the departments that have them and for the desk."))  # fmt: skip


def _invalid(flaws: list[Flaw]) -> Problem:
    return problems.invalid(flaws, Refusal.UNREADABLE.value, wording.TITLES[Refusal.UNREADABLE])
