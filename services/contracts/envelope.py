"""The envelope: CloudEvents 1.0 in Kafka's binary mode, plus what orders our records.

Header names and rules: CloudEvents 1.0.2, Kafka protocol binding, section 3.2 (binary content mode).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.contracts.ids import CaseId, EventId

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
Headers = list[tuple[str, bytes]]


class NotAnEnvelope(ValueError):
    """The headers lack what every event of ours carries; the message names it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything about an event but its data. `at` is city time, aware, UTC."""

    id: EventId
    source: str
    type: str
    at: datetime
    case_id: CaseId
    correlation_id: str
    causation_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands: `number` is contiguous per (source, topic, shard)."""

    source: str
    shard: int
    number: int


def schema_uri(event_type: str) -> str:
    return f"urn:suban:schema:{event_type}:1"


def written(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_headers(envelope: Envelope) -> Headers:
    pairs = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", str(envelope.id)),
        ("ce_source", f"/suban/{envelope.source}"),
        ("ce_type", envelope.type),
        ("ce_time", written(envelope.at)),
        ("ce_subject", str(envelope.case_id)),
        ("ce_dataschema", schema_uri(envelope.type)),
        ("content-type", CONTENT_TYPE),
        ("correlationid", envelope.correlation_id),
        ("causationid", envelope.causation_id),
    ]
    if envelope.traceparent:
        pairs.append(("traceparent", envelope.traceparent))
    return [(name, value.encode()) for name, value in pairs]


def position_headers(position: Position) -> Headers:
    return [
        ("source", position.source.encode()),
        ("shard", str(position.shard).encode()),
        ("number", str(position.number).encode()),
    ]


def read_headers(headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """Raises NotAnEnvelope naming the first header that is missing or unreadable."""
    return envelope_in(dict(headers))


def envelope_in(found: Mapping[str, bytes]) -> Envelope:
    """As `read_headers`, of headers by their names."""
    try:
        return Envelope(
            id=EventId(UUID(found["ce_id"].decode())),
            source=found["ce_source"].decode().removeprefix("/suban/"),
            type=found["ce_type"].decode(),
            at=datetime.fromisoformat(found["ce_time"].decode()),
            case_id=CaseId(UUID(found["ce_subject"].decode())),
            correlation_id=found.get("correlationid", b"").decode(),
            causation_id=found.get("causationid", b"").decode(),
            traceparent=found["traceparent"].decode() if "traceparent" in found else None,
        )
    except KeyError as missing:
        raise NotAnEnvelope(f"header {missing} is missing") from missing
    except (ValueError, AttributeError) as unreadable:  # Kafka allows a header without a value
        raise NotAnEnvelope(f"a header cannot be read: {unreadable}") from unreadable


def read_position(headers: Iterable[tuple[str, bytes]]) -> Position | None:
    """None for records that are not from an outbox of ours (commands of departments, watermarks)."""
    return position_in(dict(headers))


def position_in(found: Mapping[str, bytes]) -> Position | None:
    """As `read_position`, of headers by their names."""
    if "number" not in found:
        return None
    try:
        return Position(found["source"].decode(), int(found["shard"]), int(found["number"]))
    except (KeyError, ValueError, TypeError, AttributeError) as unreadable:
        raise NotAnEnvelope(f"source, shard, number cannot be read: {unreadable}") from unreadable
