"""notify's settings, besides those every service has. Times are wall seconds unless they say city."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from services.chassis.settings import ServiceSettings
from services.contracts import shifts
from services.notify.fate import RetryPolicy


class NotifySettings(ServiceSettings):
    http_port: Annotated[
        int, Field(description="port of the HTTP door; 0 takes a free one", ge=0, le=65535)
    ] = 8104
    contact_private_key: Annotated[
        SecretStr, Field(description="base64 private key that opens contacts; of notify alone")
    ]
    blind_index_secret: Annotated[
        SecretStr,
        Field(
            description="secret of the blind index, 16 characters or more; another one makes every feed look empty"
        ),
    ]
    quiet_hours: Annotated[
        str,
        Field(
            description="when citizens' telephones do not ring, the city's local time",
            pattern=r"^\d\d:\d\d-\d\d:\d\d$",
        ),
    ] = "22:00-07:00"
    public_url: Annotated[
        str,
        Field(
            description="where citizens reach intake from outside, instead of what city.yaml says; links in messages begin so",
            pattern=r"^(https?://[^\s/]+)?$",
            max_length=60,
        ),
    ] = ""
    sms_provider: Annotated[
        Literal["local", "webhook"],
        Field(description="who carries SMS: the local page that sends nothing, or the webhook"),
    ] = "local"
    local_provider: Annotated[
        bool,
        Field(
            description="the page that shows what would be sent, without a key: for development and demonstrations"
        ),
    ] = True
    webhook_url: Annotated[
        str, Field(description="where notices by webhook go; https and a public address")
    ] = ""
    webhook_secret: Annotated[
        SecretStr, Field(description="Standard Webhooks secret, base64, with or without whsec_")
    ] = SecretStr("")
    webhook_timeout_s: Annotated[
        float, Field(description="deadline of one delivery; a later answer is an unknown fate", gt=0, le=15)
    ] = 5.0
    webhook_drops_repeats: Annotated[
        bool,
        Field(
            description="the receiver drops repeats by webhook-id, as the specification asks; if not, the template decides in doubt"
        ),
    ] = True
    webhook_allow_loopback: Annotated[
        bool, Field(description="allow http and loopback, for a receiver on this machine")
    ] = False
    claim_s: Annotated[
        float,
        Field(
            description="seconds a claim stands; longer than a provider's call, as an expired one is an unknown fate",
            ge=10,
            le=600,
        ),
    ] = 30.0
    retry_attempts: Annotated[
        int, Field(description="tries before a notice is given up and falls back", ge=1, le=20)
    ] = 6
    retry_first_s: Annotated[
        float, Field(description="pause after the first try; doubles each time", gt=0)
    ] = 2.0
    retry_longest_s: Annotated[float, Field(description="longest pause between tries", gt=0)] = 300.0
    poll_s: Annotated[
        float,
        Field(
            description="how often waiting notices are looked for when nothing wakes us: retries, mornings, claims of the dead",
            gt=0,
            le=60,
        ),
    ] = 1.0
    cap_citizen: Annotated[
        int, Field(description="SMS a citizen's number gets in a city hour; more go to the feed", ge=1)
    ] = 12
    cap_staff: Annotated[
        int, Field(description="SMS an officer's number gets in a city hour; more go to the feed", ge=1)
    ] = 240
    reveals_per_minute: Annotated[
        int, Field(description="contacts a department may ask for in a minute, refusals counted", ge=1)
    ] = 30
    feed_streams: Annotated[
        int, Field(description="live feed connections of this process; more get 503", ge=1)
    ] = 2000

    @field_validator("quiet_hours")
    @classmethod
    def _readable(cls, hours: str) -> str:
        shifts.read_hours(hours)
        return hours

    @model_validator(mode="after")
    def _somebody_carries(self) -> Self:
        if self.sms_provider == "webhook" and not self.webhook_url:
            raise ValueError("sms_provider is webhook: webhook_url must say where")
        if self.sms_provider == "local" and not self.local_provider:
            raise ValueError("sms_provider is local: local_provider must be on")
        if self.webhook_url and not self.webhook_secret.get_secret_value():
            raise ValueError("webhook_url needs webhook_secret: nothing goes out unsigned")
        if self.claim_s <= self.webhook_timeout_s * 2 + 2:
            raise ValueError("claim_s must be longer than two webhook_timeout_s and 2 s")
        return self

    @property
    def retry(self) -> RetryPolicy:
        first, longest = timedelta(seconds=self.retry_first_s), timedelta(seconds=self.retry_longest_s)
        return RetryPolicy(self.retry_attempts, first, longest)
