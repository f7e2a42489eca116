"""Outlines as cities publish them, where they lie beside the project: taken as they are, and every one of them found."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.contracts.values import Datum, Place
from services.router import polygons, shapes
from services.router.shapes import Shapes

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def published(name: str) -> Shapes:
    """The file with codes of ours; all else stays as it was written."""
    path = DATA / f"{name}.geojson"
    if not path.exists():
        pytest.skip(f"no published outlines here: {path.name} belongs beside the project, in shared/data")
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for number, feature in enumerate(said["features"]):
        feature["properties"]["code"] = f"city/area-{number}"
    return Shapes.model_validate(said)


@pytest.mark.parametrize(
    ("name", "many", "overlapped"),
    [("nyc_community_districts", 71, 0), ("shenzhen_districts", 10, 0), ("nyc_zip", 260, 2)],
)
def test_a_point_inside_finds_its_outline_or_a_smaller_one(name: str, many: int, overlapped: int) -> None:
    known = published(name)
    drawn = {one.code: one.geometry.shape for one in known.features if one.geometry is not None}
    assert len(drawn) == many
    assert list(shapes.unsound(known)) == []
    inside = {code: shape.representative_point() for code, shape in drawn.items()}
    places = [Place(lon=point.x, lat=point.y, datum=Datum.WGS84) for point in inside.values()]
    others = 0
    for (code, point), found in zip(inside.items(), polygons.index(known).holding(places), strict=True):
        assert found is not None
        assert drawn[found].intersects(point)
        if found != code:
            assert drawn[found].area <= drawn[code].area  # two of the published ones are the same outline
            others += 1
    assert others <= overlapped


def test_a_map_s_point_in_shenzhen_is_in_the_district_that_surveyors_say() -> None:
    known = polygons.index(published("shenzhen_districts"))
    centre = Place(lon=114.356937 + 0.0049, lat=22.691020 - 0.0027, datum=Datum.GCJ02)
    assert known.holding([centre]) == ["city/area-5"]
