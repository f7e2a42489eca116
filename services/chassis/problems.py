"""Errors at the door as RFC 9457 problem details, in Chinese and English by `Accept-Language`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.chassis.wording import Flaw

MEDIA_TYPE = "application/problem+json"


@dataclass(eq=False)  # neither frozen nor slots: whoever handles an exception may set its traceback
class Problem(Exception):
    """`code` is closed vocabulary and ends up in `type`; `title` and `detail` are (zh, en) pairs.

    `more` holds extension members (RFC 9457, section 3.2): the field, the limit, the legal moves, …; `flaws` become
    the member `errors`, in the language of the rest.
    """

    status: int
    code: str
    title: tuple[str, str]
    detail: tuple[str, str]
    more: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    flaws: Sequence[Flaw] = ()


def wants_chinese(accept_language: str) -> bool:
    """Chinese unless English is asked for with a higher weight; the product's first users read Chinese."""
    weights = {"zh": 0.0, "en": 0.0}
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        if language in weights:
            weights[language] = max(weights[language], _weight(parameters))
    return weights["zh"] >= weights["en"]


def body(problem: Problem, accept_language: str) -> bytes:
    side = 0 if wants_chinese(accept_language) else 1
    return orjson.dumps({
        "type": f"urn:suban:problem:{problem.code}",
        "title": problem.title[side],
        "status": problem.status,
        "detail": problem.detail[side],
        **(problem.more or {}),
        **({"errors": [_error(flaw, side) for flaw in problem.flaws]} if problem.flaws else {}),
    })  # fmt: skip


def _error(flaw: Flaw, side: int) -> dict[str, str]:
    return {"field": flaw.field, "reason": (flaw.zh, flaw.en)[side]}


def response(problem: Problem, accept_language: str) -> Response:
    headers = {
        "Content-Language": "zh" if wants_chinese(accept_language) else "en",
        **(problem.headers or {}),
    }
    return Response(body(problem, accept_language), problem.status, headers, MEDIA_TYPE)


async def answer(request: Request, problem: Exception) -> Response:
    """FastAPI's exception handler for `Problem`."""
    assert isinstance(problem, Problem)
    return response(problem, request.headers.get("accept-language", ""))


def _weight(parameters: str) -> float:
    try:
        return float(parameters.strip().removeprefix("q=")) if parameters.strip() else 1.0
    except ValueError:
        return 0.0


# The problems every door has.


def unauthorized() -> Problem:
    """One answer for every cause: an unknown id, a wrong secret, a revoked key, a channel that is off."""
    return Problem(
        401, "unauthorized", ("未通过认证", "Not authenticated"),
        ("请在 Authorization 头中提供有效密钥：Bearer <id>.<secret>。", "Send a valid key: Authorization: Bearer <id>.<secret>."),
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def unavailable(retry_after_s: int = 1) -> Problem:
    return Problem(
        503, "unavailable", ("暂时无法受理", "Temporarily unavailable"),
        (f"未写入任何内容，请在 {retry_after_s} 秒后用同一编号重试。",
         f"Nothing was written; send the same request again in {retry_after_s} s."),
        headers={"Retry-After": str(retry_after_s)},
    )  # fmt: skip


def invalid(
    flaws: Sequence[Flaw], code: str = "invalid", title: tuple[str, str] = ("内容不符合要求", "Not valid")
) -> Problem:
    """422: the first field in the detail, all of them in `errors`."""
    first = flaws[0]
    detail = (f"请更正字段 {first.field}：{first.zh}。", f"Correct the field {first.field}: {first.en}.")
    return Problem(422, code, title, detail, flaws=flaws)


def not_found(what: tuple[str, str], hint: tuple[str, str]) -> Problem:
    return Problem(404, "not_found", what, hint)
