"""Channels as data: the ways in, and how each one's own shape becomes our request."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.contracts import faults
from services.contracts.rows import AreaCode, CategoryPath, Name, Row, Short, Slug
from services.contracts.values import ChannelKind, Kind, Segment

CanonicalField = Literal[
    "request_id", "title", "text", "category", "kind", "segment", "media", "occurred_at", "extra",
    "place", "place.address", "place.lat", "place.lon", "place.datum", "place.area",
    "reporter", "reporter.name", "reporter.phone", "reporter.app_user", "reporter.locale",
    "reporter.anonymous",
]  # fmt: skip


class Preset(Row):
    """What a request by this channel is, where it does not say so itself."""

    area: AreaCode | None = None
    category: CategoryPath | None = None
    segment: Segment | None = None
    kind: Kind | None = None


class Channel(Row):
    """A way in. `mapping` makes our request of the channel's shape: canonical field to jmespath expression.

    No mapping means that it speaks our schema. `aliases` are other names under which records know it.
    """

    id: Slug
    kind: ChannelKind
    name: Name
    aliases: tuple[Short, ...] = ()
    enabled: bool = True
    rate_per_minute: Annotated[int, Field(ge=1, le=1_000_000)]
    mapping: dict[CanonicalField, Annotated[str, Field(min_length=1)]] | None = None
    preset: Preset | None = None


class ChannelsFile(Row):
    """channels.yaml."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids(self) -> Self:
        if places := faults.repeated((row.id for row in self.channels), "channels", "id"):
            raise faults.fault("this id is taken by an earlier channel", "渠道代码重复", *places)
        if places := [
            ("channels", index, "mapping")
            for index, row in enumerate(self.channels)
            if row.mapping is not None and not {"request_id", "text"} <= row.mapping.keys()
        ]:
            reason = "a mapping gives at least request_id and text"
            raise faults.fault(reason, "映射至少含 request_id 与 text", *places)
        return self
