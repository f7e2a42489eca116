"""Where the books of a rule set stand: by category, bound when first asked for; categories that no rule tells apart share."""

from collections.abc import Iterable
from operator import attrgetter

from services.router import areas, book
from services.router.book import Book, Called, Entry
from services.router.facts import Facts
from services.router.specificity import Row

BOOKS = 5_000


class Shelf:
    """Rows that name no category would stand in every book. Those that wait for a word stand in none: the word calls

    them, and a case without it has nothing to do with them.
    """

    def __init__(self, rows: Iterable[Row], keep: int) -> None:
        self._keep = keep
        self._silent: list[Entry] = []
        self._waiting: dict[str, list[Entry]] = {}
        self._named: dict[str, list[Entry]] = {}
        self._bound: dict[tuple[str, ...], Book] = {}
        self._books: dict[str | None, Book] = {}
        for place, row in enumerate(rows):
            self._add(book.entry(row, place))
        self.empty = not (self._silent or self._waiting or self._named)

    def _add(self, entry: Entry) -> None:
        for path in entry.row.categories:
            self._named.setdefault(path, []).append(entry)
        if not entry.row.categories:
            if not entry.any or entry.checked:
                self._silent.append(entry)
            else:
                for word in entry.any:
                    self._waiting.setdefault(word, []).append(entry)

    def book(self, category: str | None) -> Book:
        if (known := self._books.get(category)) is not None:
            return known
        named = tuple(path for path in (areas.above(category) if category else ()) if path in self._named)
        if len(self._books) >= BOOKS:
            self._books.clear()
        if named not in self._bound:
            self._bound[named] = self._bind(named)
        made = self._books[category] = self._bound[named]
        return made

    def _bind(self, named: tuple[str, ...]) -> Book:
        entries = [*self._silent, *(one for path in named for one in self._named[path])]
        return book.bound(sorted(entries, key=attrgetter("place")), self._keep)

    def called(self, facts: Facts, present: frozenset[str]) -> tuple[Called, ...]:
        """Entries that one of the words present calls, in order, with what each lacks; not those that lack more."""
        found: dict[int, Entry] = {}
        for word in present:
            for one in self._waiting.get(word, ()):
                found[one.place] = one
        if not found:
            return ()
        asked = [(found[place], book.lacks(found[place], facts, present)) for place in sorted(found)]
        return tuple([Called(one, lacks[0] if lacks else None) for one, lacks in asked if len(lacks) < 2])
