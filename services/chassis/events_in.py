"""What came from Kafka, as work for a lane: events of one topic and shard. Requests of inbox topics: requests_in.py."""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.chassis import metrics, parking, telemetry
from services.chassis.failure import Nature, Poison, nature, reason
from services.chassis.lanes import Work
from services.chassis.sealing import Sealer
from services.chassis.service import Handler, Inbox, Received
from services.chassis.transaction import Tx
from services.contracts import envelope as envelopes
from services.contracts import events
from services.contracts.envelope import Envelope, Headers, NotAnEnvelope, Position
from services.contracts.ids import CaseId

log = telemetry.logger("events")
Outcome = Callable[[BaseException | None], None]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record, decoded as far as it can be. `fault` says what could not be read."""

    topic: str
    partition: int
    offset: int
    headers: Headers
    value: bytes
    envelope: Envelope | None
    position: Position | None
    data: events.Event | None
    case_id: CaseId | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What a service does with each event type and with requests; and how what cannot be read is kept."""

    handlers: Mapping[str, Handler]
    rescue: Mapping[str, Handler]
    sealer: Sealer | None
    inbox: Inbox | None = None


def decode(
    topic: str, partition: int, offset: int, key: bytes | None, headers: Headers, value: bytes, table: Table
) -> Incoming:
    """Never raises: what cannot be read comes back with its fault."""
    try:
        found = dict(headers)
        envelope, position = envelopes.envelope_in(found), envelopes.position_in(found)
    except NotAnEnvelope as fault:
        return Incoming(topic, partition, offset, headers, value, None, None, None, _case_of(key), str(fault))
    kind = events.EVENTS.get(envelope.type)
    if kind is None or envelope.type not in table.handlers:
        return Incoming(topic, partition, offset, headers, value, envelope, position, None, envelope.case_id)
    try:
        data = kind.model_validate_json(value)
    except ValidationError as fault:
        where = ", ".join(".".join(map(str, error["loc"])) for error in fault.errors()[:3])
        return Incoming(topic, partition, offset, headers, value, envelope, position, None, envelope.case_id,
                        f"{envelope.type} cannot be read at: {where or 'the start'}")  # fmt: skip
    return Incoming(topic, partition, offset, headers, value, envelope, position, data, envelope.case_id)


def _case_of(key: bytes | None) -> CaseId | None:
    try:
        return CaseId(UUID((key or b"").decode()))
    except ValueError:
        return None


@dataclass(slots=True, eq=False)
class EventBatch:
    """Records of one topic and shard, in order of offset. `outcome` is told None once they are committed."""

    records: Sequence[Incoming]
    table: Table
    outcome: Outcome
    size: int = field(init=False)
    rereads: bool = True
    _applied: list[Incoming] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.size = len(self.records)

    async def apply(self, tx: Tx[Any]) -> None:
        fresh = await self._without_parked(self._without_repeats(tx), tx)
        for record in fresh:
            if record.fault is not None:
                raise Poison(record.fault)
        self._applied = fresh
        runs = itertools.groupby(fresh, key=lambda record: self._handler(record))
        for handler, run in runs:
            if handler is not None:
                await handler([received(record) for record in run], tx)

    def _without_repeats(self, tx: Tx[Any]) -> list[Incoming]:
        fresh = []
        for record in self.records:
            if tx.row.is_repeat(record.topic, record.offset, record.position):
                metrics.EVENTS_REPEATED.labels(record.topic).inc()
                continue
            tx.row.mark(record.topic, record.offset, record.position)
            fresh.append(record)
        return fresh

    async def _without_parked(self, fresh: list[Incoming], tx: Tx[Any]) -> list[Incoming]:
        """Everything after a parked event of a case waits with it (delivery rule 9)."""
        if not tx.row.parked or not fresh:
            return fresh
        parked = await parking.parked_among((record.case_id for record in fresh), tx)
        await parking.park(
            [_aside(record) for record in fresh if record.case_id in parked], parking.BEHIND, tx
        )
        return [record for record in fresh if record.case_id not in parked]

    def _handler(self, record: Incoming) -> Handler | None:
        if record.envelope is None or record.data is None:
            if record.envelope is not None and record.envelope.type not in events.EVENTS:
                metrics.EVENTS_UNKNOWN.labels(record.topic).inc()
            return None
        return self.table.handlers[record.envelope.type]

    def split(self) -> Sequence[Work]:
        if len(self.records) == 1:
            return (self,)
        return [EventBatch([record], self.table, ignore) for record in self.records]

    async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
        """Alone and failing: the rescue handler where there is one, else the case is parked, else a dead letter."""
        record = self.records[0]
        if not self._without_repeats(tx):
            return None
        if await self._rescued(record, tx):
            return None  # it is registered, bare: no case has failed
        if record.case_id is None:
            place = parking.Coordinates(record.topic, record.partition, record.offset)
            await parking.bury(place, record.value, reason(error), self.table.sealer, tx)
            return None
        await parking.park([_aside(record)], reason(error), tx)
        return str(record.case_id)

    async def _rescued(self, record: Incoming, tx: Tx[Any]) -> bool:
        rescue = self.table.rescue.get(record.envelope.type) if record.envelope and record.data else None
        if rescue is None:
            return False
        await tx.conn.execute("SAVEPOINT rescue")
        try:
            await rescue([received(record)], tx)
        except Exception as also:
            if nature(also) is not Nature.OWN:
                raise  # of the moment: the record is tried again, and never parked for it
            log.error("rescue.failed", case_id=str(record.case_id), reason=reason(also))
            await tx.conn.execute("ROLLBACK TO SAVEPOINT rescue")
            tx.outgoing.clear()
            tx.after_commit.clear()
            return False
        return True

    def succeed(self) -> None:
        kinds = Counter((one.topic, one.envelope.type) for one in self._applied if one.envelope is not None)
        for (topic, kind), many in kinds.items():
            metrics.EVENTS_APPLIED.labels(topic, kind).inc(many)
        self.outcome(None)

    def fail(self, error: BaseException) -> None:
        self.outcome(error)

    def expired(self) -> bool:
        return False


def received(record: Incoming) -> Received[Any]:
    assert record.envelope is not None
    assert record.data is not None
    return Received(record.envelope, record.data)


def _aside(record: Incoming) -> parking.Aside:
    assert record.case_id is not None
    return parking.Aside(record.case_id, record.topic, record.offset, record.headers, record.value)


def ignore(_error: BaseException | None) -> None:
    """A piece of a batch: the batch itself tells."""
