"""Settings every service has. Each variable is `SUBAN_<NAME>`; a secret may come from the file `SUBAN_<NAME>_FILE`.

`python -m services show` prints this form filled in, secrets masked; `python -m services check` says what is wrong.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from services.chassis.access import Access

C = TypeVar("C", bound=BaseSettings)


class _FromFiles(PydanticBaseSettingsSource):
    """`SUBAN_X_FILE` names a file whose content, without its last newline, is X: how orchestrators hand secrets over."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"SUBAN_{field_name.upper()}_FILE")
        return (Path(path).read_text().rstrip("\n") if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = ((name, self.get_field_value(field, name)[0]) for name, field in self._fields())
        return {name: value for name, value in found if value is not None}

    def _fields(self) -> Iterator[tuple[str, FieldInfo]]:
        yield from self.settings_cls.model_fields.items()


class BadSettings(ValueError):
    """Variables are missing or wrong; each line names one and says what it must be."""


class Settings(BaseSettings):
    """Read from `SUBAN_*` and `SUBAN_*_FILE` only."""

    model_config = SettingsConfigDict(env_prefix="SUBAN_", extra="ignore", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _FromFiles(settings_cls), env_settings


class KafkaSettings(Settings):
    """How we present ourselves to the brokers. Inside a closed network nothing of this is needed."""

    kafka_security: Annotated[
        Literal["plaintext", "sasl_plaintext", "sasl_ssl"],
        Field(description="protocol of the brokers' listener; sasl_ssl in production"),
    ] = "plaintext"
    kafka_mechanism: Annotated[
        Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"],
        Field(description="how the brokers check a password"),
    ] = "SCRAM-SHA-512"
    kafka_username: Annotated[
        str, Field(description="the brokers' user; `suban-<service>` is who `provision` grants rights to")
    ] = ""
    kafka_password: Annotated[SecretStr, Field(description="that user's password")] = SecretStr("")
    kafka_ca_file: Annotated[
        str, Field(description="certificates the brokers' are checked against; the system's when empty")
    ] = ""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        named = self.kafka_username and self.kafka_password.get_secret_value()
        if self.kafka_security != "plaintext" and not named:
            raise ValueError(
                f"kafka_security is {self.kafka_security}: kafka_username and kafka_password must say who"
            )
        return self

    @property
    def access(self) -> Access:
        return Access(self.kafka_security, self.kafka_mechanism, self.kafka_username,
                      self.kafka_password.get_secret_value(), self.kafka_ca_file)  # fmt: skip


class OperatorSettings(KafkaSettings):
    """What the operators' commands need."""

    database_url: Annotated[
        SecretStr, Field(description="Postgres, as somebody who may make schemas and roles")
    ]
    kafka_bootstrap: Annotated[str, Field(description="Kafka brokers, host:port, comma between")] = (
        "127.0.0.1:9092"
    )
    city_dir: Annotated[Path, Field(description="folder of the city's data")] = Path("deploy/city/pingshan")


class ServiceSettings(KafkaSettings):
    database_url: Annotated[
        SecretStr, Field(description="Postgres, as postgresql://role:password@host:port/name")
    ]
    kafka_bootstrap: Annotated[str, Field(description="Kafka brokers, host:port, comma between")]
    city_dir: Annotated[Path, Field(description="folder of the city's data")] = Path("deploy/city/pingshan")
    http_host: Annotated[str, Field(description="address the HTTP door listens on")] = "127.0.0.1"
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8100
    log_level: Annotated[
        str, Field(description="least level that is logged", pattern="^(debug|info|warning|error)$")
    ] = "info"
    pool_size: Annotated[
        int,
        Field(description="Postgres connections of this process; a shard uses one at a time", ge=2, le=100),
    ] = 8
    batch_size: Annotated[
        int,
        Field(
            description="records of one shard in one transaction: above 500 the lock is held too long",
            ge=1,
            le=5000,
        ),
    ] = 500
    lane_wait_s: Annotated[
        float, Field(description="seconds an HTTP request waits for its shard before 503", gt=0, le=30)
    ] = 1.0
    reload_every_s: Annotated[
        float, Field(description="seconds between two looks at the city's files; SIGHUP looks at once", gt=0)
    ] = 2.0
    session_timeout_s: Annotated[
        float, Field(description="seconds after which Kafka gives a silent process' shards away", ge=3, le=60)
    ] = 10.0
    silence_limit_s: Annotated[
        float,
        Field(description="seconds of lag without a record before the process exits to be restarted", ge=5),
    ] = 30.0
    drain_s: Annotated[
        float, Field(description="seconds SIGTERM leaves for finishing, per step", gt=0, le=120)
    ] = 5.0
    contact_public_key: Annotated[
        str,
        Field(description="base64 public key contacts and dead letters are sealed to; `keys pair` makes one"),
    ] = ""
    append_margin_s: Annotated[
        float,
        Field(
            description="seconds the broker's clock may be off the database's when we say how far a command topic was read",
            ge=0,
            le=10,
        ),
    ] = 1.0
    outbox_limit: Annotated[
        int,
        Field(
            description="outbox records waiting for Kafka above which intake answers 503; alarm at a tenth",
            ge=1000,
        ),
    ] = 5_000_000
    outbox_days: Annotated[
        int,
        Field(
            description="days published outbox rows are kept, to publish again after a loss of the broker's data",
            ge=1,
        ),
    ] = 2


def read(kind: type[C]) -> C:
    """The settings of this environment. Raises BadSettings with a line for each variable that is missing or wrong."""
    try:
        return kind()
    except ValidationError as wrong:
        lines = [f"SUBAN_{str(e['loc'][0]).upper()}: {e['msg']}" for e in wrong.errors(include_input=False)]
        raise BadSettings("\n".join(lines)) from None
