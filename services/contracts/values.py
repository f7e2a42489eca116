"""Value objects and closed vocabularies. Words and their Chinese are those of the field."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Value(BaseModel):
    """A frozen piece of meaning; unknown fields are ignored so that a newer sender can add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def storable(text: str) -> str:
    """Valid JSON may hold NUL; no store of ours keeps it, and whoever meets it first would park the case."""
    if "\0" in text:
        raise PydanticCustomError("nul_character", "holds the character NUL (U+0000)")
    return text


Storable = AfterValidator(storable)


def worded(text: str) -> str:
    """A response of nothing but blanks, seen or unseen, is none: it must not stop a clock."""
    if not any(one.isprintable() and not one.isspace() for one in text):
        raise PydanticCustomError("blank", "holds nothing but white space")
    return text


Worded = AfterValidator(worded)


class Kind(StrEnum):
    """What a request wants to be."""

    COMPLAINT = "complaint"
    HELP = "help"
    CONSULT = "consult"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    REPORT = "report"  # 举报: its reporter is never shown to the unit complained of


class Segment(StrEnum):
    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"


class TriageClass(StrEnum):
    SPECIAL = "special"  # 特事
    URGENT = "urgent"  # 急事
    ORDINARY = "ordinary"  # 普件


class Datum(StrEnum):
    """The geodetic datum a sender's coordinates are in; Chinese maps shift theirs."""

    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


class ChannelKind(StrEnum):
    HOTLINE = "hotline"
    APP = "app"
    WEB = "web"
    WECHAT = "wechat"
    WEIBO = "weibo"
    QR = "qr"
    GRID_WORKER = "grid_worker"
    EMAIL = "email"
    SYSTEM = "system"
    SENSOR = "sensor"


class State(StrEnum):
    """States of a case, in the order of a good day; side exits last."""

    RECEIVED = "received"
    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    DISPUTED = "disputed"
    AWAITING_CHILDREN = "awaiting_children"
    RESOLVED = "resolved"
    VERIFYING = "verifying"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    TRANSFERRED_OUT = "transferred_out"
    HANDED_OFF = "handed_off"


class ResponseBasis(StrEnum):
    """What may count as a first response; the plan says which do. Nothing automatic is among them."""

    ACCEPT_WITH_HANDLER = "accept_with_handler"
    PUBLIC_MESSAGE = "public_message"
    LOGGED_CONTACT = "logged_contact"


class ResolutionKind(StrEnum):
    FIXED = "fixed"
    EXPLAINED = "explained"
    NOT_POSSIBLE = "not_possible"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class ReturnReason(StrEnum):
    """Reason codes of a return 退单. Words of earlier versions are read as the ones that took their place."""

    WRONG_JURISDICTION = "wrong_jurisdiction"
    WRONG_CATEGORY = "wrong_category"
    DUPLICATE = "duplicate"
    INSUFFICIENT_INFORMATION = "insufficient_information"
    OUTSIDE_POWERS = "outside_powers"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> "ReturnReason | None":
        return cls(EARLIER_RETURN_REASONS[value]) if value in EARLIER_RETURN_REASONS else None


EARLIER_RETURN_REASONS: dict[object, str] = {
    "not_our_duty": "wrong_jurisdiction",
    "not_our_area": "wrong_jurisdiction",
    "information_missing": "insufficient_information",
}


class Emergency(StrEnum):
    """Whom an emergency is handed to: 110, 119, 120, 122."""

    POLICE = "police"
    FIRE = "fire"
    MEDICAL = "medical"
    TRAFFIC = "traffic"


class PauseReason(StrEnum):
    """Why a close clock may rest. A response clock never does."""

    AWAITING_CITIZEN = "awaiting_citizen"
    AWAITING_THIRD_PARTY = "awaiting_third_party"
    WEATHER_OR_SEASON = "weather_or_season"
    LEGAL_PROCEDURE = "legal_procedure"
    SHELVED = "shelved"  # 挂账


class EvidenceKind(StrEnum):
    """What a resolve may bring as proof; a category says which parts it asks for."""

    PHOTO_BEFORE = "photo_before"
    PHOTO_AFTER = "photo_after"
    RECORD = "record"  # a log of the visit, a work order
    DOCUMENT = "document"
    TEXT = "text"
    OTHER = "other"


class Asking(StrEnum):
    """How a citizen is asked whether it is well: by a message with a link to rate, or by a person's call."""

    MESSAGE = "message"
    CALL = "call"


class ActKind(StrEnum):
    """What a citizen adds through the channel."""

    SUPPLEMENT = "supplement"
    URGE = "urge"
    WITHDRAW = "withdraw"
    RATE = "rate"
    REOPEN = "reopen"


class Audience(StrEnum):
    CITIZEN = "citizen"
    HANDLER = "handler"
    DUTY_OFFICER = "duty_officer"
    HEAD = "head"
    LEVEL_ABOVE = "level_above"
    SUPERVISION = "supervision"


class Medium(StrEnum):
    SMS = "sms"
    APP = "app"
    WEBHOOK = "webhook"


class ClockKind(StrEnum):
    RESPONSE = "response"  # 响应
    CLOSE = "close"  # 办结
    ACCEPT = "accept"  # 签收, each assignment
    DISPATCH = "dispatch"  # 派单, each stay at the desk
    REVIEW = "review"  # 退单审核, each return
    DISPUTE = "dispute"  # 争议
    VERIFY = "verify"  # 回访
    REDO = "redo"  # 重办, each redo
    ARRIVAL = "arrival"  # 报到, each attendance of a whistle
    SUPERVISION = "supervision"  # 督办


class Locale(StrEnum):
    ZH = "zh"
    EN = "en"


class Place(Value):
    """Where it is. Any part may be missing; `area` is a code of the city's area tree."""

    address: Annotated[str, Field(max_length=300)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    datum: Datum | None = None
    area: Annotated[str, Field(max_length=120)] | None = None


class Media(Value):
    """A photograph or recording kept elsewhere; the hash says that it is still the same one."""

    url: Annotated[str, Field(max_length=2000, pattern=r"^https://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Sealed(Value):
    """Bytes only notify can open: an AEAD box, and the data key that opens it, itself sealed to notify.

    All three are base64. `key_id` names the public key the data key is sealed to.
    """

    key_id: str
    sealed_key: str
    box: str


class Contact(Value):
    """A reporter, as everybody but notify may know one. `sealed` opens to `contracts.values.Person` as JSON."""

    sealed: Sealed | None = None
    masked_name: str | None = None
    masked_phone: str | None = None
    textable: bool = False  # an SMS can reach the number
    has_app: bool = False
    locale: Locale = Locale.ZH
    anonymous: bool = False


class Person(Value):
    """What is inside a sealed contact. `phone` is E.164."""

    name: str | None = None
    phone: str | None = None
    app_user: str | None = None


class Handler(Value):
    """The officer a department names for a case."""

    id: Annotated[str, Field(min_length=1, max_length=64), Storable]
    name: Annotated[str, Field(min_length=1, max_length=64), Storable]


class Holder(Value):
    """Who has the case now. `reason` says why it is the desk, when it is."""

    unit: str
    is_desk: bool
    reason: str | None = None


Instant = AwareDatetime
