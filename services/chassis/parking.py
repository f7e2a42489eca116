"""Set aside: a case with everything after what failed (delivery rule 9), and what nobody can attribute (rule 10)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.chassis import database, heads, metrics, telemetry
from services.chassis.sealing import Sealer
from services.chassis.transaction import Tx
from services.contracts import topics
from services.contracts.envelope import Headers
from services.contracts.events import DeadLetter
from services.contracts.ids import CaseId

SQL = database.SQL
NOBODY = CaseId(UUID(int=0))
BEHIND = "behind a parked event"
TIMERS = "timer."
log = telemetry.logger("parking")


@dataclass(frozen=True, slots=True)
class Aside:
    """What waits for an operator: a record of `topic`, or a timer of ours under `timer.<name>` with nothing in it."""

    case_id: CaseId
    topic: str
    offset: int
    headers: Headers
    value: bytes


@dataclass(frozen=True, slots=True)
class Coordinates:
    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


async def parked_among(cases: Iterable[CaseId | None], tx: Tx[Any]) -> set[CaseId]:
    """Those of these cases that wait for an operator. Asks nothing while nothing of the shard is parked."""
    wanted = {case for case in cases if case is not None} if tx.row.parked else set()
    if not wanted:
        return set()
    return {CaseId(row["case_id"]) for row in await tx.conn.fetch(SQL["parked_among"], list(wanted))}


async def park(asides: Sequence[Aside], why: str, tx: Tx[Any]) -> None:
    if not asides:
        return
    await tx.conn.execute(
        SQL["park"], [one.case_id for one in asides], tx.shard, [one.topic for one in asides],
        [one.offset for one in asides], [heads.pack(one.headers) for one in asides],
        [one.value for one in asides], [why] * len(asides), tx.now,
    )  # fmt: skip
    await _count(tx)
    for one in asides:
        metrics.EVENTS_PARKED.labels(one.topic).inc()
        log.error("event.parked", case_id=str(one.case_id), topic=one.topic, offset=one.offset, reason=why)


async def release(case_id: CaseId, tx: Tx[Any]) -> None:
    await tx.conn.execute(SQL["release"], case_id)
    await _count(tx)


async def _count(tx: Tx[Any]) -> None:
    tx.row.parked = await tx.conn.fetchval(SQL["count_parked"], tx.shard)


async def bury(place: Coordinates, value: bytes, why: str, sealer: Sealer | None, tx: Tx[Any]) -> None:
    """Delivery rule 10: coordinates, hash, reason; the original sealed, or not at all where there is no key."""
    digest = hashlib.sha256(value).hexdigest()
    sealed = sealer.seal(value, 0.0) if sealer else None
    await tx.conn.execute(SQL["bury"], place.topic, place.partition, place.offset, digest, why,
                          sealed.model_dump() if sealed else None, tx.now)  # fmt: skip
    letter = DeadLetter(topic=place.topic, partition=place.partition, offset=place.offset, sha256=digest, reason=why,
                        sealed=sealed)  # fmt: skip
    tx.emit(letter, case_id=NOBODY, cause=str(place), topic=topics.DEAD_LETTERS)
    metrics.DEAD_LETTERS.labels(place.topic).inc()
    log.error("dead_letter", topic=place.topic, partition=place.partition, offset=place.offset, reason=why)
