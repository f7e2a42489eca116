"""Reads for the HTTP door: by the pool, outside any shard's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.contracts.events import SubmissionReceived
from services.contracts.ids import CaseId
from services.contracts.values import State
from services.router import lifecycle, store
from services.router.case import Case
from services.router.store import SQL, Verdict


async def cases_in(pool: asyncpg.Pool, case_ids: Sequence[CaseId]) -> dict[CaseId, Case]:
    async with pool.acquire() as conn:
        return await store.cases_of(conn, case_ids)


async def case_by_number(pool: asyncpg.Pool, number: str) -> CaseId | None:
    found: UUID | None = await pool.fetchval(SQL["case_by_number"], number)
    return CaseId(found) if found else None


async def moves_of(pool: asyncpg.Pool, case_id: CaseId) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(SQL["moves_of"], case_id)]


async def verdicts_of(pool: asyncpg.Pool, case_id: CaseId) -> list[Verdict]:
    """Every verdict of the rules on a registered case, the first first."""
    return [Verdict(**dict(row)) for row in await pool.fetch(SQL["verdicts_of"], case_id)]


async def sent_of(pool: asyncpg.Pool, case_id: CaseId) -> SubmissionReceived:
    """What was sent for a registered case."""
    row = await pool.fetchrow(SQL["submissions_of"], [case_id])
    assert row is not None, case_id
    return SubmissionReceived.model_validate_json(row["body"])


async def perhaps_alike(
    pool: asyncpg.Pool, case: Case, window: timedelta, most: int
) -> list[tuple[dict[str, Any], SubmissionReceived]]:
    """Open cases received within `window` of this one, of its first category or of its area, with what was sent."""
    at, category = case.received_at, (case.category or "").partition("/")[0] or None
    final = [str(state) for state in lifecycle.FINAL]
    rows = await pool.fetch(
        SQL["perhaps_alike"], case.id, at - window, at + window, final, category, case.area, at, most
    )
    return [(dict(row), SubmissionReceived.model_validate_json(row["body"])) for row in rows]


async def listed(
    pool: asyncpg.Pool,
    since: tuple[datetime, UUID],
    until: datetime,
    state: State | None,
    holder: str | None,
    limit: int,
    department: str | None,
) -> list[dict[str, Any]]:
    """Cases after `since` (received at, id) and received by `until`; with `department`, those it has or had."""
    if department is None:
        rows = await pool.fetch(SQL["list_all"], *since, until, state, holder, limit)
    else:
        rows = await pool.fetch(SQL["list_seen"], *since, until, state, holder, limit, department)
    return [dict(row) for row in rows]


async def disputes(pool: asyncpg.Pool, since: tuple[datetime, UUID], limit: int) -> list[Case]:
    """Disputed cases after `since` (disputed at, id), longest first."""
    return [store.case_in(row) for row in await pool.fetch(SQL["disputes"], *since, limit)]


async def grounds_of(pool: asyncpg.Pool, case_ids: Sequence[CaseId]) -> dict[CaseId, list[dict[str, Any]]]:
    """Returns and meetings of each case, oldest first."""
    found: dict[CaseId, list[dict[str, Any]]] = {}
    for row in await pool.fetch(SQL["grounds_of"], list(case_ids)):
        found.setdefault(CaseId(row["case_id"]), []).append(dict(row))
    return found


async def precedents(pool: asyncpg.Pool, limit: int) -> list[dict[str, Any]]:
    """Rules that rulings propose, newest first."""
    rows = await pool.fetch(SQL["precedents"], limit)
    return [{**dict(row), "rule": orjson.loads(row["rule"])} for row in rows]
