"""Is it the same matter? How alike two cases are, for the desk to see before it merges them. Pure; it merges nothing.

Four parts, each 0 to 1 and weighted by the city (policy.yaml): the words, the place, the category, the time between.
What is not known on either side counts nothing: less said, less assumed. Two places known to be apart are two matters,
whatever the words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, hypot, radians

from rapidfuzz import fuzz

from services.contracts.ids import CaseId
from services.contracts.policy import Likeness as Weights
from services.router.gazetteer import common, fold

METRES = 111_320  # a degree of latitude


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared. `point` is (longitude, latitude) in WGS 84; `text` in the form rules are matched on."""

    id: CaseId
    number: str
    received_at: datetime
    category: str | None
    area: str | None
    address: str | None
    point: tuple[float, float] | None
    text: str


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike `other` is, 0 to 1, and the parts it is made of."""

    other: Matter
    score: float
    text: float
    place: float
    category: float
    time: float


def suggestions(one: Matter, others: Iterable[Matter], weights: Weights) -> tuple[Alike, ...]:
    """Those that may be the same matter, the likeliest first; of equals the earlier case."""
    found = [alike(one, other, weights) for other in others if other.id != one.id]
    worth = [each for each in found if each.score >= weights.suggest_from]
    worth.sort(key=lambda each: (-each.score, each.other.received_at, each.other.number))
    return tuple(worth[: weights.most])


def alike(one: Matter, other: Matter, weights: Weights) -> Alike:
    """Symmetric; the same matter twice is 1 where everything about it is known."""
    text = _same_words(one.text, other.text)
    place = _same_place(one, other, weights.reach_metres)
    category = _same_path(one.category, other.category)
    time = _near(abs(one.received_at - other.received_at), weights.window)
    if place == 0:
        return Alike(other, 0.0, text, 0.0, category, time)
    parts = (
        (weights.text, text),
        (weights.place, place or 0.0),
        (weights.category, category),
        (weights.time, time),
    )
    score = sum(weight * part for weight, part in parts) / sum(weight for weight, _ in parts)
    return Alike(other, round(score, 4), text, place or 0.0, category, time)


def _same_words(one: str, other: str) -> float:
    """Pairs of characters, in any order: 路灯坏了，锦龙大道 is 锦龙大道路灯坏了."""
    return fuzz.token_sort_ratio(_pairs(one), _pairs(other)) / 100


def _pairs(text: str) -> str:
    plain = "".join(character for character in fold(text) if character.isalnum())
    return " ".join({plain[at : at + 2] for at in range(len(plain) - 1)})


def _same_place(one: Matter, other: Matter, reach: float) -> float | None:
    """By distance where both have a point; else by address, or by how much of their areas is shared. None: not known."""
    if one.point and other.point:
        return max(0.0, 1 - _metres(one.point, other.point) / reach)
    if one.area and other.area and common((one.area, other.area)) not in (one.area, other.area):
        return 0.0  # an address in another area is another address
    both = one.address and other.address
    address = fuzz.ratio(fold(one.address or ""), fold(other.address or "")) / 100 if both else 0.0
    return max(address, _same_path(one.area, other.area)) or None


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """On a plane: exact enough within a city."""
    east = (one[0] - other[0]) * cos(radians((one[1] + other[1]) / 2))
    return hypot(east, one[1] - other[1]) * METRES


def _same_path(one: str | None, other: str | None) -> float:
    """The share of the longer path that both have: a/b of a/b/c is two thirds."""
    if one is None or other is None:
        return 0.0
    shared = common((one, other))
    return (shared.count("/") + 1) / (max(one.count("/"), other.count("/")) + 1) if shared else 0.0


def _near(between: timedelta, window: timedelta) -> float:
    return max(0.0, 1 - between / window)
