"""What intake can be told, beside what every service can."""

from typing import Annotated

from pydantic import Field, SecretStr

from services.chassis.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    contact_public_key: Annotated[
        str,
        Field(
            description="base64 public key contacts are sealed to before they are written; `keys pair` makes one",
            min_length=44,
            max_length=44,
        ),
    ]
    intake_secret: Annotated[
        SecretStr,
        Field(
            description="key of tracking codes and of content hashes, 16 to 64 characters; changing it changes both: repeats are refused, old codes die",
            min_length=16,
            max_length=64,
        ),
    ]
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8101
    request_limit_bytes: Annotated[
        int,
        Field(
            description="bytes of one request: 5,000 characters escaped twice over, media and extra",
            ge=16_384,
        ),
    ] = 131_072
    batch_limit_bytes: Annotated[
        int,
        Field(
            description="bytes of a batch of 500; the door of every service reads no more than 1 MiB",
            ge=16_384,
        ),
    ] = 1_048_576
    commit_items: Annotated[
        int,
        Field(
            description="requests that share one commit at most: more would make the first wait for the last",
            ge=1,
            le=5000,
        ),
    ] = 1000
    answer_within_s: Annotated[
        float,
        Field(description="seconds after which a request that is not committed is answered 503", gt=0, le=10),
    ] = 0.9
