"""areas.geojson: what is taken, and how the rest is refused, whole, with place and reason in two languages."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.chassis import files
from services.chassis.files import BadFile
from services.router import shapes
from services.router.shapes import Shapes
from tests.unit.router.test_polygons import outline, square
from tests.unit.router.town import city

BOW = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
OPEN = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2]]]}
SWAPPED = {"type": "Polygon", "coordinates": [[[22, 114], [23, 114], [23, 115], [22, 114]]]}
SHORT = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [0, 0]]]}
HOLE = {
    "type": "MultiPolygon",
    "coordinates": [[[[0, 0], [2, 0], [2, 2], [0, 0]], [[5, 5], [6, 5], [6, 6], [5, 5]]]],
}
POINTED = {"type": "Point", "coordinates": [114, 22]}


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def load(folder: Path, said: object) -> Shapes:
    """As the router loads it, one feature a line."""
    path = folder / shapes.FILE
    path.write_text(
        said
        if isinstance(said, str)
        else json.dumps(said).replace('{"type": "Feature",', '\n{"type": "Feature",')
    )
    return files.load(path, Shapes, lambda found: shapes.problems(city(), found)).value


def test_what_features_carry_beside_is_passed_over(tmp_path: Path) -> None:
    feature = square("ps", 0, 0, 1) | {"id": 7, "bbox": [0, 0, 1, 1]}
    feature["properties"] |= {"name": "坪山", "population": 1}
    feature["geometry"]["coordinates"][0] = [
        [*point, 12.5] for point in feature["geometry"]["coordinates"][0]
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    found = load(tmp_path, collection(feature, outline("ps/biling", None), name="areas", crs=crs))
    assert [one.code for one in found.features] == ["ps", "ps/biling"]


@pytest.mark.parametrize(
    ("said", "place", "reason", "reason_zh"),
    [
        (outline("ps", OPEN), "features[1].geometry.Polygon.coordinates[0]", "not closed", "未闭合"),
        (outline("ps", SHORT), "features[1].geometry.Polygon.coordinates[0]", "four positions", "四个点"),
        (outline("ps", SWAPPED), "features[1].geometry.Polygon.coordinates[0]", "[22, 114] is nowhere", "经度在前"),
        (outline("ps", BOW), "features[1].geometry", "ps: Self-intersection at 1, 1", "边界自相交"),
        (outline("ps", HOLE), "features[1].geometry", "Hole lies outside shell", "内环在外环之外"),
        (outline("ps", POINTED), "features[1].geometry", "", ""),
        (outline("ps/moon", None), "features[1].properties.code", "no area has the code ps/moon", "没有这个区域"),
        (outline("ps/biling", None), "features[1].properties.code", "MultiPolygon", "已有边界"),
        ({"type": "Feature", "properties": {"qh": "坪山"}, "geometry": None}, "features[1].properties.code", "Field required", "缺少此项"),
        ({"type": "Feature", "properties": None, "geometry": None}, "features[1].properties", "", "应为对象"),
        ("x", "features[1]", "", "应为对象"),
    ],
)  # fmt: skip
def test_refused_whole_with_its_place_and_reason(
    said: Any, place: str, reason: str, reason_zh: str, tmp_path: Path
) -> None:
    with pytest.raises(BadFile) as bad:
        load(tmp_path, collection(outline("ps/biling", None), said))
    fault = bad.value.faults[0]
    assert (fault.file, fault.field) == ("areas.geojson", place)
    assert fault.line == (3 if isinstance(said, dict) else 2)
    assert reason in fault.reason
    assert reason_zh in fault.reason_zh


@pytest.mark.parametrize(
    ("said", "reason", "line"),
    [
        ('{"type": "FeatureCollection",\n "features": [}', "is not JSON", 2),
        ('{"type": "Feature"}', "FeatureCollection", 1),
        ("[1]", "", 1),
        (json.dumps(collection(crs={"properties": {"name": "EPSG:4547"}})), "degrees", 1),
    ],
)
def test_not_a_feature_collection(said: str, reason: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(BadFile) as bad:
        load(tmp_path, said)
    assert reason in bad.value.faults[0].reason
    assert bad.value.faults[0].line == line


def test_the_file_may_be_missing_and_come_later(tmp_path: Path) -> None:
    def read() -> files.Loaded[Shapes]:
        return files.load(tmp_path / shapes.FILE, Shapes)

    watched = files.Watched(read)
    assert watched.value == shapes.NONE
    (tmp_path / shapes.FILE).write_text(json.dumps(collection(square("ps", 0, 0, 1))))
    assert isinstance(watched.reload(), files.Replaced)
    assert [one.code for one in watched.value.features] == ["ps"]
