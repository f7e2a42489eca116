"""Which names are one unit, and what a unit is called in a file."""

import re

import pytest

from services.router import units
from services.router.history import Past


def past(*pairs: tuple[str, str]) -> list[Past]:
    return [Past(n, ("市政",), (street,), owner) for n, (owner, street) in enumerate(pairs)]


def test_a_name_that_came_to_carry_its_street() -> None:
    found = units.same(past(("龙田社区", "龙田街道"), ("龙田社区（龙田街道办事处）", "龙田街道")))
    assert found == {"龙田社区(龙田街道办事处)": "龙田社区"}


def test_no_street_in_common() -> None:
    assert units.same(past(("城建办", "坪山街道"), ("城建办（龙田街道办事处）", "龙田街道"))) == {}


def test_two_streets_of_one_bare_name_are_two_units_and_the_bare_one_neither() -> None:
    pairs = [("城管办（坑梓街道办事处）", "坑梓街道"), ("城管办（碧岭街道办事处）", "碧岭街道")]
    assert units.same(past(*pairs)) == {}
    assert units.same(past(*pairs, ("城管办", "坑梓街道"), ("城管办", "碧岭街道"))) == {}


def test_a_bare_name_of_one_of_two_streets() -> None:
    pairs = [
        ("城管办（坑梓街道办事处）", "坑梓街道"),
        ("城管办（碧岭街道办事处）", "碧岭街道"),
        ("城管办", "坑梓街道"),
    ]
    assert units.same(past(*pairs)) == {"城管办(坑梓街道办事处)": "城管办"}


def test_what_stands_in_brackets_must_be_the_place() -> None:
    assert (
        units.same(past(("Sidewalk Repair", "District 6"), ("Sidewalk Repair (Make Safe)", "District 6")))
        == {}
    )


def test_width_case_and_spaces_are_one_name() -> None:
    assert units.fold("ＮＹＰＤ  East") == units.fold("nypd east")
    assert units.spellings(["nypd", "NYPD", "NYPD"]) == {"nypd": "NYPD"}


@pytest.mark.parametrize(
    "name", ["NYPD", "PWDx_District 1A: Charlestown", "城管办（坑梓）", "x" * 90, "—", "科 1"]
)
def test_slugs_are_slugs(name: str) -> None:
    slug = units.slug(name, "unit")
    assert re.fullmatch(r"[a-z0-9-]{1,40}", slug)
    assert slug == units.slug(name, "unit")
    assert units.slug(name, "unit", {slug}) != slug
