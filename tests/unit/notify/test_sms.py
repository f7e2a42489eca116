"""3GPP TS 23.038: how many parts a text takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify import sms


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        (
            "a" * 152 + "€" + "a" * 152,
            "gsm7",
            306,
            3,
        ),  # the euro does not fit into the first part's last septet
        ("中" * 70, "ucs2", 70, 1),
        ("中" * 71, "ucs2", 71, 2),
        ("中" * 134, "ucs2", 134, 2),
        ("中" * 135, "ucs2", 135, 3),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("中" * 66 + "😀" + "中" * 66, "ucs2", 134, 3),  # a pair is never cut
    ],
)
def test_length(text: str, alphabet: str, units: int, parts: int) -> None:
    found = sms.length(text)
    assert (found.alphabet, found.units, found.parts) == (alphabet, units, parts)


@given(st.text(max_size=400))
def test_parts_hold_the_text_and_no_part_is_wasted(text: str) -> None:
    found = sms.length(text)
    alone, each = (160, 153) if found.alphabet == "gsm7" else (70, 67)
    if found.units <= alone:
        assert found.parts == 1
    else:
        assert found.parts * each >= found.units
        assert (found.parts - 1) * (each - 1) < found.units
