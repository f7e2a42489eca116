"""Identities. Every id is derived from its cause, so that a repeat is the same thing and not a second one."""

import functools
import hashlib
from datetime import date
from typing import NewType
from uuid import UUID

CaseId = NewType("CaseId", UUID)
EventId = NewType("EventId", UUID)
AssignmentId = NewType("AssignmentId", UUID)
ClockId = NewType("ClockId", UUID)
NoticeId = NewType("NoticeId", UUID)
DepartmentSlug = NewType("DepartmentSlug", str)

NAMESPACE = UUID("5b0ce0d4-5d2e-5a55-9d0c-73756261006e")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAMESPACE = NAMESPACE.bytes
_HEARD_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
# RFC 9562, section 5.5: the bits of a uuid5 that are not the hash's own.
_UUID5_CLEAR = ~(0xF000 << 64 | 0xC000 << 48)
_UUID5_SET = 0x5000 << 64 | 0x8000 << 48
# Tables for bytes.translate: a byte's low five bits as a character; a character's value, and what it adds doubled.
_SPELT = bytes(ord(CROCKFORD[byte & 31]) for byte in range(256))
_ONCE = bytes(max(CROCKFORD.find(chr(byte)), 0) for byte in range(256))
_TWICE = bytes(value * 2 // 32 + value * 2 % 32 for value in _ONCE)


def derive(*parts: str) -> UUID:
    """One uuid5 of the parts; a part may hold anything but the separator U+001F."""
    return UUID(int=_uuid5(parts))


def written(*parts: str) -> str:
    """`derive` as text, for who makes two a request and needs no UUID of them: a quarter of the time."""
    return as_text(_uuid5(parts))


def as_text(number: int) -> str:
    """A UUID's number as it is written."""
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def case_number(channel: str, request_key: str) -> int:
    """`case_id` as a number: its text and its shard follow from it."""
    return _uuid5(case_parts(channel, request_key))


def _uuid5(parts: tuple[str, ...]) -> int:
    """RFC 9562, section 5.5, as a number; `uuid.uuid5` spelt out, which takes twice as long."""
    digest = hashlib.sha1(_NAMESPACE + "\x1f".join(parts).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:16], "big") & _UUID5_CLEAR | _UUID5_SET


def case_parts(channel: str, request_key: str) -> tuple[str, str, str]:
    """What a case id is derived from: the same request sent again is the same case."""
    return "case", channel, request_key


def case_id(channel: str, request_key: str) -> CaseId:
    """The case a channel's request becomes."""
    return CaseId(derive(*case_parts(channel, request_key)))


def event_parts(cause: str, event_type: str, ordinal: int) -> tuple[str, str, str, str]:
    """`ordinal` counts events of this type within this cause, never within a batch (delivery rule 4)."""
    return "event", cause, event_type, str(ordinal)


def event_id(cause: str, event_type: str, ordinal: int) -> EventId:
    return EventId(derive(*event_parts(cause, event_type, ordinal)))


def shard_of(case: UUID, shards: int) -> int:
    """Delivery rule 1: ours, explicit, and never the broker's hash."""
    return case.int % shards


def public_number(case: UUID | str, day: date, attempt: int = 0) -> str:
    """`20261122-7K3M-9QX2`: local date of receipt, seven characters of a hash, one check character.

    `case` is the case id, as text or not. `attempt` is the derivation: 0, and the next one whenever a number is taken already.
    """
    digest = hashlib.sha256(f"{case}\x1f{attempt}".encode()).digest()
    body = digest[:7].translate(_SPELT).decode()
    code = body + _check_character(f"{_written(day)}{body}")
    return f"{_written(day)}-{code[:4]}-{code[4:]}"


@functools.lru_cache(maxsize=8)
def _written(day: date) -> str:
    return f"{day:%Y%m%d}"


def read_number(spoken: str) -> str | None:
    """A public number as typed or dictated, brought to its written form; None when the check fails.

    Case, spaces and hyphens do not matter; O is read as 0, I and L as 1.
    """
    plain = "".join(spoken.upper().split()).replace("-", "").translate(_HEARD_AS)
    if len(plain) != 16 or not plain[:8].isdigit() or any(c not in CROCKFORD for c in plain[8:]):
        return None
    if _check_character(plain[:15]) != plain[15]:
        return None
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:]}"


def _check_character(stem: str) -> str:
    """Luhn mod 32: finds every single wrong character and nearly every swap of two neighbours."""
    raw = stem.encode()
    return CROCKFORD[-(sum(raw[::-2].translate(_TWICE)) + sum(raw[-2::-2].translate(_ONCE))) % 32]
