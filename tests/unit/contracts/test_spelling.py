"""One spelling for what citizens write in many."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts import spelling


@pytest.mark.parametrize(
    ("written", "matched"),
    [
        ("佔道經營，噪音擾民！", "占道经营,噪音扰民!"),
        ("１２３号　ＡＢＣ", "123号 ABC"),
        ("A&amp;B&nbsp;&lt;路灯&gt;", "A&B <路灯>"),
        ("垃圾\ufffd\ufffd没人\x07清\u200b运\ufeff", "垃圾没人清运"),
        ("  多\t个\r\n空  格 ", "多 个 空 格"),
        ("ﬁre ℃ ㎡", "fire °C m2"),
        ("plain ascii", "plain ascii"),
        ("", ""),
    ],
)
def test_examples(written: str, matched: str) -> None:
    assert spelling.for_matching(written) == matched


def test_parts_that_are_missing_leave_no_gap() -> None:
    assert spelling.for_matching(None, "路灯") == "路灯"
    assert spelling.for_matching("标题", "正文") == "标题 正文"


@given(st.text(max_size=80))
def test_whatever_is_written_comes_out_clean(text: str) -> None:
    matched = spelling.for_matching(text)
    assert "\ufffd" not in matched
    assert matched == " ".join(matched.split())
    assert not [character for character in matched if unicodedata.category(character) == "Cc"]
