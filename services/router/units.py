"""Names of units as histories write them, and which of them are one unit. Pure.

A name may come to carry the place it works for: 龙田社区 and 龙田社区（龙田街道办事处）. It is the same unit only where
the two share a place, and only where a single such name does: 城管办 of two streets are two units, and a bare 城管办
that worked in both streets is neither.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping

from services.router import areas
from services.router.history import Past

_SUFFIXED = re.compile(r"^(?P<bare>.+?)\s*\((?P<place>[^()]+)\)$")  # NFKC has made （） into ()
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
LONGEST_SLUG = 40


def fold(name: str) -> str:
    """The form names are compared in: width, case and spaces do not tell units apart."""
    return tidy(areas.fold(name))


def tidy(name: str) -> str:
    """One width, single spaces, the case as it is: ELEVATOR and Elevator may be two types with two owners."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def same(history: Iterable[Past]) -> dict[str, str]:
    """Folded name → folded name of the unit it is another name of."""
    places: dict[str, set[str]] = defaultdict(set)
    for case in history:
        if case.owner and case.area:
            places[fold(case.owner)].add(fold(case.area[0]))
    return dict(_pairs(places))


def _pairs(places: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """(suffixed name, bare name) where one suffixed name alone shares the place it names with the bare one."""
    families: dict[str, list[str]] = defaultdict(list)
    for name in sorted(places):
        if suffixed := _SUFFIXED.match(name):
            shared = places[name] & places.get(suffixed["bare"], set())
            if any(_names(suffixed["place"], place) for place in shared):
                families[suffixed["bare"]].append(name)
    return ((names[0], bare) for bare, names in families.items() if len(names) == 1)


def _names(suffix: str, place: str) -> bool:
    """马峦街道办事处 and 马峦 both name 马峦街道; (Make Safe) names no place."""
    return place in suffix or suffix in place


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Folded name → how it is written most often; of several as often, the first by the alphabet."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        counted[fold(name)][" ".join(name.split())] += 1
    return {folded: min(seen, key=lambda one: (-seen[one], one)) for folded, seen in counted.items()}


def slug(name: str, prefix: str, taken: Container[str] = (), longest: int = LONGEST_SLUG) -> str:
    """A slug for a name: its Latin letters and digits when it has no others, else `prefix` and six digits of its hash.

    The same name has the same slug in every file, so that two proposals can be compared.
    """
    folded = fold(name)
    plain = _NOT_SLUG.sub("-", folded).strip("-") if folded.isascii() else ""
    if plain and len(plain) <= longest and plain not in taken:
        return plain
    digest = hashlib.sha256(folded.encode()).hexdigest()
    head = plain or prefix
    tags = (f"{head[: longest - size - 1].strip('-')}-{digest[:size]}" for size in range(6, longest - 1))
    return next(tag for tag in tags if tag not in taken)
