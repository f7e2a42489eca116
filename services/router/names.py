"""From names as a history writes them to the names of a duty list: units to slugs, areas to codes, types to paths. Pure."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from services.contracts.city import City
from services.router import units
from services.router.history import Path
from services.router.proposal import Proposal

LONGEST_CATEGORY = 120
_BROKEN = re.compile(r"[\s/]+")


@dataclass(frozen=True, slots=True)
class Names:
    """What a duty list calls things, by the folded forms of what histories call them.

    `areas`: (code above, name) → code. `depth`: steps of the longest category path, which share its length.
    `known` remembers what was found: a history says the same few hundred things again and again.
    """

    units: Mapping[str, str]
    areas: Mapping[Path, str]
    categories: Mapping[str, str]
    depth: int = 1
    known: dict[object, str | None] = field(default_factory=dict, compare=False, repr=False)

    def owner(self, name: str) -> str:
        """The unit's slug; the folded name itself when the list has no such unit."""
        folded = units.fold(name)
        return self.units.get(folded, folded)

    def area(self, path: Path) -> str | None:
        """The deepest area known along the path; a history need not begin at the top of the tree."""
        return self._once(("area", path), self._area)

    def category(self, path: Path) -> str | None:
        """The deepest category known along the path, in its own spelling; in another case only if there is none.

        One column may hold a whole path, `市政设施/路灯`.
        """
        return self._once(("category", path), self._category)

    def _once(self, asked: tuple[str, Path], find: Callable[[Path], str | None]) -> str | None:
        if asked not in self.known:
            self.known[asked] = find(asked[1])
        return self.known[asked]

    def _area(self, path: Path) -> str | None:
        found: str | None = None
        for name in map(units.fold, path):
            below = self.areas.get((found or "", name))
            if below is None:
                break
            found = below
        return found

    def _category(self, path: Path) -> str | None:
        named = [segment(name, self.depth) for name in path]
        written = [step.strip() for name in path for step in name.split("/")]
        for steps in (named, written):
            for depth in range(len(steps), 0, -1):
                asked = "/".join(steps[:depth])
                if known := self.categories.get(asked) or self.categories.get(units.fold(asked)):
                    return known
        return None


def of_proposal(proposal: Proposal) -> Names:
    named = {
        units.fold(name): unit.slug for unit in proposal.departments for name in (unit.name, *unit.aliases)
    }
    nodes = [(node.code, (node.name,)) for node in proposal.areas]
    depth = len(proposal.source.category)
    return Names(named, _tree(nodes), _categories(proposal.categories), depth)


def of_city(city: City) -> Names:
    """A city's own names: departments by full and short name, areas by name and alias, also from the middle."""
    named = {
        units.fold(name): row.slug
        for row in city.departments
        for name in (row.slug, row.short, row.name.en, row.name.zh)
    }
    nodes = [(area.code, (area.code, area.name.zh, area.name.en, *area.aliases)) for area in city.areas]
    return Names(named, _tree(nodes), _categories(row.path for row in city.categories))


def _categories(paths: Iterable[str]) -> dict[str, str]:
    exact = {path: path for path in sorted(paths)}
    return {units.fold(path): path for path in exact} | exact


def _tree(nodes: Iterable[tuple[str, Iterable[str]]]) -> dict[Path, str]:
    """(code above, folded name) → code; an area is found from every area above it, and from nowhere."""
    found: dict[Path, str] = {}
    for code, names in sorted(nodes, key=lambda node: (node[0].count("/"), node[0])):
        above = code.split("/")[:-1]
        for start in ("/".join(above[:depth]) for depth in range(len(above) + 1)):
            for name in names:
                found.setdefault((start, units.fold(name)), code)
    return found


def segment(name: str, depth: int) -> str:
    """A type's name as one step of a category path of `depth` steps: no white space, no slash, short enough.

    A name too long keeps its beginning and six digits of its hash.
    """
    plain = _BROKEN.sub("_", units.tidy(name))
    room = (LONGEST_CATEGORY + 1) // max(depth, 1) - 1
    if len(plain) <= room:
        return plain
    return f"{plain[: room - 7]}~{hashlib.sha256(plain.encode()).hexdigest()[:6]}"
