"""Is it the same matter? Scores, their order, and what is never suggested."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts import ids
from services.contracts.policy import Likeness
from services.router import similarity
from services.router.similarity import Matter
from tests.unit.router.town import NINE

POLICY = Likeness()
LAMPS = Matter(
    ids.case_id("app", "lamps"), "1", NINE, "市政设施/路灯", "ps/kengzi", "丹梓大道12号", (114.37, 22.74),
    "丹梓大道12号附近路灯不亮",
)  # fmt: skip


def other(key: str = "other", minutes: float = 60, **more: Any) -> Matter:
    return replace(
        LAMPS, id=ids.case_id("app", key), number=key, received_at=NINE + timedelta(minutes=minutes), **more
    )


def score(matter: Matter) -> float:
    return similarity.alike(LAMPS, matter, POLICY).score


def test_the_same_words_at_the_same_place_in_the_same_hour_are_the_same_matter() -> None:
    assert score(other()) > 0.95
    assert (
        score(other(text="路灯坏了，丹梓大道12号这边路灯不亮，一片黑", point=(114.3703, 22.7402)))
        > POLICY.suggest_from
    )


@pytest.mark.parametrize(
    "unlike",
    [
        other(text="楼下烧烤店油烟扰民", category="环保水务/餐饮油烟"),
        other(
            point=(114.30, 22.67), area="ps/biling", address="坪山大道9号"
        ),  # the same words, ten kilometres off
        other(point=None, address=None, area=None, category=None),  # words alone
        other(point=None, address=None, area=None),  # the same words about nobody knows where
        other(text="", category=None),
    ],
)
def test_not_suggested(unlike: Matter) -> None:
    assert similarity.suggestions(LAMPS, [unlike], POLICY) == ()


def test_an_address_in_another_area_is_another_address() -> None:
    here, there = other(point=None), other(point=None, area="ps/biling")
    assert similarity.alike(replace(LAMPS, point=None), here, POLICY).place == 1
    assert similarity.alike(replace(LAMPS, point=None), there, POLICY).place == 0


def test_the_likeliest_first_and_no_more_than_asked_for_and_never_itself() -> None:
    near, far = other("near", point=(114.3701, 22.74)), other("far", point=(114.3715, 22.74))
    found = similarity.suggestions(LAMPS, [far, LAMPS, near], POLICY)
    assert [each.other.number for each in found] == ["near", "far"]
    assert len(similarity.suggestions(LAMPS, [far, near], Likeness(most=1))) == 1


def test_the_city_says_from_where_on_and_what_counts() -> None:
    assert similarity.suggestions(LAMPS, [other(text="无关")], Likeness(text=0)) != ()
    assert similarity.suggestions(LAMPS, [other()], Likeness(suggest_from=1)) == ()


MATTER = st.builds(
    other,
    key=st.sampled_from("abc"),
    minutes=st.floats(-20_000, 20_000),
    text=st.text("路灯不亮坏了丹梓大道 ，", max_size=30),
    category=st.sampled_from([None, "市政设施", "市政设施/路灯", "环保水务"]),
    area=st.sampled_from([None, "ps", "ps/kengzi", "ps/biling/shahu"]),
    address=st.none() | st.text("丹梓大道12号", max_size=8),
    point=st.none() | st.tuples(st.floats(114.3, 114.4), st.floats(22.6, 22.8)),
)


@given(MATTER, MATTER)
def test_a_score_is_a_share_and_the_same_from_both_sides(one: Matter, two: Matter) -> None:
    there, back = similarity.alike(one, two, POLICY), similarity.alike(two, one, POLICY)
    assert 0 <= there.score <= 1
    assert there.score == pytest.approx(back.score, abs=2e-4)
