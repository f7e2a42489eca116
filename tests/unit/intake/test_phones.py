"""Numbers: the fast path says what the library says; nothing tells more than a mask."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import phones


@pytest.mark.parametrize(
    ("written", "e164", "masked", "textable"),
    [
        ("13800138000", "+8613800138000", "138****8000", True),
        ("+86 138-0013-8000", "+8613800138000", "138****8000", True),
        ("008613800138000", "+8613800138000", "138****8000", True),
        ("１３８００１３８０００", "+8613800138000", "138****8000", True),
        ("0755-28888888", "+8675528888888", "755****8888", False),
        ("+852 9123 4567", "+85291234567", "+852 91****67", True),
        ("+1 212 555 2368", "+12125552368", "+1 21****68", True),
    ],
)
def test_numbers_that_are_some(written: str, e164: str, masked: str, textable: bool) -> None:
    assert phones.read(written) == phones.Phone(e164, masked, textable)


@pytest.mark.parametrize(
    "written", ["123456", "12800138000", "1380013800", "电话", "+999 123", "138001380001", "++86"]
)
def test_numbers_that_are_none(written: str) -> None:
    assert phones.read(written) is None


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_the_fast_path_agrees_with_the_library(national: str) -> None:
    number = phonenumbers.parse(national, "CN")
    mobile = phonenumbers.number_type(number) in phones._TEXTABLE
    read = phones.read(national)
    assert (read is not None and read.textable) == (phonenumbers.is_valid_number(number) and mobile)


@given(st.from_regex(r"[0-9]{3,13}", fullmatch=True))
def test_a_mask_hides_four_digits_at_least(national: str) -> None:
    shown = phones.mask(national).replace("*", "")
    assert len(shown) <= max(0, len(national) - 4)


def test_a_name_shows_its_first_character_and_no_length() -> None:
    assert (phones.mask_name("王小明"), phones.mask_name("李四"), phones.mask_name(" John ")) == (
        "王**",
        "李**",
        "J**",
    )
