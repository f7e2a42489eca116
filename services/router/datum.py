"""GCJ-02 and BD-09 coordinates as WGS 84: the shift that Chinese maps carry, undone to a few decimetres at worst.

GCJ-02 moves a point of China by 100–700 m along a smooth field of polynomials and sines; BD-09 turns that once more.
Neither has an official inverse. The field changes by less than 1 % over its own shift, so a few steps of
`guess = point - shift(guess)` settle. Constants: the published reconstruction of GCJ-02 on the Krasovsky 1940 ellipsoid.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.contracts.values import Datum, Place

Degrees = NDArray[np.float64]
Points = tuple[Degrees, Degrees]  # longitudes, latitudes
Shift = Callable[[Degrees, Degrees], Points]

AXIS, ECCENTRICITY2 = 6378245.0, 0.00669342162296594323
BAIDU = np.pi * 3000 / 180
STEPS = 2  # each leaves about a hundredth of the error: at worst 1,500 m, 15 m, 0.3 m
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271  # beyond this box the maps do not shift

# The sines of the field: half a wave in degrees, along x (longitude) or y, and its height in metres east and north.
SINES = (
    (1 / 6, "x", 20, 20), (1 / 2, "x", 20, 20), (1, "x", 20, 0), (3, "x", 40, 0), (12, "x", 150, 0), (30, "x", 300, 0),
    (1, "y", 0, 20), (3, "y", 0, 40), (12, "y", 0, 160), (30, "y", 0, 320),
)  # fmt: skip
WAVES = np.array([[np.pi / half * (axis == along) for axis in "xy"] for half, along, _, _ in SINES])
HEIGHTS = np.array([[east for _, _, east, _ in SINES], [north for _, _, _, north in SINES]]) * 2 / 3


def to_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> Points:
    """Points in degrees, both arrays of the same length. Outside China's box they stay as they are."""
    if datum is Datum.WGS84:
        return lon, lat
    east, north = lon, lat
    for _ in range(STEPS):
        moved_east, moved_north = SHIFTS[datum](east, north)
        east, north = lon - moved_east, lat - moved_north
    inside = _in_china(lon, lat)
    return np.where(inside, east, lon), np.where(inside, north, lat)


def from_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> Points:
    """The way back, as the map makers go it."""
    if datum is Datum.WGS84:
        return lon, lat
    east, north = SHIFTS[datum](lon, lat)
    inside = _in_china(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def of_points(
    lon: Sequence[float | None], lat: Sequence[float | None], datum: Sequence[Datum | None]
) -> Points:
    """Points as they came, in WGS 84."""
    east, north = np.array(lon), np.array(lat)
    stated = set(datum)
    for one in (each for each in SHIFTS if each in stated):
        which = np.array([said is one for said in datum])
        east[which], north[which] = to_wgs84(east[which], north[which], one)
    return east, north


def of_places(places: Sequence[Place]) -> Points:
    """The points of places that have one, in WGS 84."""
    return of_points([one.lon for one in places], [one.lat for one in places], [one.datum for one in places])


def _in_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    return (lon > WEST) & (lon < EAST) & (lat > SOUTH) & (lat < NORTH)


def _gcj02(lon: Degrees, lat: Degrees) -> Points:
    """By how much GCJ-02 moves a WGS 84 point: metres of the field as degrees of the ellipsoid."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = HEIGHTS @ np.sin(WAVES @ np.stack((x, y)))
    north = waves[1] - 100 + 2 * x + (3 + 0.2 * y + 0.1 * x) * y + 0.2 * root
    east = waves[0] + 300 + (1 + 0.1 * x + 0.1 * y) * x + 2 * y + 0.1 * root
    latitude = np.radians(lat)
    flat = 1 - ECCENTRICITY2 * np.sin(latitude) ** 2
    across = np.sqrt(flat)
    meridian = AXIS * (1 - ECCENTRICITY2) / (flat * across)
    return np.degrees(east * across / (AXIS * np.cos(latitude))), np.degrees(north / meridian)


def _bd09(lon: Degrees, lat: Degrees) -> Points:
    """By how much BD-09 moves a WGS 84 point: GCJ-02, then a turn about the origin and an offset."""
    east, north = _gcj02(lon, lat)
    x, y = lon + east, lat + north
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * BAIDU)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * BAIDU)
    return radius * np.cos(angle) + 0.0065 - lon, radius * np.sin(angle) + 0.006 - lat


SHIFTS: dict[Datum, Shift] = {Datum.GCJ02: _gcj02, Datum.BD09: _bd09}
