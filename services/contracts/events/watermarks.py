"""suban.watermarks.v1: router → sla. Not from an outbox: only the newest counts."""

from pydantic import BaseModel, ConfigDict

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import Instant


class ShardMark(BaseModel):
    """Everything the router wrote for this shard up to `at` has a number ≤ `number` on suban.cases.v1."""

    model_config = ConfigDict(frozen=True)
    number: int
    at: Instant


class Watermark(Event):
    """How far each shard and each command topic has been taken (delivery rule 8)."""

    TYPE = "watermark"
    TOPIC = topics.WATERMARKS
    shards: dict[int, ShardMark]
    commands: dict[str, Instant]
    parked: tuple[str, ...] = ()
