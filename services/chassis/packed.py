"""Records as one column: a transaction's events for one (topic, shard) in a single value (ADR 0004).

Each record is three lengths (unsigned, 32 bits, big-endian) and then key, headers and value. Arrays of Postgres would
do the same and cost the driver five times as much: it looks at every element several times.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.chassis import heads
from services.contracts.envelope import Headers

_LENGTHS = struct.Struct(">III")


@dataclass(slots=True)
class Outgoing:
    """Records of one (topic, shard) written by one transaction, in order.

    `sent`: their headers once more, as they are sent, while whoever made them is here; of what was read back, nothing.
    """

    keys: list[bytes] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    sent: list[Headers] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)

    def headers_of(self, place: int) -> Headers:
        return self.sent[place] if self.sent else heads.unpack(self.headers[place])


@dataclass(frozen=True, slots=True)
class Written:
    """What a committed transaction left in the outbox. `first` is the number of its first record."""

    topic: str
    first: int
    records: Outgoing

    @property
    def last(self) -> int:
        return self.first + len(self.records) - 1


def pack(records: Outgoing) -> bytes:
    return b"".join(_parts(records.keys, records.headers, records.values))


def _parts(keys: Sequence[bytes], headers: Sequence[bytes], values: Sequence[bytes]) -> Iterator[bytes]:
    for key, header, value in zip(keys, headers, values, strict=True):
        yield _LENGTHS.pack(len(key), len(header), len(value))
        yield key
        yield header
        yield value


def unpack(packed: bytes) -> Outgoing:
    """The inverse of `pack`. Raises struct.error when it is cut short."""
    found, at, end = Outgoing(), 0, len(packed)
    while at < end:
        key, header, value = _LENGTHS.unpack_from(packed, at)
        at += _LENGTHS.size
        found.keys.append(packed[at : at + key])
        found.headers.append(packed[at + key : at + key + header])
        at += key + header + value
        found.values.append(packed[at - value : at])
    return found


def pairs(packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(headers, value) of each record, for who looks into an outbox."""
    found = unpack(packed)
    return zip(found.headers, found.values, strict=True)
