"""The packed form of headers: what goes in comes out, and the fast way says the same as the plain one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.chassis import transaction
from services.contracts import envelope
from services.contracts.envelope import Envelope
from services.contracts.ids import CaseId, EventId


@pytest.mark.parametrize("trace", [None, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
def test_packing_fast_is_packing(trace: str | None) -> None:
    sample = Envelope(EventId(UUID(int=1)), "router", "case.closed", datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC),
                      CaseId(UUID(int=2)), "correlation", "cause", trace)  # fmt: skip
    headers = envelope.to_headers(sample)
    assert transaction.pack_envelope(sample) == transaction.pack_headers(headers)
    assert transaction.unpack_headers(transaction.pack_envelope(sample)) == headers
