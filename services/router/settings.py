"""Settings of the router beside those every service has."""

from typing import Annotated

from pydantic import Field

from services.chassis.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8102
    batch_size: Annotated[
        int,
        Field(
            description="records of one shard in one transaction: a backlog's cases go to many departments, and the more of "
            "them go together the fewer batches each department's topic gets; above 1,000 the lock is held too long",
            ge=1,
            le=5000,
        ),
    ] = 1000
    lane_wait_s: Annotated[
        float,
        Field(
            description="seconds an HTTP request waits for its shard before 503: longer than a full batch takes",
            gt=0,
            le=30,
        ),
    ] = 2.0
    replies_days: Annotated[
        int,
        Field(description="days of city time a command id is remembered (delivery rule 7)", ge=14, le=365),
    ] = 14
