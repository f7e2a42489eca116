"""The HTTP door, the desk's part of it: disputes by age, and the rules that rulings propose."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request

from services.chassis import pages
from services.chassis.service import Running
from services.router import api, quarrel_views, reads
from services.router.api import PAGE, REFUSED, Bearer
from services.router.quarrel_views import DisputePage, PrecedentList
from services.router.state import State

Limit = Annotated[int, Query(ge=1, le=500)]
router = APIRouter()


def routes(app: FastAPI, running: Running[State]) -> None:
    """The whole door: cases and commands, and the desk's lists."""
    api.routes(app, running)
    app.state.desk = Desk(running)
    app.include_router(router)


def openapi() -> dict[str, Any]:
    """The description of the whole door, without a running service."""
    app = FastAPI(title="Suban router", version="1")
    app.include_router(api.router)
    app.include_router(router)
    return app.openapi()


def _desk(request: Request) -> "Desk":
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


@router.get("/v1/disputes", tags=["desk"], responses=REFUSED)
async def disputes(
    request: Request,
    authorization: Bearer = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = PAGE,
) -> DisputePage:
    """Disputed cases, longest first: who refused and why, and where those who disagree have met. The desk's."""
    return await _desk(request).disputes(authorization, cursor, limit)


@router.get("/v1/precedents", tags=["desk"], responses=REFUSED)
async def precedents(request: Request, authorization: Bearer = "", limit: Limit = PAGE) -> PrecedentList:
    """Rules that rulings propose, newest first, each with its case as evidence. The desk's."""
    return await _desk(request).precedents(authorization, limit)


class Desk(api.Door):
    """Answers from a running service, to the desk alone."""

    async def disputes(self, authorization: str, cursor: str | None, limit: int) -> DisputePage:
        self._admit(authorization)
        found = await reads.disputes(self._pool, pages.read(cursor), limit + 1)
        moves = await reads.grounds_of(self._pool, [case.id for case in found])
        shown = tuple(quarrel_views.dispute(case, moves.get(case.id, ())) for case in found[:limit])
        more = len(found) > limit
        return DisputePage(
            disputes=shown, next=pages.written(shown[-1].since, shown[-1].case_id) if more else None
        )

    async def precedents(self, authorization: str, limit: int) -> PrecedentList:
        self._admit(authorization)
        rows = await reads.precedents(self._pool, limit)
        return PrecedentList(precedents=tuple(quarrel_views.PrecedentView(**row) for row in rows))

    def _admit(self, authorization: str) -> None:
        """Raises 403 for anybody but the desk."""
        if self._visitor(authorization).unit is not None:
            raise api.forbidden()
