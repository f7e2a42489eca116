"""Settings of the router beside those every service has."""

from typing import Annotated

from pydantic import Field

from services.chassis.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8102
    replies_days: Annotated[
        int,
        Field(description="days of city time a command id is remembered (delivery rule 7)", ge=14, le=365),
    ] = 14
