"""The packed form of headers: what goes in comes out, and the fast way says the same as the plain one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.binary())))
@example([("x\n", b"\\n\0\n\\")])
def test_headers_of_others_come_back_as_they_were(headers: list[tuple[str, bytes]]) -> None:
    """A department's client may put anything into them; they are kept while a case is parked."""
    assert transaction.unpack_headers(transaction.pack_headers(headers)) == headers
