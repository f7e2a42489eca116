"""Telephone numbers: one written form (E.164), whether a message can reach it, and what may be shown of it."""

import re
from dataclasses import dataclass
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType

# The library's own pattern of mainland mobile numbers: the fast path cannot disagree with it. 2 µs instead of 60.
_CHINA: Any = PhoneMetadata.metadata_for_region("CN")
_MAINLAND_MOBILE = re.compile(rf"(?:(?:\+|00)?86)?({_CHINA.mobile.national_number_pattern})")
_SEPARATORS = str.maketrans("", "", " -()（）－\u3000\xa0")
_TEXTABLE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True)
class Phone:
    """`e164` is secret; `masked` may be shown: 138****8000."""

    e164: str
    masked: str
    textable: bool


def read(written: str, region: str = "CN") -> Phone | None:
    """A number as people type it, of `region` where it names no country. None: there is no such number."""
    plain = written.translate(_SEPARATORS)
    if region == "CN" and plain.isascii() and (found := _MAINLAND_MOBILE.fullmatch(plain)):
        national = found[1]
        return Phone(f"+86{national}", mask(national), True)
    return _by_library(written, region)


def _by_library(written: str, region: str) -> Phone | None:
    try:
        number = phonenumbers.parse(written, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    national = phonenumbers.national_significant_number(number)
    shown = mask(national) if number.country_code == 86 else f"+{number.country_code} {mask(national)}"
    textable = phonenumbers.number_type(number) in _TEXTABLE
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), shown, textable)


def mask(national: str) -> str:
    """138****8000; of shorter numbers only the ends, 91****67. At least four digits stay hidden."""
    if len(national) >= 11:
        return f"{national[:3]}****{national[-4:]}"
    if len(national) >= 8:
        return f"{national[:2]}****{national[-2:]}"
    return "****"


def mask_name(name: str) -> str:
    """王**: the first character and no length."""
    return f"{name.strip()[:1]}**"
