"""What a citizen adds to a case: own id, own journal, the same rules for repeats. Not hot: one transaction each."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.chassis import database, heads, outbox
from services.chassis.clock import CityClock
from services.chassis.numbering import Unnumbered
from services.chassis.packed import Outgoing
from services.contracts import envelope as envelopes
from services.contracts import ids
from services.contracts.envelope import Envelope
from services.contracts.events import ActReceived
from services.contracts.ids import CaseId
from services.intake import decide, store
from services.intake.canonical import Act
from services.intake.decide import Refused
from services.intake.submission import SOURCE


@dataclass(frozen=True, slots=True)
class Added:
    """It is written, `rows` with it. A repeat gets the first answer."""

    act_id: UUID
    received_at: datetime
    rows: tuple[Unnumbered, ...] = ()


def act_id(channel: str, case_id: UUID, key: str) -> UUID:
    return ids.derive("act", channel, str(case_id), key)


def content_hash(act: Act, secret: bytes) -> bytes:
    raw = act.model_dump_json(exclude={"act_id"}, exclude_none=True).encode()
    return hashlib.blake2b(raw, key=secret, digest_size=32, person=b"suban act").digest()


async def add(
    conn: database.Connection,
    clock: CityClock,
    channel: str,
    case_id: CaseId,
    shard: int,
    act: Act,
    key: str,
    secret: bytes,
) -> Added | Refused:
    """Within the caller's transaction: the journal's row and the event, or what is there already."""
    act_uuid, digest = act_id(channel, case_id, key), content_hash(act, secret)
    received_at = clock.city(await store.time(conn)).astimezone(UTC)
    event = ActReceived(act_id=str(act_uuid), channel=channel, kind=act.kind, received_at=received_at, text=act.text,
                        rating=act.rating)  # fmt: skip
    if not await store.add_act(conn, act_uuid, case_id, key, digest, event):
        before = await store.act(conn, act_uuid)
        if before.body_hash != digest:
            return decide.ACT_REPEATED_OTHERWISE
        return Added(act_uuid, before.received_at)
    rows = await outbox.append_late(conn, [(ActReceived.TOPIC, shard, _outgoing(case_id, event))])
    return Added(act_uuid, received_at, tuple(rows))


def _outgoing(case_id: CaseId, event: ActReceived) -> Outgoing:
    head = Envelope(ids.event_id(event.act_id, event.TYPE, 0), SOURCE, event.TYPE, event.received_at, case_id,
                    str(case_id), event.act_id)  # fmt: skip
    packed = heads.pack(envelopes.to_headers(head))
    return Outgoing([str(case_id).encode()], [packed], [event.model_dump_json().encode()])
