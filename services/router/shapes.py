"""areas.geojson: the outlines of areas, as RFC 7946 has it. The file may be missing: then no point finds an area.

A FeatureCollection; each feature is a Polygon or MultiPolygon (or null, for an area without an outline) with the area's
`code` among its properties. Everything else a feature carries is passed over. Positions are longitude, latitude.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from services.contracts import city as cities
from services.contracts import faults, schemas
from services.contracts.city import AreaCode, City
from services.contracts.faults import Fault, Place
from services.contracts.values import Datum

FILE = "areas.geojson"
Line = list[list[float]]
Ring = Annotated[list[Annotated[list[float], Field(min_length=2, max_length=4)]], Field(min_length=1)]
Rings = Annotated[list[Ring], Field(min_length=1)]
WORLD = ("CRS84", "EPSG::4326", "EPSG:4326")
# What GEOS finds wrong with an outline; https://libgeos.org names them in TopologyValidationError.
INVALID = {
    "Self-intersection": "边界自相交",
    "Ring Self-intersection": "边界与自身相接",
    "Hole lies outside shell": "内环在外环之外",
    "Nested holes": "内环相互包含",
    "Nested shells": "部分相互包含",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "不同的点少于三个",
}


class Known(BaseModel):
    """A GeoJSON object: foreign members are its writer's business (RFC 7946, section 6.1)."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_members(cls, sent: object) -> object:
        return (
            {name: sent[name] for name in cls.model_fields if name in sent}
            if isinstance(sent, dict)
            else sent
        )


class Outline(Known):
    """`polygons`: each an outer ring and its holes. `place` leads from the outline to a ring of it."""

    @property
    def polygons(self) -> list[list[Line]]:
        raise NotImplementedError

    def place(self, polygon: int, ring: int) -> Place:
        raise NotImplementedError

    @model_validator(mode="after")
    def _sound_rings(self) -> Self:
        for i, rings in enumerate(self.polygons):
            for j, ring in enumerate(rings):
                if (wrong := _wrong(ring)) is not None:
                    raise faults.fault(*wrong, self.place(i, j))
        return self

    @cached_property
    def shape(self) -> Any:
        """As shapely has it; altitudes are left out."""
        parts = [shapely.Polygon(_plane(rings[0]), list(map(_plane, rings[1:]))) for rings in self.polygons]
        return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


class Polygon(Outline):
    type: Literal["Polygon"]
    coordinates: Rings

    @property
    def polygons(self) -> list[list[Line]]:
        return [self.coordinates]

    def place(self, polygon: int, ring: int) -> Place:
        return "coordinates", ring


class MultiPolygon(Outline):
    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1)]

    @property
    def polygons(self) -> list[list[Line]]:
        return self.coordinates

    def place(self, polygon: int, ring: int) -> Place:
        return "coordinates", polygon, ring


class Properties(Known):
    code: AreaCode


class Feature(Known):
    """An area's outline. `geometry` null: the area has none, a station on a list."""

    type: Literal["Feature"]
    properties: Properties
    geometry: Annotated[Polygon | MultiPolygon, Field(discriminator="type")] | None

    @property
    def code(self) -> str:
        return self.properties.code


class Shapes(Known):
    """The file. `datum`: a member of ours, for outlines traced on a Chinese map; RFC 7946 means WGS 84."""

    OPTIONAL: ClassVar[bool] = True
    type: Literal["FeatureCollection"] = "FeatureCollection"
    datum: Datum = Datum.WGS84
    crs: JsonValue = None
    features: tuple[Feature, ...] = ()

    @model_validator(mode="after")
    def _degrees(self) -> Self:
        if self.crs is not None and not str(self.crs).rstrip("'}").endswith(WORLD):
            reason = "coordinates must be longitude and latitude in degrees: RFC 7946 knows no other crs"
            raise faults.fault(reason, "坐标须为经纬度（度），不支持其他坐标参考系", ("crs",))
        return self

    @model_validator(mode="after")
    def _once(self) -> Self:
        if places := faults.repeated((one.code for one in self.features), "features", "properties", "code"):
            reason = "this area has an outline already: one of several parts is a MultiPolygon"
            raise faults.fault(reason, "该区域已有边界；由多块组成的请用 MultiPolygon", *places)
        return self


NONE = Shapes()


def _wrong(ring: Line) -> tuple[str, str] | None:
    """The first thing wrong with a ring."""
    if ring[0] != ring[-1]:
        return "a ring is not closed: its last position repeats its first", "环未闭合：末点须与首点相同"
    if len(ring) < 4:
        return (
            "a ring has at least four positions, the last of them the first again",
            "环至少有四个点（末点同首点）",
        )
    for lon, lat, *_ in ring:
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            where = f"[{lon:g}, {lat:g}]"
            return (f"{where} is nowhere: a position is longitude, latitude, in degrees",
                    f"坐标越界 {where}：应为经度在前、纬度在后（度）")  # fmt: skip
    return None


def _plane(ring: Line) -> Any:
    return np.array([position[:2] for position in ring])


def problems(city: City, shapes: Shapes) -> Iterator[Fault]:
    """Codes that areas.yaml does not have, and outlines that are none."""
    named = ((("features", i, "properties", "code"), one.code) for i, one in enumerate(shapes.features))
    yield from cities.unknown_areas(city, FILE, named)
    yield from unsound(shapes)


def unsound(shapes: Shapes) -> Iterator[Fault]:
    """Outlines that cross themselves, and the like."""
    for index, one in enumerate(shapes.features):
        if one.geometry is not None and not shapely.is_valid(one.geometry.shape):
            yield _invalid(("features", index, "geometry"), one.code, one.geometry.shape)


def _invalid(at: Place, code: str, shape: Any) -> Fault:
    """What GEOS finds, and where: `Self-intersection[114.35 22.69]`."""
    what, _, where = str(shapely.is_valid_reason(shape)).rstrip("]").partition("[")
    spot = f" at {where.replace(' ', ', ')}" if where else ""
    said = INVALID.get(what, "边界无效") + spot.replace(" at", "，位于")
    return Fault(FILE, at, f"{code}: {what}{spot}", f"{code}：{said}")


def json_schema() -> dict[str, JsonValue]:
    """The published JSON Schema of areas.geojson; GeoJSON allows members that it does not name."""
    schema: Mapping[str, JsonValue] = Shapes.model_json_schema(mode="validation")
    return {"$schema": schemas.DIALECT, **schema}
