"""Rules that rulings propose, as the store keeps them until a person has put them into the duty list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson
from pydantic import ValidationError

from services.chassis import database
from services.router import store
from services.router.rules import Rule

MOST = 200  # of the newest; more open proposals than that nobody reads


@dataclass(frozen=True, slots=True)
class Precedent:
    """`number` is the public number of the case that was ruled on: the evidence. `rule` None: no rule any more."""

    id: str
    number: str
    made_at: datetime
    authority: str
    rule: Rule | None


async def open_ones(conn: database.Connection, accepted: Collection[str]) -> list[Precedent]:
    """Those whose rule is not in the list yet, newest first."""
    rows = await conn.fetch(store.SQL["precedents"], MOST)
    return [_precedent(row) for row in rows if row["id"] not in accepted]


def _precedent(row: asyncpg.Record) -> Precedent:
    try:
        rule = Rule.model_validate(orjson.loads(row["rule"]))
    except ValidationError:  # written by another version: told by its case alone
        rule = None
    return Precedent(row["id"], row["number"], row["made_at"], row["authority"], rule)
