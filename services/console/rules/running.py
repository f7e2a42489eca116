"""Cases of the running system, for a candidate to be tried on."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import timedelta

import asyncpg
import orjson

from services.chassis import run
from services.console import store
from services.contracts.events import SubmissionReceived
from services.router import replay, rulebook
from services.router.drafts import Draft
from services.router.replay import Kept, Outcome


def replayed(draft: Draft, last: timedelta) -> Outcome:
    """Cases of the last days of city time through the candidate. Raises BadSettings, OSError, PostgresError."""
    return replay.cases(draft.duty, kept(asyncio.run(_rows(last))))


async def _rows(last: timedelta) -> list[asyncpg.Record]:
    conn = await store.connect("router")
    try:
        _, city = await run.provisioned(conn, "router")
        return list(await rulebook.history(conn, city.now() - last))
    finally:
        await conn.close()


def kept(rows: Iterable[asyncpg.Record]) -> Iterator[Kept]:
    """Who has a case, or had it last; else whom it was first given to; None: it was the desk's all along."""
    for row in rows:
        owner = row["holder"] or orjson.loads(row["verdict"])["lead"]
        yield Kept(row["number"], SubmissionReceived.model_validate_json(row["body"]), owner)
