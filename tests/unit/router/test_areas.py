"""From what people write to a node of the area tree."""

import pytest

from services.contracts.values import Place
from services.router import areas
from services.router.areas import Known, Unknown
from tests.unit.router.town import AREAS

TOWN = areas.index(AREAS)


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


def test_a_name_inside_a_longer_one_is_not_that_place() -> None:
    assert TOWN.mentioned("坪山区") == "ps"
    assert TOWN.mentioned("坪山") == "ps/pingshan"


def test_full_width_is_the_same_name() -> None:
    assert TOWN.mentioned("ＰＳ/Biling") == "ps/biling"


def test_a_subtree_is_not_a_prefix_of_letters() -> None:
    assert areas.within("ps/biling/shahu", "ps/biling")
    assert not areas.within("ps/bilingual", "ps/biling")
    assert not areas.within(None, "ps")
