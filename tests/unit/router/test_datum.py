"""GCJ-02 and BD-09: known points, and there and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.values import Datum
from services.router import datum

METRES = 111_320  # a degree of latitude, and of longitude at the equator: never too few
SHIFTED = (Datum.GCJ02, Datum.BD09)


def one(lon: float, lat: float) -> datum.Points:
    return np.array([lon]), np.array([lat])


def apart(here: datum.Points, there: datum.Points) -> float:
    """Metres, rather too many than too few."""
    return float(np.max(np.hypot(here[0] - there[0], here[1] - there[1])) * METRES)


@pytest.mark.parametrize("way", SHIFTED)
@given(lon=st.floats(73, 136), lat=st.floats(3, 54))
def test_there_and_back_is_within_a_metre(way: Datum, lon: float, lat: float) -> None:
    start = one(lon, lat)
    assert apart(datum.to_wgs84(*datum.from_wgs84(*start, way), way), start) < 0.5
    assert apart(datum.from_wgs84(*datum.to_wgs84(*start, way), way), start) < 0.5


@pytest.mark.parametrize("way", SHIFTED)
@given(lon=st.floats(73, 136), lat=st.floats(3, 54))
def test_a_shift_is_some_hundred_metres(way: Datum, lon: float, lat: float) -> None:
    start = one(lon, lat)
    assert 10 < apart(datum.from_wgs84(*start, way), start) < 2500


@pytest.mark.parametrize("way", list(Datum))
@pytest.mark.parametrize(
    ("lon", "lat"), [(-73.97, 40.78), (2.35, 48.86), (151.2, -33.9), (114.3, -22.7), (0, 0)]
)
def test_outside_china_nothing_moves(way: Datum, lon: float, lat: float) -> None:
    assert datum.to_wgs84(*one(lon, lat), way) == one(lon, lat)
    assert datum.from_wgs84(*one(lon, lat), way) == one(lon, lat)


def test_wgs84_is_what_it_is() -> None:
    assert datum.to_wgs84(*one(114.35, 22.69), Datum.WGS84) == one(114.35, 22.69)


@pytest.mark.parametrize(
    ("way", "moved"),
    [
        # Tiananmen, 116.391349 E 39.907375 N, as published converters move it
        (Datum.GCJ02, (116.39759, 39.90878)),
        (Datum.BD09, (116.40403, 39.91511)),
    ],
)
def test_a_known_point(way: Datum, moved: tuple[float, float]) -> None:
    assert apart(datum.from_wgs84(*one(116.391349, 39.907375), way), one(*moved)) < 20


def test_many_at_once_are_each_by_itself() -> None:
    lon, lat = np.array([114.35, -73.97, 114.4]), np.array([22.69, 40.78, 22.7])
    together = datum.to_wgs84(lon, lat, Datum.BD09)
    for i in range(3):
        alone = datum.to_wgs84(lon[i : i + 1], lat[i : i + 1], Datum.BD09)
        assert (together[0][i], together[1][i]) == (alone[0][0], alone[1][0])
