"""A history's words and a city's names."""

from services.router import names
from tests.unit.router import town

TOWN = names.of_city(town.city())


def test_units_by_any_of_their_names() -> None:
    assert TOWN.owner("Parks") == TOWN.owner("parks局") == TOWN.owner("parks") == "parks"
    assert TOWN.owner("没有的单位") == "没有的单位"


def test_areas_from_the_middle_of_the_tree_and_as_deep_as_known() -> None:
    assert TOWN.area(("碧岭街道", "沙湖社区")) == "ps/biling/shahu"
    assert TOWN.area(("坪山区", "碧岭")) == "ps/biling"
    assert TOWN.area(("沙湖社区",)) == "ps/biling/shahu"
    assert TOWN.area(("碧岭街道", "没有的社区")) == "ps/biling"
    assert TOWN.area(("坪山街道", "沙湖社区")) == "ps/pingshan"
    assert TOWN.area(()) is None


def test_categories_as_deep_as_known() -> None:
    assert TOWN.category(("公园", "草坪", "斑秃")) == "公园/草坪"
    assert TOWN.category(("没有",)) is None
