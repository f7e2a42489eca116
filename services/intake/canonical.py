"""The canonical request: what every channel's shape is brought to, with every limit. Published as OpenAPI.

Depth and control characters of what is not modelled here (`extra`) are bounded too: Postgres refuses NUL, and a parser
should not be made to dig.
"""

from typing import Annotated, Any, Self

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from services.contracts import values
from services.contracts.city import AreaCode
from services.contracts.values import ActKind, Kind, Locale, Segment, State

TEXT_LIMIT = 5000
ACT_TEXT_LIMIT = 2000
EXTRA_BYTES = 8192
EXTRA_DEPTH = 8
MEDIA_LIMIT = 20
BATCH_LIMIT = 500

# Written by machines, read aloud by people: no spaces around, no control characters.
Key = Annotated[
    str,
    Field(
        min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
    ),
]


def depth(value: JsonValue, limit: int) -> bool:
    """Whether `value` nests no deeper than `limit` objects and lists."""
    match value:
        case dict():
            return limit > 0 and all(depth(below, limit - 1) for below in value.values())
        case list():
            return limit > 0 and all(depth(below, limit - 1) for below in value)
    return True


def _bounded(extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Sorted, so that two orders of the same members are the same request."""
    if not extra:
        return extra
    if not depth(extra, EXTRA_DEPTH):
        raise PydanticCustomError("too_deep", "nests deeper than {limit} levels", {"limit": EXTRA_DEPTH})
    try:
        raw = orjson.dumps(extra, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as unwritable:
        raise PydanticCustomError("not_writable", "holds a number beyond 64 bits") from unwritable
    if len(raw) > EXTRA_BYTES:
        raise PydanticCustomError(
            "too_large", "holds more than {limit} bytes as JSON", {"limit": EXTRA_BYTES}
        )
    ordered: dict[str, JsonValue] = orjson.loads(raw)
    return ordered


def _some_words(text: str) -> str:
    if text.isspace():
        raise PydanticCustomError("blank", "holds nothing but white space")
    return text


Words = Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT), AfterValidator(_some_words)]


class Strict(BaseModel):
    """A field that we do not know is a mistake of the sender's that they should hear of."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Place(values.Place):
    """Where it is, as far as it is known. Coordinates come in pairs and with the datum they are in."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    area: AreaCode | None = None

    @model_validator(mode="after")
    def _whole_coordinates(self) -> Self:
        given = (self.lat is not None) + (self.lon is not None) + (self.datum is not None)
        if given not in (0, 3):
            raise PydanticCustomError("half_a_point", "lat, lon and datum go together")
        return self


class Media(values.Media):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reporter(Strict):
    """Who asks. Sealed at the door: nothing in here is written anywhere in clear."""

    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    phone: (
        Annotated[
            str,
            Field(min_length=3, max_length=32, description="mainland China where no country code is given"),
        ]
        | None
    ) = None
    app_user: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    locale: Locale = Locale.ZH
    anonymous: Annotated[bool, Field(description="shown to no department; notices still go out")] = False


class Request(Strict):
    """A citizen's request. `request_id` is the channel's own id; without one the Idempotency-Key header is required.

    The same id (or key) with the same content is the same request and gets the same answer; with other content 422.
    """

    request_id: Key | None = None
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    text: Words
    category: (
        Annotated[str, Field(min_length=1, max_length=120, description="path of names, 市容环卫/占道经营")]
        | None
    ) = None
    place: Place = Place()
    reporter: Reporter = Reporter()
    kind: Kind | None = None
    segment: Segment | None = None
    media: Annotated[tuple[Media, ...], Field(max_length=MEDIA_LIMIT)] = ()
    occurred_at: Annotated[AwareDatetime, Field(description="RFC 3339 with an offset")] | None = None
    extra: Annotated[
        dict[str, JsonValue],
        Field(
            description=f"the channel's own matters: at most {EXTRA_BYTES} bytes, {EXTRA_DEPTH} levels; no contacts"
        ),
        Field(default_factory=dict),
        AfterValidator(_bounded),
    ]


class Batch(Strict):
    """Up to 500 requests; each is taken or refused by itself, results come in the same order."""

    requests: Annotated[list[Request], Field(min_length=1, max_length=BATCH_LIMIT)]


class Act(Strict):
    """What the citizen adds. `act_id` is the channel's own id; without one the Idempotency-Key header is required."""

    act_id: Key | None = None
    kind: ActKind
    text: (
        Annotated[str, Field(min_length=1, max_length=ACT_TEXT_LIMIT), AfterValidator(_some_words)] | None
    ) = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.kind is ActKind.SUPPLEMENT and self.text is None:
            raise PydanticCustomError("text_required", "a supplement needs a text")
        if self.kind is ActKind.REOPEN and self.text is None:
            raise PydanticCustomError("text_required", "a reopen needs a text: what is not done, or is back")
        if (self.kind is ActKind.RATE) != (self.rating is not None):
            raise PydanticCustomError("rating_misplaced", "a rating comes with kind `rate`, and only with it")
        return self


class Receipt(BaseModel):
    """202: written durably. `number` is read to the citizen, `tracking` proves to us who asks about it."""

    case_id: str
    number: str
    tracking: str
    received_at: str


class ActReceipt(BaseModel):
    act_id: str
    case_id: str
    number: str
    received_at: str


class Standing(BaseModel):
    """How a request stands. `state` is the public word, `stage` the exact one; instants are the city's."""

    case_id: str
    number: str
    tracking: str
    received_at: AwareDatetime
    state: str
    stage: State
    holder: str | None = None
    holder_name: dict[str, str] | None = None
    response_due_at: AwareDatetime | None = None
    responded_at: AwareDatetime | None = None
    close_due_at: AwareDatetime | None = None
    public_text: str | None = None
    changed_at: AwareDatetime


class Fault(BaseModel):
    """RFC 9457, with the field and its limit where there is one. Never a value of the sender's."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    limit: Any = None


class BatchResult(BaseModel):
    """One item: 202 with its receipt, or a problem."""

    status: int
    case_id: str | None = None
    number: str | None = None
    tracking: str | None = None
    received_at: str | None = None
    type: str | None = None
    title: str | None = None
    detail: str | None = None
    field: str | None = None
    limit: Any = None


class BatchReceipt(BaseModel):
    results: list[BatchResult]
