"""From points to areas: the smallest outline that holds them."""

from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.values import Datum, Place
from services.router import datum, polygons
from services.router.shapes import Shapes

LON, LAT = 114.3, 22.7


def square(code: str, west: float, south: float, side: float) -> dict[str, Any]:
    """In hundredths of a degree from the town's corner."""
    corners = [
        (west, south),
        (west + side, south),
        (west + side, south + side),
        (west, south + side),
        (west, south),
    ]
    ring = [[LON + x / 100, LAT + y / 100] for x, y in corners]
    return outline(code, {"type": "Polygon", "coordinates": [ring]})


def outline(code: str, geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def index(*features: dict[str, Any], **more: Any) -> polygons.Polygons:
    return polygons.index(Shapes.model_validate({"type": "FeatureCollection", "features": features, **more}))


def at(x: float, y: float, way: Datum | None = Datum.WGS84) -> Place:
    return Place(lon=LON + x / 100, lat=LAT + y / 100, datum=way)


TOWN = index(
    square("ps", 0, 0, 10), square("ps/a", 0, 0, 5), square("ps/b", 4, 0, 5), square("ps/a/school", 1, 1, 1),
    outline("ps/station", None),
)  # fmt: skip


def test_the_smallest_that_holds_it() -> None:
    found = TOWN.holding([at(1.5, 1.5), at(3, 3), at(8, 2), at(9.5, 9.5), at(20, 20)])
    assert found == ["ps/a/school", "ps/a", "ps/b", "ps", None]


def test_overlapping_outlines_of_one_size_are_told_apart_the_same_way_every_time() -> None:
    assert TOWN.holding([at(4.5, 2)]) == ["ps/a"]


def test_a_border_belongs_to_somebody() -> None:
    assert TOWN.holding([at(0, 5)]) != [None]


def test_of_equal_outlines_the_deeper_area_has_it() -> None:
    assert index(square("z", 0, 0, 1), square("z/only", 0, 0, 1)).holding([at(0.5, 0.5)]) == ["z/only"]


def test_a_hole_is_outside() -> None:
    ring = square("x", 0, 0, 10)["geometry"]["coordinates"]
    hole = square("x", 4, 4, 2)["geometry"]["coordinates"]
    holed = index(outline("x", {"type": "Polygon", "coordinates": ring + hole}))
    assert holed.holding([at(5, 5), at(1, 1)]) == [None, "x"]


def test_an_area_of_several_parts() -> None:
    parts = [square("x", x, 0, 1)["geometry"]["coordinates"] for x in (0, 5)]
    several = index(outline("x", {"type": "MultiPolygon", "coordinates": parts}))
    assert several.holding([at(0.5, 0.5), at(5.5, 0.5), at(3, 0.5)]) == ["x", "x", None]


def test_a_point_is_brought_to_the_datum_of_the_outlines() -> None:
    east, north = (
        np.array([LON + 0.0105]),
        np.array([LAT + 0.0105]),
    )  # in the school by 50 m; shifted, outside
    for way in (Datum.GCJ02, Datum.BD09):
        lon, lat = datum.from_wgs84(east, north, way)
        assert TOWN.holding([Place(lon=lon[0], lat=lat[0], datum=way)]) == ["ps/a/school"]


def test_outlines_of_another_datum_are_brought_to_ours() -> None:
    lon, lat = datum.to_wgs84(np.array([LON + 0.0001]), np.array([LAT + 0.0001]), Datum.GCJ02)
    there = Place(lon=lon[0], lat=lat[0], datum=Datum.WGS84)
    assert index(square("x", 0, 0, 1), datum="GCJ02").holding([there]) == ["x"]
    assert index(square("x", 0, 0, 1)).holding([there]) == [None]


def test_a_point_without_a_datum_is_none() -> None:
    assert TOWN.holding([at(1.5, 1.5, None), Place(address="坪山"), at(1.5, 1.5)]) == [
        None,
        None,
        "ps/a/school",
    ]


def test_a_city_without_outlines_answers_too() -> None:
    assert index().holding([at(1, 1)]) == [None]
    assert TOWN.holding([]) == []


SQUARE = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 12))
POINT = st.tuples(st.floats(-1, 33), st.floats(-1, 33))


@given(st.lists(SQUARE, min_size=1, max_size=12, unique=True), st.lists(POINT, max_size=20))
def test_the_tree_says_what_a_scan_says(
    drawn: list[tuple[int, int, int]], points: list[tuple[float, float]]
) -> None:
    features = [square(f"a{i}", *one) for i, one in enumerate(drawn)]
    known = index(*features)
    shapes = dict(zip(known.codes, known.outlines, strict=True))
    for (x, y), found in zip(points, known.holding([at(x, y) for x, y in points]), strict=True):
        point = shapely.Point(LON + x / 100, LAT + y / 100)
        assert found == next((code for code, shape in shapes.items() if shape.intersects(point)), None)


def bent(code: str, west: float, south: float, side: float) -> dict[str, Any]:
    """A corner piece, whose middle is nearly outside, with a hole in its thick end."""
    around = [(0, 0), (1, 0), (1, 0.4), (0.4, 0.4), (0.4, 1), (0, 1), (0, 0)]
    inside = [(0.05, 0.05), (0.3, 0.05), (0.3, 0.3), (0.05, 0.3), (0.05, 0.05)]
    rings = [
        [[LON + (west + x * side) / 100, LAT + (south + y * side) / 100] for x, y in ring]
        for ring in (around, inside)
    ]
    return outline(code, {"type": "Polygon", "coordinates": rings})


@given(st.lists(SQUARE, min_size=1, max_size=8, unique=True), st.lists(POINT, max_size=40))
def test_the_circle_inside_never_says_more_than_the_outline(
    drawn: list[tuple[int, int, int]], points: list[tuple[float, float]]
) -> None:
    known = index(*(bent(f"a{i}", *one) for i, one in enumerate(drawn)))
    shapes = dict(zip(known.codes, known.outlines, strict=True))
    for (x, y), found in zip(points, known.holding([at(x, y) for x, y in points]), strict=True):
        point = shapely.Point(LON + x / 100, LAT + y / 100)
        assert found == next((code for code, shape in shapes.items() if shape.intersects(point)), None)
