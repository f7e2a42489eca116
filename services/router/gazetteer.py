"""What areas are called, and which one a text means: names, aliases and roads, found in one pass over the text.

A name may be several areas'; a road runs through many. What else the text names decides, or else they are taken
together: the nearest area above all of them, as less said is less assumed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import ahocorasick

from services.contracts import spelling
from services.contracts.city import Area

SHORTEST = 2  # one character is part of too many words
HAN = 0x3400, 0xA000


@dataclass(frozen=True, slots=True)
class Called:
    """The areas that have a name; `road`: only as a road of theirs, which says less."""

    codes: tuple[str, ...]
    road: bool


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names, spelt, and what they are; `automaton` finds them in a text, leftmost and longest."""

    named: Mapping[str, Called]
    automaton: Any

    def mentioned(self, text: str, under: str | None = None) -> str | None:
        """The area that `text` (spelt) means, of those beneath `under` if that is given; None: it names none.

        The one most of whose areas above are named too, then the deepest, then the longest name, then the first; a
        road counts beneath that, or alone. Names are taken leftmost and longest: 坪山 inside 坪山区 is no street.
        """
        found = dict.fromkeys(self._found(text))
        names, roads = ([one for one in found if self.named[one].road is road] for road in (False, True))
        certain = {self.named[name].codes[0] for name in names if len(self.named[name].codes) == 1}
        code = self._best(names, certain, under)
        return self._best(roads, certain, code or under) or code

    def _best(self, names: Iterable[str], certain: set[str], under: str | None) -> str | None:
        best, best_rank = None, (-1, 0, 0)
        for name in names:
            if (code := _settled(self.named[name].codes, certain, under)) is not None:
                rank = _support(code, certain), code.count("/"), len(name)
                if rank > best_rank:
                    best, best_rank = code, rank
        return best

    def _found(self, text: str) -> Iterator[str]:
        """Leftmost and longest, none overlapping; `iter_long` of the library loses some names, so all are asked for."""
        if not len(self.automaton):
            return
        spans = sorted((end + 1 - len(name), -len(name), name) for end, name in self.automaton.iter(text))
        past = 0
        for start, _, name in spans:
            if start >= past:
                past = start + len(name)
                if not _inside_a_word(text, start, past):
                    yield name


def gazetteer(areas: Iterable[Area]) -> Gazetteer:
    """Ready the names."""
    names: dict[str, set[str]] = {}
    roads: dict[str, set[str]] = {}
    for area in areas:
        for name in _spellings((area.name.zh, area.name.en, *area.aliases)):
            names.setdefault(name, set()).add(area.code)
        for name in _spellings(area.roads):
            roads.setdefault(name, set()).add(area.code)
    named = {name: Called(tuple(sorted(codes)), True) for name, codes in roads.items()}
    named |= {name: Called(tuple(sorted(codes)), False) for name, codes in names.items()}
    automaton = ahocorasick.Automaton()
    for name in named:
        automaton.add_word(name, name)
    automaton.make_automaton()
    return Gazetteer(named, automaton)


def _spellings(names: Iterable[str]) -> Iterator[str]:
    return (plain for name in names if len(plain := spelt(name)) >= SHORTEST)


def _settled(codes: tuple[str, ...], certain: set[str], under: str | None) -> str | None:
    """One area of those a name may be."""
    if under is not None:
        codes = tuple(code for code in codes if code.startswith(under + "/"))
    if len(codes) > 1:
        most = max(_kinship(code, certain) for code in codes)
        codes = tuple(code for code in codes if _kinship(code, certain) == most)
    found = common(codes)
    return None if found == under else found


@lru_cache(maxsize=10_000)
def common(codes: tuple[str, ...]) -> str | None:
    """The nearest area at or above all of them; None: there is none."""
    shared: list[str] = []
    for parts in zip(*(code.split("/") for code in codes), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/".join(shared) or None


def _support(code: str, certain: set[str]) -> int:
    """How many of the area and those above it are named."""
    return sum(1 for one in above(code) if one in certain)


def _kinship(code: str, certain: set[str]) -> int:
    """How many of those above it and beneath it are named."""
    return _support(code, certain) + sum(1 for one in certain if one.startswith(code + "/"))


def _inside_a_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin name is part of a longer word: Heping in Hepingli."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_latin(before) and _latin(text[start])) or (_latin(after) and _latin(text[end - 1]))


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def fold(text: str) -> str:
    """The form names and words are compared in; what intake has normalised stays as it is."""
    plain = text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)
    return plain.casefold()


def spelt(text: str) -> str:
    """As names are kept: folded and in simplified characters. Most addresses have none that would change."""
    plain = fold(text)
    return spelling.simplified(plain) if not plain.isascii() and _traditional().search(plain) else plain


@lru_cache(maxsize=10_000)
def above(code: str) -> tuple[str, ...]:
    """The code and everything above it, deepest first: a/b/c, a/b, a."""
    parts = code.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))


@cache
def _traditional() -> re.Pattern[str]:
    """Any character that has a simplified one. Asked of OpenCC, whose way back (s2t) would take 26 MB."""
    han = list(map(chr, range(*HAN)))
    plain = spelling.simplified("\n".join(han)).split("\n")
    return re.compile(f"[{''.join(one for one, other in zip(han, plain, strict=True) if one != other)}]")
