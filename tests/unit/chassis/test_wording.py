"""Faults in words: both languages, what is allowed, never what was sent."""

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from services.chassis import http, wording
from services.contracts import faults
from services.contracts.values import ResponseBasis

SENT = "zzsecret"


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Annotated[str, Field(pattern=r"^[a-z]{1,4}$")] = "a"
    ugly: Annotated[str, Field(pattern=r"^[a-z]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$")] = "a"
    short: Annotated[str, Field(max_length=3)] = ""
    basis: Literal[ResponseBasis.PUBLIC_MESSAGE, ResponseBasis.LOGGED_CONTACT] | None = None
    count: Annotated[int, Field(ge=1)] = 1
    id: UUID | None = None
    at: AwareDatetime | None = None
    rows: list[int] = []


@pytest.mark.parametrize(
    ("sent", "field", "zh", "en"),
    [
        ({"slug": SENT}, "slug", "格式须为 ^[a-z]{1,4}$", "must match ^[a-z]{1,4}$"),
        ({"ugly": SENT + "\n"}, "ugly", "格式不符", "wrong format"),
        ({"short": SENT}, "short", "不得超过 3 个字符", "at most 3 characters"),
        ({"basis": SENT}, "basis", "须为其中之一：public_message、logged_contact", "must be one of public_message, logged_contact"),
        ({"count": SENT}, "count", "应为整数", "must be a whole number"),
        ({"count": 0}, "count", "不得小于 1", "must be 1 or more"),
        ({"id": SENT}, "id", "应为 UUID", "must be a UUID"),
        ({"at": "2026-11-22T09:00:00"}, "at", "时间须带时区", "must have an offset from UTC"),
        ({"rows": [1, SENT]}, "rows[1]", "应为整数", "must be a whole number"),
        ({"more": SENT}, "more", "没有这个字段", "no such field"),
        ({"m" * 200: SENT}, "m" * 80 + "…", "没有这个字段", "no such field"),
    ],
)  # fmt: skip
def test_a_flaw_names_the_field_and_what_is_allowed(
    sent: dict[str, object], field: str, zh: str, en: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Form.model_validate(sent)
    (flaw,) = [wording.flaw(error) for error in refused.value.errors()]
    assert flaw == wording.Flaw(field, zh, en)
    assert SENT not in flaw.zh + flaw.en


def test_a_type_nobody_has_words_for_is_not_quoted() -> None:
    assert wording.say({"type": "new_in_pydantic", "msg": f"bad {SENT}", "loc": ()}) == wording.UNSAID


def test_a_fault_of_city_data_brings_its_own_words() -> None:
    def raises() -> None:
        raise faults.fault("twice", "重复")

    error = _error_of(raises)
    assert wording.say(error) == ("重复", "twice")


def _error_of(raises: Callable[[], None]) -> dict[str, object]:
    with pytest.raises(Exception, match="twice") as caught:
        raises()
    custom = caught.value
    assert isinstance(custom, PydanticCustomError)
    return {"type": custom.type, "ctx": custom.context, "loc": ()}


@pytest.mark.parametrize(
    ("language", "detail", "reason"),
    [
        ("zh", "请更正字段 query.limit：不得大于 500。", "不得大于 500"),
        ("en", "Correct the field query.limit: must be 500 or less.", "must be 500 or less"),
    ],
)
async def test_the_door_says_it_in_the_language_asked_for(language: str, detail: str, reason: str) -> None:
    app = http.build("test", [])

    @app.get("/page")
    async def page(limit: Annotated[int, Query(le=500)]) -> int:
        return limit

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        found = await client.get("/page?limit=501", headers={"Accept-Language": language})
    assert (found.status_code, found.headers["content-language"]) == (422, language)
    told = found.json()
    assert (told["detail"], told["errors"]) == (detail, [{"field": "query.limit", "reason": reason}])
