"""The envelope reads back what it wrote, and names what is missing."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.contracts import envelope, events, topics
from services.contracts.envelope import Envelope, NotAnEnvelope, Position
from services.contracts.ids import CaseId, EventId

SAMPLE = Envelope(EventId(UUID(int=1)), "router", "case.closed", datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC),
                  CaseId(UUID(int=2)), "correlation", "cause", "00-1-2-01")  # fmt: skip


def test_it_reads_back() -> None:
    headers = envelope.to_headers(SAMPLE) + envelope.position_headers(Position("router", 3, 77))
    assert envelope.read_headers(headers) == SAMPLE
    assert envelope.read_position(headers) == Position("router", 3, 77)


def test_it_is_a_cloud_event() -> None:
    found = dict(envelope.to_headers(SAMPLE))
    assert found["ce_specversion"] == b"1.0"
    assert found["ce_source"] == b"/suban/router"
    assert found["ce_time"] == b"2026-11-22T01:02:03.000004Z"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time", "ce_subject"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = [pair for pair in envelope.to_headers(SAMPLE) if pair[0] != name]
    with pytest.raises(NotAnEnvelope, match=name):
        envelope.read_headers(headers)


def test_a_record_that_is_not_ours_has_no_position() -> None:
    assert envelope.read_position([("ce_id", b"x")]) is None


def test_a_broken_position_is_said_so() -> None:
    with pytest.raises(NotAnEnvelope, match="shard"):
        envelope.read_position([("number", b"x"), ("source", b"s"), ("shard", b"0")])


def test_every_event_type_belongs_to_a_topic_of_the_table() -> None:
    names = {row.name for row in topics.TOPICS}
    assert {event.TOPIC for event in events.EVENTS.values()} <= names
    assert "case.registered" in events.EVENTS


def test_the_actor_is_read_from_the_topic_and_nothing_else() -> None:
    assert topics.actor_of("suban.commands.water-bureau.v1") == "water-bureau"
    assert topics.actor_of("suban.cases.v1") is None
    assert topics.actor_of("suban.commands..v1") is None


def test_a_header_without_a_value_is_no_envelope() -> None:
    """Kafka allows it; it must not end the process that reads it."""
    headers: list[tuple[str, Any]] = [(name, None) for name, _ in envelope.to_headers(SAMPLE)]
    with pytest.raises(NotAnEnvelope):
        envelope.read_headers(headers)
    with pytest.raises(NotAnEnvelope):
        envelope.read_position([("source", b"s"), ("shard", b"0"), ("number", None)])  # type: ignore[list-item]
