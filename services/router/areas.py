"""Where is it? From a place as citizens give it to a node of the city's area tree. Pure.

The sources are asked from the most certain to the least: the smallest polygon holding the `point`, the area's `code` as
the sender states it, the `address`, the `preset` of the channel or QR code, the `text`. The first that knows decides;
a later one counts only where it is finer: beneath what has been found.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from services.contracts.city import Area, City
from services.contracts.values import Place
from services.router import gazetteer as gazetteers
from services.router import polygons
from services.router.gazetteer import Gazetteer
from services.router.gazetteer import above as above
from services.router.gazetteer import fold as fold
from services.router.polygons import Polygons
from services.router.shapes import NONE, Shapes

Source = tuple[str, Callable[[str | None], str | None]]


@dataclass(frozen=True, slots=True)
class Known:
    """`by` says what told us, most certain first: `point`, `code`, `address`, `preset`, `text`, or several, `point+text`."""

    code: str
    by: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing said where; rules that need geography are passed over."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Areas:
    """The area tree, ready to be asked. `inner`: areas with others beneath them.

    `digest`: sha256 of what tree and polygons say; with `version`, the city's own name for them, verdicts keep it.
    """

    by_code: Mapping[str, Area]
    inner: frozenset[str]
    gazetteer: Gazetteer
    polygons: Polygons
    version: str | None
    digest: str

    def points(self, places: Sequence[Place]) -> list[str | None]:
        """The area whose polygon holds each place's point, for `locate`: one question for a whole batch."""
        return self.polygons.holding(places)

    def locate(
        self, place: Place, match_text: str, point: str | None = None, preset: str | None = None
    ) -> Known | Unknown:
        """Where it is by all that was said. `point` is what `points` found; `match_text` is folded already."""
        code, by = None, list[str]()
        for source, asked in self._sources(place, match_text, point, preset):
            if (found := asked(code)) is not None and (code is None or _beneath(found, code)):
                code = found
                by.append(source)
            if code is not None and code not in self.inner:
                break  # nothing is finer
        return Known(code, "+".join(by)) if code else UNKNOWN

    def _sources(
        self, place: Place, match_text: str, point: str | None, preset: str | None
    ) -> Iterator[Source]:
        """Those that have something to say; each takes what is known so far."""
        if point:
            yield "point", lambda _: point
        if place.area:
            yield "code", lambda _: self.nearest(place.area)
        if place.address:
            yield (
                "address",
                lambda known: self.gazetteer.mentioned(gazetteers.spelt(place.address or ""), known),
            )
        if preset:
            yield "preset", lambda _: self.nearest(preset)
        yield "text", lambda known: self.gazetteer.mentioned(match_text, known)

    def nearest(self, code: str | None) -> str | None:
        """The area itself, or the nearest above it that the city has; a newer sender may know finer ones."""
        while code and code not in self.by_code:
            code = code.rpartition("/")[0]
        return code or None

    def fallback(self, code: str | None) -> str | None:
        """The owner of what no rule claims in this area 兜底单位."""
        area = self.by_code.get(code) if code else None
        return area.fallback if area else None


def index(city: City, shapes: Shapes = NONE) -> Areas:
    """Ready the tree and its polygons."""
    by_code = {area.code: area for area in city.areas}
    inner = frozenset(area.parent for area in city.areas if area.parent)
    names, outlines = gazetteers.gazetteer(city.areas), polygons.index(shapes)
    return Areas(by_code, inner, names, outlines, city.areas_version, _digest(city, shapes))


def _digest(city: City, shapes: Shapes) -> str:
    said = [[area.model_dump(mode="json") for area in city.areas], shapes.model_dump(mode="json")]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def within(code: str | None, subtree: str) -> bool:
    """Whether `code` is `subtree` or below it."""
    return code is not None and (code == subtree or code.startswith(subtree + "/"))


def _beneath(code: str, above: str) -> bool:
    return code.startswith(above + "/")
