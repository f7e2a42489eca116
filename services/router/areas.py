"""Where is it? From a place as citizens give it to a node of the city's area tree. Polygons come with a later issue."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.contracts.city import Area
from services.contracts.values import Place


@dataclass(frozen=True, slots=True)
class Known:
    """`by` says what told us: `code` (the sender), `address`, or `text` (the least certain)."""

    code: str
    by: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing said where; rules that need geography are passed over."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Areas:
    """The area tree, ready to be asked. `named`: folded name → code; `pattern` finds names, longest first."""

    by_code: dict[str, Area]
    named: dict[str, str]
    pattern: re.Pattern[str] | None

    def locate(self, place: Place, match_text: str) -> Known | Unknown:
        """The code given, else the deepest name in the address, else the deepest in the text, else unknown."""
        if place.area and (code := self.nearest(place.area)):
            return Known(code, "code")
        if place.address and (code := self.mentioned(place.address)):
            return Known(code, "address")
        if code := self.mentioned(match_text):
            return Known(code, "text")
        return UNKNOWN

    def nearest(self, code: str) -> str | None:
        """The area itself, or the nearest above it that the city has; a newer sender may know finer ones."""
        while code and code not in self.by_code:
            code = code.rpartition("/")[0]
        return code or None

    def mentioned(self, text: str) -> str | None:
        """The deepest area named in `text`; of several equally deep the longest name, then the first one named.

        Names are taken leftmost and longest, so 坪山 inside 坪山区 is not the street of that name.
        """
        if self.pattern is None:
            return None
        found = [match.group() for match in self.pattern.finditer(fold(text))]
        best = max(found, key=lambda name: (self.named[name].count("/"), len(name)), default=None)
        return self.named[best] if best else None

    def fallback(self, code: str | None) -> str | None:
        """The owner of what no rule claims in this area 兜底单位."""
        area = self.by_code.get(code) if code else None
        return area.fallback if area else None


def index(areas: Iterable[Area]) -> Areas:
    """Ready the tree. Where two areas share a name the shallower has it: less said, less assumed."""
    by_code = {area.code: area for area in areas}
    named: dict[str, str] = {}
    for area in sorted(by_code.values(), key=lambda area: (area.code.count("/"), area.code)):
        for name in (area.name.zh, area.name.en, *area.aliases):
            if len(name) > 1:
                named.setdefault(fold(name), area.code)
    longest_first = sorted(named, key=lambda name: (-len(name), name))
    return Areas(by_code, named, re.compile("|".join(map(re.escape, longest_first))) if named else None)


def within(code: str | None, subtree: str) -> bool:
    """Whether `code` is `subtree` or below it."""
    return code is not None and (code == subtree or code.startswith(subtree + "/"))


@lru_cache(maxsize=10_000)
def above(code: str) -> tuple[str, ...]:
    """The code and everything above it, deepest first: a/b/c, a/b, a."""
    parts = code.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))


def fold(text: str) -> str:
    """The form names and words are compared in; what intake has normalised stays as it is."""
    plain = text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
    return plain.casefold()
