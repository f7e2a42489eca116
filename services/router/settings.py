"""Settings of the router beside those every service has."""

from typing import Annotated

from pydantic import Field

from services.chassis.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8102
    reload_look_s: Annotated[
        float,
        Field(
            description="wall seconds between two looks at the city's files; SIGHUP looks at once",
            gt=0, le=3600,
        ),
    ] = 2.0  # fmt: skip
    replies_days: Annotated[
        int,
        Field(description="days of city time a command id is remembered (delivery rule 7)", ge=14, le=365),
    ] = 14
