"""Where a process is in each partition it reads."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import ConsumerRecord

from services.chassis.failure import Gap

TIMESTAMP_APPENDED = 1


@dataclass(slots=True)
class Place:
    """Where we are in one partition. `next` is the offset after the last record handed over.

    Of an inbox topic: `executed_at` goes on with the shards that are well; once a poll has `failed` on a stopped one,
    `done` stays below it, so that after a restart that shard reads again from there (ADR 0016).
    """

    next: int
    done: int
    paused: bool = False
    gap: Gap | None = None
    executed_at: datetime | None = None
    told: int = -1
    left_behind: bool = False
    pending: "deque[Poll]" = field(default_factory=deque)


@dataclass(slots=True)
class Poll:
    """What one poll of an inbox topic brought: finished when no shard has still to commit it. `failed`: one has stopped."""

    end: int
    last_at: datetime | None
    shards: int
    failed: bool = False


def appended_at(record: ConsumerRecord) -> datetime | None:
    """The broker's append time (wall); None when the record carries its sender's time instead."""
    if record.timestamp_type != TIMESTAMP_APPENDED:
        return None
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
