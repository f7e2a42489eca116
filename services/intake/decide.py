"""Is it a case? Verdicts and the pure rules behind them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.canonical import BATCH_LIMIT, EXTRA_DEPTH


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is one, durably. A repeat gets the first answer."""

    case_id: str
    number: str
    received_at: datetime
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """It is none, and why: the field as the sender wrote it, the limit it broke; never the value."""

    code: str
    field: str
    reason_zh: str
    reason_en: str
    limit: Any = None


Verdict = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Stored:
    """What the journal knows under a request's key."""

    body_hash: bytes
    number: str
    received_at: datetime


NO_KEY = Refused(
    "key_required", "request_id", "须提供渠道自有编号 request_id 或 Idempotency-Key 请求头",
    "the channel's own request_id or an Idempotency-Key header is required",
)  # fmt: skip
NO_ACT_KEY = Refused(
    "key_required", "act_id", "须提供渠道自有编号 act_id 或 Idempotency-Key 请求头",
    "the channel's own act_id or an Idempotency-Key header is required",
)  # fmt: skip
BAD_KEY = Refused(
    "invalid", "Idempotency-Key", "Idempotency-Key 须为 1 至 128 个可见字符", "an Idempotency-Key has 1 to 128 visible characters", 128
)  # fmt: skip
REPEATED_OTHERWISE = Refused(
    "repeated_otherwise", "request_id", "同一编号已用于另一内容", "this id or key was used for another content"
)  # fmt: skip
ACT_REPEATED_OTHERWISE = Refused(
    "repeated_otherwise", "act_id", "同一编号已用于另一内容", "this id or key was used for another content"
)  # fmt: skip
BAD_PHONE = Refused(
    "invalid", "reporter.phone", "不是有效的电话号码", "not a telephone number that exists in its numbering plan"
)  # fmt: skip
NOT_STORABLE = Refused("not_storable", "(body)", "内容无法保存", "holds something that cannot be kept")
NUL = "\0"


def request_key(own_id: str | None, idempotency_key: str | None) -> str | None:
    """The channel's own id wins (delivery rule 11). None: neither was given."""
    return own_id or idempotency_key


def is_key(header: str) -> bool:
    """Whether an Idempotency-Key can be one."""
    return 0 < len(header) <= 128 and header.isprintable() and not header.isspace()


def repeated(case_id: str, body_hash: bytes, stored: Stored) -> Verdict:
    """The same key again: the same content gets the same answer, other content none."""
    if body_hash == stored.body_hash:
        return Accepted(case_id, stored.number, stored.received_at, repeat=True)
    return REPEATED_OTHERWISE


def malformed(detail: str) -> Refused:
    """Not JSON, and where."""
    return Refused("malformed", "(body)", "不是合法的 JSON", f"not JSON: {detail}" if detail else "not JSON")


TOO_DEEP = Refused(
    "too_deep",
    "(body)",
    f"嵌套不得超过 {EXTRA_DEPTH} 层",
    f"nests deeper than {EXTRA_DEPTH} levels",
    EXTRA_DEPTH,
)
TOO_MANY = Refused(
    "too_many",
    "requests",
    f"一批 1 至 {BATCH_LIMIT} 件",
    f"a batch holds 1 to {BATCH_LIMIT} requests",
    BATCH_LIMIT,
)


NOT_A_BATCH = Refused(
    "invalid", "requests", '一批请求写作 {"requests": […]}', 'a batch is written {"requests": […]}'
)


def unstorable(field: str, character: str) -> Refused:
    """NUL and lone surrogates: valid in JSON's escapes, in no text that can be kept."""
    if character == NUL:
        return Refused("nul_character", field, "不得含 NUL 字符 (U+0000)", "holds the character NUL (U+0000)")
    return Refused(
        "lone_surrogate", field, "含有不成对的代理字符", "holds half a surrogate pair, which is no character"
    )
