"""The door of sla. GET /v1/clocks/{case}, by case id or public number: how late is it, in figures and in one line."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Path, Request

from services.chassis import problems
from services.chassis.database import Connection
from services.chassis.problems import Problem
from services.chassis.service import Running
from services.contracts import ids
from services.contracts.ids import CaseId, ClockId
from services.sla import access, lists, store, views
from services.sla import state as states
from services.sla.state import State
from services.sla.views import ClocksView

Name = Annotated[str, Path(description="case id, or the public number", max_length=64)]


FAULTS: dict[int | str, dict[str, Any]] = access.FAULTS | {
    404: {"description": "no clocks for this case", "content": {problems.MEDIA_TYPE: {}}}
}
router = APIRouter()


def routes(app: FastAPI, running: Running[State]) -> None:
    app.state.running = running
    app.include_router(lists.router)
    app.include_router(router)


def openapi() -> dict[str, Any]:
    """The description of this door, without a running service."""
    app = FastAPI(title="Suban sla", version="1")
    app.include_router(lists.router)
    app.include_router(router)
    return app.openapi()


@router.get("/v1/clocks/{case}", tags=["clocks"], summary="The clocks of a case", responses=FAULTS)
async def clocks_of_case(
    request: Request, case: Name, authorization: Annotated[str, Header()] = ""
) -> ClocksView:
    """Open and stopped clocks: due, rungs fired, who holds the case, elapsed and left, and one line to read out."""
    running: Running[State] = request.app.state.running
    access.admitted(running.state, lists.bearer(authorization))
    async with running.plumbing.pool.acquire() as conn:
        case_id = await _id(conn, case)
        now = running.plumbing.clock.city(await store.wall(conn))
        course = (await store.courses_of(conn, [case_id])).get(case_id)
        more = {case_id: [ClockId(UUID(each)) for each in course.open]} if course else {}
        known = await store.clocks_of(conn, running.state.plans, [case_id], more)
    clocks = tuple(known[case_id].values())
    if not clocks:
        raise _unknown()
    names = states.names(running.state)
    shown = tuple(views.view(clock, now, names) for clock in clocks)
    told = views.account(course, clocks, now, names) if course else None
    return ClocksView(case_id=case_id, number=clocks[0].number, at=now, clocks=shown, account=told)


async def _id(conn: Connection, name: str) -> CaseId:
    """By id, or by public number as typed or dictated. Raises 404."""
    try:
        return CaseId(UUID(name))
    except ValueError:
        number = ids.read_number(name)
    found = await store.case_by_number(conn, number) if number else None
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Problem:
    return problems.not_found(
        ("没有这个工单的时钟", "No clocks for this case"),
        ("刚提交的请稍候几秒再试。", "Just submitted? Try again in a few seconds."),
    )
