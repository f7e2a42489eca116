"""From a valid request to a line ready to be written: identity, content hash, event. Pure but for the sealing.

The event is written once, by the serialiser of the canonical request; what intake adds is joined to it as JSON members.
A contract test reads it back as `contracts.events.SubmissionReceived`. Number and time come with the commit.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from services.chassis import heads
from services.chassis.sealing import Sealer
from services.contracts import envelope as envelopes
from services.contracts import ids, spelling
from services.contracts.city import Preset
from services.contracts.envelope import Envelope
from services.contracts.events import SubmissionReceived
from services.contracts.ids import CaseId
from services.intake import contacts, decide, tracking
from services.intake.canonical import Reporter, Request
from services.intake.channels import OpenChannel
from services.intake.decide import Refused

SOURCE = "intake"
_WRITE = Request.__pydantic_serializer__.to_json
_WRITE_REPORTER = Reporter.__pydantic_serializer__.to_json
_NOT_WRITTEN = {"request_id", "reporter"}
_PRESET = ("category", "segment", "kind")


@dataclass(frozen=True, slots=True)
class Seals:
    """What the door seals and signs with. `now` is in monotonic seconds."""

    sealer: Sealer
    secret: bytes
    shards: int


class Entry(NamedTuple):
    """One request, ready for the journal. `members` is its event as JSON members, without number, time and `match_text`.

    A tuple with its ids as text: a batch makes five hundred at once, and a frozen dataclass with UUIDs, which are
    compared in Python, takes four times as long.
    """

    case_id: str
    shard: int
    channel: str
    request_key: str
    idempotency_key: str | None
    body_hash: bytes
    tracking: str
    members: bytes
    match_text: bytes
    event_id: str
    traceparent: bytes

    def event(self, number: str, received_at: str) -> bytes:
        """The value of `submission.received`."""
        return b'{"number":"%b","received_at":"%b","tracking":"%b","match_text":%b,%b}' % (
            number.encode(), received_at.encode(), self.tracking.encode(), self.match_text, self.members,
        )  # fmt: skip

    def headers(self, received_at: str) -> bytes:
        """Packed as the outbox keeps them."""
        case = self.case_id.encode()
        return _HEADERS % (self.event_id.encode(), received_at.encode(), case, case, case) + self.traceparent


def entry(
    request: Request,
    channel: OpenChannel,
    idempotency_key: str | None,
    seals: Seals,
    now: float,
    traceparent: bytes = b"",
) -> Entry | Refused:
    """The request as a line of the journal, or why it cannot be one."""
    key = decide.request_key(request.request_id, idempotency_key)
    if key is None:
        return decide.NO_KEY
    contact = contacts.sealed(request.reporter, seals.sealer, now)
    if isinstance(contact, Refused):
        return contact
    body = _WRITE(request, exclude=_NOT_WRITTEN, exclude_none=True)
    case = ids.case_number(channel.id, key)
    case_id = ids.as_text(case)
    members = b'%b,%b,"request_key":%b,"contact":%b' % (
        (body if channel.row.preset is None else _preset(request, channel.row.preset, body))[1:-1],
        channel.stamp, orjson.dumps(key), contact,
    )  # fmt: skip
    return Entry(
        case_id, case % seals.shards, channel.id, key,
        idempotency_key if request.request_id else None,
        content_hash(seals.secret, body + b"\n" + _WRITE_REPORTER(request.reporter, exclude_none=True)),
        tracking.code(seals.secret, case_id), members, orjson.dumps(spelling.for_matching(request.title, request.text)),
        ids.written(*ids.event_parts(case_id, SubmissionReceived.TYPE, 0)), traceparent,
    )  # fmt: skip


def content_hash(secret: bytes, canonical: bytes) -> bytes:
    """Keyed (BLAKE2b as a MAC, RFC 7693): without the secret nobody finds a telephone number by trying them all."""
    return hashlib.blake2b(canonical, key=secret, digest_size=32, person=b"suban content").digest()


def _preset(request: Request, preset: Preset, body: bytes) -> bytes:
    """`body` with what the channel knows where the request says nothing. The content hash is of what was sent.

    The preset area is in the channel's stamp: it is no word of the sender's, and other sources go before it.
    """
    known = [
        b'"%b":%b' % (name.encode(), orjson.dumps(value))
        for name in _PRESET
        if (value := getattr(preset, name)) is not None and getattr(request, name) is None
    ]
    return b"%b,%b}" % (body[:-1], b",".join(known)) if known else body


def _template() -> bytes:
    """The envelope's own headers with holes for event id, time, case, correlation and cause, in that order."""
    event, case = ids.EventId(UUID(int=1)), CaseId(UUID(int=2))
    at = datetime(2000, 1, 1, tzinfo=UTC)
    sample = Envelope(event, SOURCE, SubmissionReceived.TYPE, at, case, str(case), str(case))
    packed = heads.pack(envelopes.to_headers(sample))
    for hole in (str(event), "2000-01-01T00:00:00Z", str(case)):
        packed = packed.replace(hole.encode(), b"%b")
    return packed


_HEADERS = _template()
