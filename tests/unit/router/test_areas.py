"""From what people write to a node of the area tree."""

from dataclasses import replace
from typing import Any

import pytest

from services.contracts.values import Place
from services.router import areas
from services.router.areas import Known, Unknown
from tests.unit.router.town import city

TOWN = areas.index(city())


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        (Place(area="ps/biling/shahu"), "坪山街道", Known("ps/biling/shahu", "code")),
        (Place(area="ps/biling/newer/finer"), "", Known("ps/biling", "code")),
        (Place(area="elsewhere", address="碧岭街道"), "", Known("ps/biling", "address")),
        (Place(address="坪山区碧岭街道沙湖社区12号"), "坪山", Known("ps/biling/shahu", "address")),
        (Place(address="坪山区政府"), "", Known("ps", "address")),
        (Place(address="某路"), "沙湖那边", Known("ps/biling/shahu", "text")),
        (Place(), "坪山区碧岭", Known("ps/biling", "text")),
    ],
)
def test_located(place: Place, text: str, found: Known) -> None:
    assert TOWN.locate(place, text) == found


def test_said_nothing_known_nothing() -> None:
    assert isinstance(TOWN.locate(Place(address="火星"), "不知道在哪"), Unknown)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            {"point": "ps/biling", "place": Place(area="ps/pingshan", address="坪山街道")},
            Known("ps/biling", "point"),
        ),
        (
            {"point": "ps/biling", "place": Place(area="ps/biling/shahu")},
            Known("ps/biling/shahu", "point+code"),
        ),
        (
            {"point": "ps/biling", "place": Place(address="沙湖12号")},
            Known("ps/biling/shahu", "point+address"),
        ),
        ({"place": Place(area="ps"), "preset": "ps/pingshan"}, Known("ps/pingshan", "code+preset")),
        ({"place": Place(address="碧岭"), "preset": "ps/pingshan"}, Known("ps/biling", "address")),
        ({"preset": "ps/biling", "text": "坪山街道"}, Known("ps/biling", "preset")),
        ({"preset": "ps/biling", "text": "沙湖市场"}, Known("ps/biling/shahu", "preset+text")),
        ({"preset": "ps/biling/shahu", "text": "碧岭"}, Known("ps/biling/shahu", "preset")),
        ({"preset": "elsewhere", "text": "碧岭"}, Known("ps/biling", "text")),
    ],
)
def test_the_surer_source_decides_and_a_later_one_only_refines(said: dict[str, Any], found: Known) -> None:
    place, text = said.pop("place", Place()), said.pop("text", "")
    assert TOWN.locate(place, text, **said) == found


def test_the_owner_of_a_place_is_the_nearest_named_above_and_never_the_desk() -> None:
    owned = [
        row.model_copy(update={"owner": "parks" if row.code == "ps/biling" else None}) for row in city().areas
    ]
    known = replace(city(), areas=tuple(owned)).owner_by_area
    assert known["ps/biling/shahu"] == known["ps/biling"] == "parks"
    assert city().owner_by_area["ps/biling/shahu"] == "biling-street"  # its fallback
    assert "ps" not in known


def test_another_tree_has_another_digest() -> None:
    assert areas.index(city()).digest == TOWN.digest
    assert areas.index(replace(city(), areas=city().areas[:3])).digest != TOWN.digest


def test_a_subtree_is_not_a_prefix_of_letters() -> None:
    assert areas.within("ps/biling/shahu", "ps/biling")
    assert not areas.within("ps/bilingual", "ps/biling")
    assert not areas.within(None, "ps")
