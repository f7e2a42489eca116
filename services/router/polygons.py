"""Which area holds a point? The smallest outline that does; outlines may overlap. Asked for a batch at a time.

An STRtree gives the boxes that hold each point. A circle inside the outline says yes to most at once, the prepared
outline decides about the rest. Outlines are kept smallest first, so the least number is the answer. A point on a border is
held by both sides; of equal ones the deeper area has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from services.contracts.values import Datum, Place
from services.router import datum as datums
from services.router.datum import Degrees
from services.router.shapes import Shapes

SURELY = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Polygons:
    """Outlines in WGS 84, smallest first, with the code of each."""

    codes: tuple[str, ...]
    outlines: Any  # an array of prepared shapely geometries
    inner: Any  # for each, middle and square of the radius of a circle properly inside it, in degrees
    tree: shapely.STRtree

    def holding(self, places: Sequence[Place]) -> list[str | None]:
        """For each place the area that holds its point; None: it has no point, or none does.

        A point whose datum is not stated is no point: it may be half a kilometre off.
        """
        found: list[str | None] = [None] * len(places)
        points = [
            (i, one.lon, one.lat, one.datum)
            for i, one in enumerate(places)
            if one.datum is not None and one.lat is not None
        ]
        if points and self.codes:
            which, lon, lat, datum = zip(*points, strict=True)
            smallest = self._smallest(*datums.of_points(lon, lat, datum))
            for place, outline in zip(which, smallest, strict=True):
                if outline < len(self.codes):
                    found[place] = self.codes[outline]
        return found

    def _smallest(self, lon: Degrees, lat: Degrees) -> list[int]:
        """The number of the first outline that holds each point; the number of outlines: none does.

        Each round asks the smallest box left of every point that is still without an answer: most need one or two.
        """
        nothing = len(self.codes)
        first = np.full(len(lon), nothing)
        point, outline = self.tree.query(shapely.points(lon, lat))
        order = np.argsort(point * nothing + outline)
        point, outline = point[order], outline[order]
        while len(point):
            lead = np.ones(len(point), dtype=bool)
            np.not_equal(point[1:], point[:-1], out=lead[1:])
            asked, about = point[lead], outline[lead]
            held = self._hold(about, lon[asked], lat[asked])
            first[asked[held]] = about[held]
            rest = ~lead & (first == nothing)[point]
            point, outline = point[rest], outline[rest]
        numbers: list[int] = first.tolist()
        return numbers

    def _hold(self, outline: NDArray[np.intp], lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
        """Whether each outline holds the point beside it."""
        east, north, reach = self.inner[:, outline]
        held: NDArray[np.bool_] = (lon - east) ** 2 + (lat - north) ** 2 < reach
        rest = ~held
        held[rest] = shapely.intersects_xy(self.outlines[outline[rest]], lon[rest], lat[rest])
        return held


def index(shapes: Shapes) -> Polygons:
    """Ready the outlines of sound shapes."""
    drawn = [(one.code, one.geometry.shape) for one in shapes.features if one.geometry is not None]
    outlines = np.array([shape for _, shape in drawn], dtype=object)
    if shapes.datum is not Datum.WGS84:
        outlines = shapely.transform(outlines, lambda at: _moved(at, shapes.datum))
    order = sorted(
        range(len(drawn)), key=lambda i: (_size(outlines[i]), -drawn[i][0].count("/"), drawn[i][0])
    )
    outlines = outlines[order]
    shapely.prepare(outlines)
    return Polygons(tuple(_codes(drawn, order)), outlines, _inner(outlines), shapely.STRtree(outlines))


def _inner(outlines: Any) -> Any:
    """The circle about the centroid as far as the border; of an outline whose centroid is outside, none."""
    middle = shapely.centroid(outlines)
    reach = shapely.distance(middle, shapely.boundary(outlines)) * SURELY
    inside = shapely.contains_properly(outlines, middle)
    return np.stack((shapely.get_x(middle), shapely.get_y(middle), np.where(inside, reach * reach, 0.0)))


def _codes(drawn: Sequence[tuple[str, Any]], order: Iterable[int]) -> Iterator[str]:
    return (drawn[i][0] for i in order)


def _moved(at: Any, datum: Datum) -> Any:
    return np.column_stack(datums.to_wgs84(at[:, 0], at[:, 1], datum))


def _size(outline: Any) -> float:
    """Square degrees of the equator: a degree of longitude shrinks by the cosine of the latitude."""
    south, north = outline.bounds[1], outline.bounds[3]
    return float(outline.area * np.cos(np.radians((south + north) / 2)))
