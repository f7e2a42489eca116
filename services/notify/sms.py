"""How long an SMS is: the parts a text takes on the air, which is what is paid for.

GSM 03.38 (3GPP TS 23.038, section 6.2.1): texts of its alphabet have 160 septets in one part, 153 in each of several;
an extension character takes two. All other texts go as UCS-2: 70 units, 67 in each of several; a character beyond the
basic plane takes two. What takes two is never cut.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_BASIC = (  # the alphabet of section 6.2.1, in its order
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "^{}\\[~]|€\f"
SEPTETS = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENSION, 2)}


@dataclass(frozen=True, slots=True)
class Length:
    """`units` are septets or UTF-16 code units."""

    alphabet: Literal["gsm7", "ucs2"]
    units: int
    parts: int


def length(text: str) -> Length:
    """The length of `text`; an empty text is one part."""
    if all(character in SEPTETS for character in text):
        return _measure("gsm7", [SEPTETS[character] for character in text], 160, 153)
    return _measure("ucs2", [2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _measure(alphabet: Literal["gsm7", "ucs2"], sizes: list[int], alone: int, each: int) -> Length:
    total = sum(sizes)
    return Length(alphabet, total, 1 if total <= alone else _cut(sizes, each))


def _cut(sizes: Iterable[int], each: int) -> int:
    """Filled from the front; a character that does not fit whole begins the next part."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > each:
            parts, used = parts + 1, 0
        used += size
    return parts
