"""The packed form of headers: what goes in comes out, and the fast way says the same as the plain one."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from services.chassis import heads
from services.contracts import envelope
from services.contracts.envelope import Envelope
from services.contracts.ids import CaseId, EventId


def test_packing_fast_is_packing() -> None:
    at = datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC)
    sample = Envelope(
        EventId(UUID(int=1)), "router", "case.closed", at, CaseId(UUID(int=2)), "correlation", "cause"
    )
    own = str(sample.id), heads.moment(at), str(sample.case_id), "correlation", "cause"
    packed, headers = heads.of_event("router", "case.closed", own)
    assert headers == envelope.to_headers(sample)
    assert packed == heads.pack(headers)
    assert heads.unpack(packed) == headers


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.binary())))
@example([("x\n", b"\\n\0\n\\")])
def test_headers_of_others_come_back_as_they_were(headers: list[tuple[str, bytes]]) -> None:
    """A department's client may put anything into them; they are kept while a case is parked."""
    assert heads.unpack(heads.pack(headers)) == headers
