"""Where the books of a rule set stand: by category, bound when first asked for; categories that no rule tells apart share."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import attrgetter, or_

from services.router import areas, book
from services.router.book import Book, Entry
from services.router.specificity import Row

BOOKS = 5_000
KEPT = 20_000  # areas
SILENT = 1
NOWHERE = 1 << 40  # behind every row
PLACE = attrgetter("place")


class Ground(dict[str | None, int]):
    """By area, whether books name it or one above it: of ten thousand rules few name this one. Each category has a bit,

    and SILENT is that of rows without one.
    """

    def __init__(self) -> None:
        super().__init__({None: 0})
        self._bits: dict[str, int] = {}
        self._naming: dict[str, int] = {}

    def add(self, row: Row) -> None:
        bits = self.of(row.categories) or SILENT
        for area in row.areas:
            self._naming[area] = self._naming.get(area, 0) | bits

    def of(self, categories: Iterable[str]) -> int:
        """The bits of categories."""
        bits = (self._bits.setdefault(path, SILENT << 1 + len(self._bits)) for path in categories)
        return reduce(or_, bits, 0)

    def __missing__(self, area: str | None) -> int:
        if len(self) >= KEPT:
            self.clear()
        naming = (self._naming.get(code, 0) for code in (areas.above(area) if area else ()))
        known = self[area] = reduce(or_, naming, 0)
        return known


class Shelf(dict[str | None, Book]):
    """By category. Rows that name none would stand in every book. Those that wait for a word stand in none: the word

    calls them, and a case without it has nothing to do with them. `earliest`: where the first of those stands in the order.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        super().__init__()
        self.ground = Ground()
        self.earliest = NOWHERE
        self._silent: list[Entry] = []
        self._waiting: dict[str, list[Entry]] = {}
        self._named: dict[str, list[Entry]] = {}
        self._bound: dict[tuple[str, ...], Book] = {}
        for place, row in enumerate(rows):
            self.ground.add(row)
            self._add(book.entry(row, place))
        self.empty = not (self._silent or self._waiting or self._named)

    def _add(self, entry: Entry) -> None:
        for path in entry.row.categories:
            self._named.setdefault(path, []).append(entry)
        if not entry.row.categories:
            if not entry.any or entry.checked:
                self._silent.append(entry)
            else:
                self.earliest = min(self.earliest, entry.place)
                for word in entry.any:
                    self._waiting.setdefault(word, []).append(entry)

    def __missing__(self, category: str | None) -> Book:
        named = tuple(path for path in (areas.above(category) if category else ()) if path in self._named)
        if len(self) >= BOOKS:
            self.clear()
        if named not in self._bound:
            self._bound[named] = self._bind(named)
        made = self[category] = self._bound[named]
        return made

    def _bind(self, named: tuple[str, ...]) -> Book:
        entries = [*self._silent, *(one for path in named for one in self._named[path])]
        return book.bound(sorted(entries, key=PLACE), self.ground.of(named) | SILENT)

    def called(self, present: frozenset[str]) -> Sequence[Entry]:
        """Entries in no book that one of the words present calls, in order."""
        some = [self._waiting[word] for word in present if word in self._waiting]
        if not some:
            return ()
        return some[0] if len(some) == 1 else sorted({one for each in some for one in each}, key=PLACE)
