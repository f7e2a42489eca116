"""Settings of sla beside those every service has."""

from typing import Annotated

from pydantic import Field

from services.chassis.settings import ServiceSettings


class SlaSettings(ServiceSettings):
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8103
    mark_patience_s: Annotated[
        float,
        Field(
            description="wall seconds without a watermark after which rungs fire unconfirmed, if the log is read to "
            "its end: the router is gone, and a late breach is worse than a doubtful one",
            ge=5, le=3600,
        ),
    ] = 30.0  # fmt: skip
    fire_batch: Annotated[
        int,
        Field(
            description="clocks fired in one transaction: above 1,000 the lock is held too long",
            ge=1,
            le=1000,
        ),
    ] = 1000
    look_again_s: Annotated[
        float,
        Field(
            description="wall seconds after which a shard's table is asked for its next rung even though memory says "
            "it is not due: another process may have opened clocks there",
            gt=0, le=60,
        ),
    ] = 5.0  # fmt: skip
    snapshot_s: Annotated[
        float,
        Field(description="wall seconds between two counts of open clocks for the metrics", ge=1, le=300),
    ] = 5.0
