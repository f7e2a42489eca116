"""From bytes to requests: whatever is wrong is named with its field and limit, and never echoed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import wording
from services.intake import decide, reading
from services.intake.canonical import Request
from services.intake.decide import Refused
from tests.unit.intake import sample

WEB = sample.channel()


def one(**more: Any) -> reading.Read:
    return reading.one(json.dumps({"request_id": "r", "text": "路灯"} | more).encode(), WEB)


@pytest.mark.parametrize(
    ("more", "field", "code", "limit"),
    [
        ({"text": "x" * 5001}, "text", "too_long", 5000),
        ({"text": ""}, "text", "too_short", 1),
        ({"text": " \n"}, "text", "too_short", None),
        ({"text": None}, "text", "invalid", None),
        ({"title": "x" * 201}, "title", "too_long", 200),
        ({"nope": 1}, "nope", "unknown_field", None),
        ({"request_id": "r" * 129}, "request_id", "too_long", 128),
        ({"request_id": "a\nb"}, "request_id", "invalid", None),
        (
            {"kind": "whim"},
            "kind",
            "invalid",
            "'complaint', 'help', 'consult', 'suggestion', 'praise' or 'report'",
        ),
        ({"place": {"lat": 91, "lon": 1, "datum": "WGS84"}}, "place.lat", "invalid", 90),
        ({"place": {"lat": 22.6, "lon": 114.3}}, "place", "invalid", None),
        ({"place": {"area": "Not An Area"}}, "place.area", "invalid", None),
        ({"media": [{"url": "http://x", "sha256": "0" * 64}]}, "media[0].url", "invalid", None),
        ({"media": [{"url": "https://x", "sha256": "0" * 64}] * 21}, "media", "too_long", 20),
        ({"occurred_at": "2026-11-22T09:00:00"}, "occurred_at", "invalid", None),
        ({"extra": {"a": "x" * 8200}}, "extra", "too_long", 8192),
        ({"extra": {"a": [[[[[[[[1]]]]]]]]}}, "extra", "too_deep", 8),
        ({"extra": {"a": 2**70}}, "extra", "invalid", None),
        ({"extra": {"a": {"b": "\x00"}}}, "extra.a.b", "nul_character", None),
        ({"extra": {"\x00": 1}}, "extra", "nul_character", None),
        ({"title": "\ud800"}, "title", "lone_surrogate", None),
        ({"text": "a\x00"}, "text", "nul_character", None),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, Any], field: str, code: str, limit: object) -> None:
    refused = one(**more)
    assert isinstance(refused, Refused)
    assert (refused.field, refused.code, refused.limit) == (field, code, limit)
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.reason_zh)
    assert refused.reason_zh != wording.UNSAID[0], "each has words of its own"
    assert "nput" not in refused.reason_en, "pydantic's sentences quote what was sent"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "malformed"), (b"{", "malformed"), (b'{"text":NaN}', "malformed"), (b'{"text":"\xff"}', "malformed"),
        (b"[" * 100_000, "too_deep"), (b'{"extra":' * 3000 + b"1" + b"}" * 3000, "too_deep"), (b"[]", "invalid"),
        (b'{"text":"t","extra":' + b'{"a":' * 200 + b"1" + b"}" * 201, "too_deep"), (b'"text"', "invalid"), (b"null", "invalid"),
    ],
)  # fmt: skip
def test_what_is_no_request(raw: bytes, code: str) -> None:
    refused = reading.one(raw, WEB)
    assert isinstance(refused, Refused)
    assert refused.code == code


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    read = one(text="C:\\u0000")
    assert isinstance(read, Request)
    assert read.text == "C:\\u0000"


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.strip() and "\0" not in text))
def test_any_other_text_is_kept_as_it_is(text: str) -> None:
    read = one(text=text)
    assert isinstance(read, Request)
    assert read.text == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    )
)
def test_nothing_in_json_breaks_the_reader(value: object) -> None:
    for raw in (json.dumps(value).encode(), json.dumps({"text": "t", "extra": value}).encode()):
        assert isinstance(reading.one(raw, WEB), Request | Refused)
    assert isinstance(reading.many(json.dumps({"requests": value}).encode(), WEB), list | Refused)


def test_two_orders_of_extra_are_the_same_request() -> None:
    first, second = one(extra={"a": 1, "b": {"c": 2, "d": 3}}), one(extra={"b": {"d": 3, "c": 2}, "a": 1})
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert first.model_dump_json() == second.model_dump_json()


def test_a_mapping_makes_our_fields_and_is_validated_like_any_other() -> None:
    mapping = {"request_id": "ticket.id", "text": "ticket.words", "place.lat": "at[0]", "place.lon": "at[1]",
               "place.datum": "at && 'GCJ02'", "kind": "(ticket.type == '咨询' && 'consult') || 'complaint'", "title": "join(' ', ticket.parts)"}  # fmt: skip
    mapped = sample.channel(mapping=mapping)
    sent = {
        "ticket": {"id": 7, "words": "几点开门", "type": "咨询", "parts": ["a", "b"]},
        "at": [22.6, 114.3],
    }
    read = reading.one(json.dumps(sent).encode(), mapped)
    assert isinstance(read, Request)
    assert (read.request_id, read.kind, read.title, read.place.lon) == ("7", "consult", "a b", 114.3)
    bare = reading.many(
        json.dumps({"requests": [{"ticket": {"id": 7, "parts": []}}, {"ticket": {"id": 8}}, 5]}).encode(),
        mapped,
    )
    assert isinstance(bare, list)
    assert [(refused.code, refused.field) for refused in bare if isinstance(refused, Refused)] == [
        ("missing", "text"), ("mapping", "title"), ("mapping", "title"),
    ]  # fmt: skip


def test_a_batch_is_read_item_by_item() -> None:
    raw = json.dumps({"requests": [{"text": "a", "request_id": "1"}, {"text": ""}, 3]}).encode()
    read = reading.many(raw, WEB)
    assert isinstance(read, list)
    assert [type(item) for item in read] == [Request, Refused, Refused]
    assert reading.many(b'{"requests":[]}', WEB) == decide.TOO_MANY
    assert reading.many(b'{"requests":[{"text":"t"}],"more":1}', WEB) == decide.NOT_A_BATCH
