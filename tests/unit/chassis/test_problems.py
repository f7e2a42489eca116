"""Problems: RFC 9457 in the language asked for."""

import json

import pytest

from services.chassis import problems


@pytest.mark.parametrize(
    ("header", "chinese"),
    [
        ("", True),
        ("en", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", True),
        ("en-GB,en;q=0.9,zh;q=0.1", False),
        ("fr", True),
        ("en;q=x", True),
    ],
)
def test_the_language_is_the_one_asked_for(header: str, chinese: bool) -> None:
    assert problems.wants_chinese(header) is chinese


def test_a_problem_says_what_to_do() -> None:
    told = json.loads(problems.body(problems.unavailable(3), "en"))
    assert told["status"] == 503
    assert told["type"] == "urn:suban:problem:unavailable"
    assert "again in 3 s" in told["detail"]
    assert problems.unavailable(3).headers == {"Retry-After": "3"}
