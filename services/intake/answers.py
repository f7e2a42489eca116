"""Verdicts as the channel reads them: receipts and problems."""

from typing import Any

from services.chassis import problems
from services.chassis.problems import Problem
from services.intake import door
from services.intake.decide import Accepted, Refused, Verdict
from services.intake.tracking import code

_TITLES = {
    "malformed": ("无法读取请求体", "The body cannot be read"),
    "repeated_otherwise": ("编号重复", "The id was used before"),
    "key_required": ("缺少编号", "An id is required"),
}
_INVALID = ("内容不符合要求", "Not a valid request")


def receipt(accepted: Accepted, secret: bytes) -> bytes:
    """The body of 202; the same for a repeat, to the byte."""
    return b'{"case_id":"%b","number":"%b","tracking":"%b","received_at":"%b"}' % (
        accepted.case_id.encode(), accepted.number.encode(), code(secret, accepted.case_id).encode(),
        door.written(accepted.received_at).encode(),
    )  # fmt: skip


def problem(refused: Refused) -> Problem:
    """400 when it cannot be read at all, else 422: field, limit and reason, never the value."""
    more: dict[str, Any] = {"field": refused.field}
    if refused.limit is not None:
        more["limit"] = refused.limit
    return Problem(
        400 if refused.code == "malformed" else 422, refused.code, _TITLES.get(refused.code, _INVALID),
        (f"{refused.field}：{refused.reason_zh}", f"{refused.field}: {refused.reason_en}"), more,
    )  # fmt: skip


def results(verdicts: list[Verdict], secret: bytes, accept_language: str) -> bytes:
    """The body of a batch's answer: one result a request, in order."""
    return b'{"results":[%b]}' % b",".join(_result(verdict, secret, accept_language) for verdict in verdicts)


def _result(verdict: Verdict, secret: bytes, accept_language: str) -> bytes:
    if isinstance(verdict, Accepted):
        return b'{"status":202,%b' % receipt(verdict, secret)[1:]
    return problems.body(problem(verdict), accept_language)


def wrong_type(given: str) -> Problem:
    return Problem(
        415, "unsupported_media_type", ("不支持的内容类型", "Unsupported content type"),
        ("请以 application/json 提交。", "Send application/json."), {"field": "Content-Type"},
        {"Accept": "application/json"} if given else None,
    )  # fmt: skip


def internal() -> Problem:
    return Problem(
        500, "internal", ("内部错误", "Internal error"),
        ("未写入任何内容，请用同一编号重试。", "Nothing was written; send the same request again."),
    )  # fmt: skip
