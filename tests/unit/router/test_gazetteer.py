"""From names in a text to the one area they mean."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.contracts.city import Area
from services.router import gazetteer
from tests.unit.router.town import area


def named(code: str, zh: str, *aliases: str, roads: tuple[str, ...] = ()) -> Area:
    return area(code, zh, "grid", "desk", *aliases).model_copy(update={"roads": roads})


TREE = (
    named("ps", "坪山区"),
    named("ps/pingshan", "坪山街道", "坪山"),
    named("ps/pingshan/heping", "和平社区", "新村", roads=("和平路", "深汕路")),
    named("ps/pingshan/liulian", "六联社区", "六联", roads=("深汕路",)),
    named("ps/kengzi", "坑梓街道", "坑梓"),
    named("ps/kengzi/jinsha", "金沙社区", "新村", "Jinsha Village", roads=("和平路",)),
    named("ps/kengzi/jinsha/school", "金沙小学"),
)
BOOK = gazetteer.gazetteer(TREE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("坪山区", "ps"),
        ("坪山", "ps/pingshan"),
        ("坪山区六联12号", "ps/pingshan/liulian"),
        ("坪山區六聯社區", "ps/pingshan/liulian"),  # traditional, as an address may be
        ("ＪｉｎＳＨＡ village 3", "ps/kengzi/jinsha"),
        ("jinsha villages", None),
        ("金沙小学门口", "ps/kengzi/jinsha/school"),  # an institution without an outline
        # a name that two have
        ("新村三巷", "ps"),
        ("坑梓新村三巷", "ps/kengzi/jinsha"),
        ("新村，坪山街道", "ps/pingshan/heping"),
        ("新村的金沙小学", "ps/kengzi/jinsha/school"),
        # roads
        ("和平路12号", "ps"),
        ("坑梓和平路12号", "ps/kengzi/jinsha"),
        ("坪山街道深汕路", "ps/pingshan"),
        ("深汕路六联段", "ps/pingshan/liulian"),
        ("六联和平路", "ps/pingshan/liulian"),  # a name goes before a road that contradicts it
        ("火星", None),
        ("", None),
    ],
)
def test_what_a_text_means(text: str, code: str | None) -> None:
    assert BOOK.mentioned(gazetteer.spelt(text)) == code


def test_a_city_may_write_its_names_in_traditional_characters() -> None:
    book = gazetteer.gazetteer([named("hk/kwun-tong", "觀塘區", "官塘")])
    assert {book.mentioned(gazetteer.spelt(text)) for text in ("觀塘區鴻圖道", "观塘区鸿图道")} == {
        "hk/kwun-tong"
    }


@pytest.mark.parametrize(
    ("text", "under", "code"),
    [
        ("和平路12号", "ps/kengzi", "ps/kengzi/jinsha"),
        ("新村", "ps/pingshan", "ps/pingshan/heping"),
        ("新村", "ps", None),
        ("六联社区", "ps/kengzi", None),
        ("坑梓街道", "ps/kengzi", None),
    ],
)
def test_beneath_what_is_known_already(text: str, under: str, code: str | None) -> None:
    assert BOOK.mentioned(text, under) == code


def test_no_names_no_area() -> None:
    assert gazetteer.gazetteer(()).mentioned("坪山区") is None


def test_areas_of_two_roots_have_nothing_in_common() -> None:
    assert (
        gazetteer.common(
            (
                "a/b",
                "c",
            )
        )
        is None
    )
    assert (
        gazetteer.common(
            (
                "a/b/c",
                "a/b/d",
                "a/b",
            )
        )
        == "a/b"
    )


WORDS = st.text("甲乙丙丁", min_size=2, max_size=5)


@given(st.lists(WORDS, min_size=1, max_size=8), st.text("甲乙丙丁戊", max_size=30))
@example(["丁丙", "丙丁丙丁"], "丙丁丙")
@settings(max_examples=300)
def test_names_are_taken_leftmost_and_longest(names: list[str], text: str) -> None:
    """As a regular expression of all names, longest first, would: that is what the automaton replaced."""
    book = gazetteer.gazetteer(named(f"a{i}", name) for i, name in enumerate(names))
    expected = re.findall("|".join(sorted(set(names), key=lambda name: -len(name))), text)
    assert list(book._found(text)) == expected
