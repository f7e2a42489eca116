"""What is wrong with a field, in Chinese and English: one table of pydantic's error types, for every door and for city data.

It says what is allowed and never what was sent; that is why pydantic's own sentences, some of which quote it, are not used.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pair = tuple[str, str]

LIMITS = ("max_length", "min_length", "limit", "le", "ge", "lt", "gt", "expected", "pattern")
LONGEST_PATTERN = 40  # a longer one tells nobody anything
LONGEST_FIELD = 80  # names of unknown fields are the sender's


@dataclass(frozen=True, slots=True)
class Flaw:
    """One field and why it cannot be taken."""

    field: str
    zh: str
    en: str


UNSAID = ("不合要求", "not valid")
# `{limit}` is what the model says: a length, a bound, the words that are allowed.
WORDS: Mapping[str, Pair] = {
    "missing": ("缺少此项", "missing"),
    "extra_forbidden": ("没有这个字段", "no such field"),
    "enum": ("须为其中之一：{limit}", "must be one of {limit}"),
    "literal_error": ("须为其中之一：{limit}", "must be one of {limit}"),
    "string_pattern_mismatch": ("格式不符", "wrong format"),
    "string_too_short": ("不得少于 {limit} 个字符", "at least {limit} characters"),
    "string_too_long": ("不得超过 {limit} 个字符", "at most {limit} characters"),
    "too_short": ("不得少于 {limit} 项", "at least {limit} items"),
    "too_long": ("不得超过 {limit} 项", "at most {limit} items"),
    "greater_than": ("须大于 {limit}", "must be greater than {limit}"),
    "greater_than_equal": ("不得小于 {limit}", "must be {limit} or more"),
    "less_than": ("须小于 {limit}", "must be less than {limit}"),
    "less_than_equal": ("不得大于 {limit}", "must be {limit} or less"),
    "finite_number": ("应为有限的数", "must be a finite number"),
    "timezone_aware": ("时间须带时区", "must have an offset from UTC"),
    "time_delta_parsing": ("应为 ISO 8601 时长，如 PT30M", "must be an ISO 8601 duration, like PT30M"),
    "time_delta_type": ("应为 ISO 8601 时长，如 PT30M", "must be an ISO 8601 duration, like PT30M"),
    "json_invalid": ("不是合法的 JSON", "not JSON"),
    "nul_character": ("不得含 NUL 字符 (U+0000)", "holds the character NUL (U+0000)"),
    # ours, in intake's canonical request
    "too_deep": ("嵌套不得超过 {limit} 层", "at most {limit} levels deep"),
    "too_large": ("不得超过 {limit} 字节", "at most {limit} bytes as JSON"),
    "not_writable": ("含有超出 64 位的数", "holds a number beyond 64 bits"),
    "blank": ("不能为空白", "holds nothing but white space"),
    "half_a_point": ("经度、纬度与坐标系须一并提供", "lat, lon and datum go together"),
    "text_required": ("补充、要求重办须写明内容", "a supplement or a reopen needs a text"),
    "rating_misplaced": ("评分仅用于评价，且评价须有评分", "a rating comes with kind `rate`, and only with it"),
}  # fmt: skip
# By the first word of the type, for kinds of values: `int_parsing`, `int_type`, `int_from_float`, …
KINDS: Mapping[str, Pair] = {
    "string": ("应为文字", "must be text"),
    "int": ("应为整数", "must be a whole number"),
    "float": ("应为数字", "must be a number"),
    "decimal": ("应为数字", "must be a number"),
    "bool": ("应为 true 或 false", "must be true or false"),
    "uuid": ("应为 UUID", "must be a UUID"),
    "datetime": ("应为 RFC 3339 时间，如 2026-11-22T09:00:00+08:00", "must be an RFC 3339 time, like 2026-11-22T09:00:00+08:00"),
    "date": ("应为日期，如 2026-11-22", "must be a date, like 2026-11-22"),
    "time": ("应为时刻，如 09:00", "must be a time of day, like 09:00"),
    "url": ("应为网址", "must be a URL"),
    "dict": ("应为对象", "must be an object"),
    "model": ("应为对象", "must be an object"),
    "list": ("应为数组", "must be an array"),
    "tuple": ("应为数组", "must be an array"),
    "set": ("应为数组", "must be an array"),
}  # fmt: skip


def say(error: Mapping[str, Any]) -> Pair:
    """One of pydantic's errors in words, (zh, en). An error of `contracts.faults` brings its own."""
    kind, context = error["type"], error.get("ctx", {})
    if "reason_zh" in context:
        return context["reason_zh"], context["reason"]
    limit = next((context[name] for name in LIMITS if name in context), None)
    if kind in ("enum", "literal_error"):
        return one_of(re.findall(r"'([^']*)'", str(limit)))
    if kind == "string_pattern_mismatch" and len(str(limit)) <= LONGEST_PATTERN:
        return f"格式须为 {limit}", f"must match {limit}"
    zh, en = WORDS.get(kind) or KINDS.get(kind.partition("_")[0], UNSAID)
    return zh.format(limit=limit), en.format(limit=limit)


def one_of(allowed: Iterable[str]) -> Pair:
    """A closed vocabulary."""
    words = list(allowed)
    zh, en = WORDS["enum"]
    return zh.format(limit="、".join(words)), en.format(limit=", ".join(words))


def flaw(error: Mapping[str, Any]) -> Flaw:
    return Flaw(where(error["loc"]), *say(error))


def where(loc: Sequence[str | int]) -> str:
    """`media[0].url`; `(body)` for the whole."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).removeprefix(".")
    return (steps if len(steps) <= LONGEST_FIELD else f"{steps[:LONGEST_FIELD]}…") or "(body)"
