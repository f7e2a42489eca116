"""GET /v1/clocks: the clocks behind a figure, page by page. To a program as JSON, to a browser as a table.

Departments see their own, the desk and operators all. A browser asks for the key itself (Basic, the key as password).
"""

import base64
import binascii
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime
from starlette.responses import HTMLResponse

from services.chassis import pages
from services.chassis.problems import Problem
from services.chassis.service import Running
from services.contracts.values import ClockKind
from services.sla import access, lines, metrics, page, store
from services.sla import state as states
from services.sla.clocks import Clock
from services.sla.lines import ClockPage
from services.sla.state import State
from services.sla.store import Asked
from services.sla.views import Names

PAGE, MOST = 50, 500
FAR = timedelta(days=36_500)
TICK = timedelta(microseconds=1)  # the least step of an instant: `until` is exclusive
LONGEST = timedelta(days=366)
router = APIRouter()


class Which(StrEnum):
    """What a figure counts."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    BREACHED = "breached"
    CORRECTED = "corrected"


@router.get("/v1/clocks", tags=["clocks"], summary="The clocks behind a figure", responses=access.FAULTS,
            response_model=ClockPage)  # fmt: skip
async def listed(
    request: Request,
    authorization: Annotated[str, Header()] = "",
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    state: Annotated[
        Which,
        Query(description="running; due_soon: running and due `within`; breached: running past due, or with `since` "
              "all whose breach was counted since then, stopped or not; corrected: breaches taken back"),
    ] = Which.RUNNING,
    clock: ClockKind | None = None,
    department: Annotated[
        str | None, Query(description="has it now; `other`: none that the city names", max_length=40)
    ] = None,
    category: Annotated[str | None, Query(description="and everything below it", max_length=120)] = None,
    within: Annotated[timedelta, Query(description="of due_soon, ISO 8601: PT5M")] = timedelta(hours=1),
    since: Annotated[AwareDatetime | None, Query(description="due at this instant or later")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> ClockPage | Response:  # fmt: skip
    """Clocks by due, the earliest first."""
    running: Running[State] = request.app.state.running
    unit = _visitor(running.state, authorization)
    if unit is not None and department not in (None, unit):
        raise access.forbidden()
    asked = Asked(pages.read(cursor), pages.BEGINNING[0], pages.BEGINNING[0], clock, unit or department,
                  category=category, limit=limit + 1)  # fmt: skip
    async with running.plumbing.pool.acquire() as conn:
        now = running.plumbing.clock.city(await store.wall(conn))
        asked = _of_nobody(bounded(asked, state, now, min(within, LONGEST), since))
        found = await store.listed(conn, running.state.plans, asked, _late(state, since))
    shown = _page(found, now, limit, states.names(running.state))
    return HTMLResponse(page.document(shown, request.url)) if "text/html" in accept else shown


def bounded(asked: Asked, state: Which, now: datetime, within: timedelta, since: datetime | None) -> Asked:
    """The dues that a figure counts: soon is from now on and up to `within`, late is before now."""
    match state:
        case Which.DUE_SOON:
            return replace(asked, since=max(now, since or now), until=now + within + TICK)
        case Which.BREACHED:
            return replace(asked, since=since or asked.since, until=now)
        case _:
            return replace(asked, since=since or asked.since, until=now + FAR)


def _late(state: Which, since: datetime | None) -> bool | None:
    """Which of the lists of `store.listed`: breaches since some instant are those that were counted."""
    if state is Which.BREACHED and since:
        return False
    return True if state is Which.CORRECTED else None


def _of_nobody(asked: Asked) -> Asked:
    """`other`, as the metrics say it: whoever the city's files do not name."""
    if asked.holder != metrics.OTHER:
        return asked
    return replace(asked, holder=None, not_held_by=metrics.known())


def _page(found: list[Clock], now: datetime, limit: int, names: Names) -> ClockPage:
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return ClockPage(
        at=now, clocks=tuple(lines.line(clock, now, names) for clock in shown),
        next=pages.written(last.due_at, last.clock_id) if last else None,
    )  # fmt: skip


def _visitor(state: State, authorization: str) -> str | None:
    """The department that knocks; None for the desk and operators. A browser that has no key yet is asked for one."""
    try:
        principal = access.admitted(state, bearer(authorization))
    except Problem as refused:
        refused.headers = (
            {"WWW-Authenticate": 'Basic realm="suban", charset="UTF-8"'} if refused.status == 401 else None
        )
        raise
    kind, _, name = principal.partition(":")
    return name if kind == "department" else None


def bearer(authorization: str) -> str:
    """`Basic` with the key as its password, as browsers send it, as the header that programs send."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        return f"Bearer {base64.b64decode(credentials, validate=True).decode().partition(':')[2]}"
    except (binascii.Error, UnicodeDecodeError):
        return ""
