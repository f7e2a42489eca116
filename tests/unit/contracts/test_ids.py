"""Identities: the same cause gives the same id; a number misheard is found out."""

from datetime import date
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts import ids

DAY = date(2026, 11, 22)


def test_the_same_request_is_the_same_case() -> None:
    assert ids.case_id("hotline", "42") == ids.case_id("hotline", "42")
    assert ids.case_id("hotline", "42") != ids.case_id("app", "42")


def test_parts_cannot_be_confused() -> None:
    assert ids.case_id("a", "bc") != ids.case_id("ab", "c")


def test_ordinals_tell_events_of_one_cause_apart() -> None:
    assert ids.event_id("cause", "case.closed", 0) != ids.event_id("cause", "case.closed", 1)


@given(st.text(min_size=1, max_size=20), st.integers(0, 5))
def test_a_number_reads_back_however_it_is_dictated(key: str, attempt: int) -> None:
    number = ids.public_number(ids.case_id("c", key), DAY, attempt)
    assert number.startswith("20261122-")
    assert ids.read_number(number) == number
    assert ids.read_number(number.lower().replace("-", " ")) == number


@given(st.text(min_size=1, max_size=20), st.integers(9, 15), st.sampled_from(ids.CROCKFORD))
def test_every_single_wrong_character_is_found_out(key: str, place: int, wrong: str) -> None:
    plain = ids.public_number(ids.case_id("c", key), DAY).replace("-", "")
    changed = plain[:place] + wrong + plain[place + 1 :]
    assert (ids.read_number(changed) is None) == (changed != plain)


@pytest.mark.parametrize(
    "spoken", ["", "2026", "20261122-7K3M-9Q", "2026112X-7K3M-9QX2", "20261122-7K3M-9Q#2"]
)
def test_what_is_no_number_is_none(spoken: str) -> None:
    assert ids.read_number(spoken) is None


def test_shards_are_ours_and_even() -> None:
    counts = [0, 0, 0, 0]
    for n in range(4000):
        counts[ids.shard_of(uuid5(ids.NAMESPACE, str(n)), 4)] += 1
    assert min(counts) > 900
