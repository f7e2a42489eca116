"""From points and addresses to areas, in one process without I/O, as the router asks: 500 cases at a time.

`python -m tests.bench areas`. Ten thousand outlines of a made-up city, half of the points shifted as Chinese maps shift
them. Peers of the same run: a plain scan of prepared outlines, and the tree asked for one point at a time.
"""

import json
import math
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from services.chassis import run as chassis
from services.chassis.clock import monotonic
from services.contracts.city import Area, Name
from services.contracts.values import Datum, Place
from services.router import datum, gazetteer, polygons
from services.router import state as router
from services.router.polygons import Polygons
from services.router.shapes import Shapes
from tests.bench.figure import Figure, Say, against, below

NAME = "areas"
OUTLINES, POINTS, BATCH, CORNERS = 10_000, 20_000, 500, 24
WEST, SOUTH, SIDE = 114.0, 22.4, 0.6  # degrees: a city of sixty kilometres
SOME, FEW = 2_000, 60  # points for the slower ways
AREAS, DIGITS = 3_000, "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒"
CITY = Path("deploy/city/pingshan")
SEED = 12345


def outline(code: str, lon: float, lat: float, radius: float, chance: random.Random) -> dict[str, Any]:
    """A many-cornered thing about a point, no two alike, never crossing itself."""
    turns = sorted(chance.uniform(0, 2 * math.pi) for _ in range(CORNERS))
    ring = [
        [lon + math.cos(turn) * reach, lat + math.sin(turn) * reach]
        for turn in turns
        for reach in (radius * chance.uniform(0.7, 1.2),)
    ]
    return {
        "type": "Feature", "properties": {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }  # fmt: skip


def drawn(many: int) -> Polygons:
    """A grid of cells that overlap their neighbours, each hundredth a street over many of them."""
    chance = random.Random(SEED)
    step = SIDE / math.sqrt(many)
    features = []
    for number in range(many):
        row, column = divmod(number, math.isqrt(many))
        radius = step * (8 if number % 100 == 0 else 0.8)
        features.append(outline(f"c/a{number}", WEST + column * step, SOUTH + row * step, radius, chance))
    return polygons.index(Shapes.model_validate({"type": "FeatureCollection", "features": features}))


def places(many: int) -> list[Place]:
    chance = random.Random(SEED + 1)
    lon = np.array([WEST + chance.random() * SIDE for _ in range(many)])
    lat = np.array([SOUTH + chance.random() * SIDE for _ in range(many)])
    moved = datum.from_wgs84(lon, lat, Datum.GCJ02)
    return [
        Place(lon=float(east[i]), lat=float(north[i]), datum=way)
        for i in range(many)
        for way, (east, north) in ((Datum.GCJ02, moved) if i % 2 else (Datum.WGS84, (lon, lat)),)
    ]


def in_batches(known: Polygons, asked: Sequence[Place]) -> list[str | None]:
    return [
        code for start in range(0, len(asked), BATCH) for code in known.holding(asked[start : start + BATCH])
    ]


def one_by_one(known: Polygons, asked: Sequence[Place]) -> list[str | None]:
    return [known.holding([place])[0] for place in asked]


def scanned(known: Polygons, asked: Sequence[Place]) -> list[str | None]:
    """Every outline in turn, smallest first, until one holds the point: what one writes first."""
    outlines = list(zip(known.codes, known.outlines, strict=True))
    found: list[str | None] = []
    for place in asked:
        lon, lat = datum.to_wgs84(np.array([place.lon]), np.array([place.lat]), place.datum or Datum.WGS84)
        point = shapely.Point(lon[0], lat[0])
        found.append(next((code for code, shape in outlines if shape.intersects(point)), None))
    return found


def timed(
    ask: Callable[[Polygons, Sequence[Place]], list[str | None]], known: Polygons, asked: Sequence[Place]
) -> tuple[float, list[str | None]]:
    """Microseconds a case at best of seven, and the answers."""
    took = []
    for _ in range(7 if len(asked) == POINTS else 2):
        began = monotonic()
        found = ask(known, asked)
        took.append(monotonic() - began)
    return min(took) / len(asked) * 1e6, found


def run(say: Say) -> list[Figure]:
    say(f"areas: {OUTLINES:,} outlines drawn, {POINTS:,} points")
    known, asked = drawn(OUTLINES), places(POINTS)
    chassis.tame_collector()  # as the service's own main does
    say("areas: in batches, one by one, and by a scan")
    batches, found = timed(in_batches, known, asked)
    single, alone = timed(one_by_one, known, asked[:SOME])
    scan, checked = timed(scanned, known, asked[:FEW])
    if alone != found[:SOME] or checked != found[:FEW]:
        raise SystemExit("areas: the tree and the scan do not agree")
    return [
        against(
            "areas.point", batches, "µs/case", "a scan of prepared outlines, smallest first", scan, below(5)
        ),
        against(
            "areas.point_alone", batches, "µs/case", "the same tree asked for one point at a time", single
        ),
        named(say),
        loaded(say),
    ]


def named(say: Say) -> Figure:
    """An address to one of three thousand areas; the peer is one regular expression of all names."""
    say(f"areas: {AREAS:,} areas by name")
    tree = list(town(AREAS))
    book = gazetteer.gazetteer(tree)
    pattern = re.compile("|".join(sorted(map(re.escape, book.named), key=len, reverse=True)))
    addresses = [
        f"坪山区{area.name.zh}{number % 300}号附近的路灯已经坏了三天，没有人来修"
        for number, area in enumerate(tree)
    ]
    began = monotonic()
    found = [book.mentioned(address) for address in addresses]
    middle = monotonic()
    for address in addresses[:: AREAS // FEW]:
        pattern.findall(address)
    ended = monotonic()
    if found != [area.code for area in tree]:
        raise SystemExit("areas: an address means another area than its own")
    return against(
        "areas.name", (middle - began) / len(addresses) * 1e6, "µs/case", "one regular expression of all names",
        (ended - middle) / FEW * 1e6, below(20),
    )  # fmt: skip


def town(many: int) -> Iterator[Area]:
    """Streets of a hundred communities each, every name its own."""
    for number in range(many):
        street, community = divmod(number, 100)
        code = f"x/s{street}/c{community}" if community else f"x/s{street}"
        zh = f"{DIGITS[street // 10]}{DIGITS[street % 10]}街" + (
            f"{DIGITS[community // 10]}{DIGITS[community % 10]}村" if community else ""
        )
        yield Area(code=code, level="grid", name=Name(zh=zh, en=code), fallback="desk")


def loaded(say: Say) -> Figure:
    """The example city grown to three thousand areas with outlines, read, checked and compiled with its rules."""
    say(f"areas: a city of {AREAS:,} areas read and compiled")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for file in CITY.iterdir():
            if file.is_file():
                shutil.copy(file, folder)
        _grow(folder, AREAS)
        began = monotonic()
        law = router.load(folder).value
        took = monotonic() - began
    if len(law.areas.polygons.codes) < AREAS or len(law.city.areas) < AREAS:
        raise SystemExit("areas: the grown city is not what was written")
    return Figure("areas.load", took, "s", limit=below(3))


def _grow(folder: Path, many: int) -> None:
    chance = random.Random(SEED)
    cells = [f"pingshan/longtian/cell-{number}" for number in range(many)]
    with (folder / "areas.yaml").open("a", encoding="utf-8") as file:
        for number, code in enumerate(cells):
            name = f"{{zh: 第{number}网格, en: Cell {number}}}"
            file.write(f"  - {{code: {code}, level: institution, name: {name}, fallback: longtian-street}}\n")
    outlines = folder / "areas.geojson"
    drawn = json.loads(outlines.read_text(encoding="utf-8"))
    drawn["features"] += [
        outline(code, WEST + chance.random(), SOUTH + chance.random(), 0.005, chance) for code in cells
    ]
    outlines.write_text(json.dumps(drawn), encoding="utf-8")
