"""Fakes shipped with the chassis: what stands in for Kafka where a test is about something else.

Each passes the same contract tests as the real thing (tests/contract).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.chassis.producer import MAX_BATCH_BYTES, Record, TooLarge, Undelivered


@dataclass
class FakeProducer:
    """Keeps what was sent, by (topic, partition), in order. `away` refuses; `refuses` names topics that do."""

    sent: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    away: bool = False
    refuses: set[str] = field(default_factory=set)
    batch_limit: int = 500

    async def ready(self) -> None:
        if self.away:
            raise Undelivered("no broker answers")

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        if self.away or topic in self.refuses:
            raise Undelivered(f"{topic}[{partition}]: refused")
        if len(records[0][1]) > MAX_BATCH_BYTES:
            raise TooLarge(f"{topic}: {len(records[0][1])} bytes")
        taken = list(records[: self.batch_limit])
        self.sent.setdefault((topic, partition), []).extend(taken)
        return len(taken)
