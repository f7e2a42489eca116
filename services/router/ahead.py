"""Of rules in their order: those before one of them that may hold whenever it does, found without looking at all."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from services.router import areas
from services.router.specificity import Row


class Pieces:
    """What stands in a word, of the words that anybody looks for."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._lengths = sorted({len(word) for word in self._words})

    def of(self, words: Iterable[str]) -> set[str]:
        return set(chain.from_iterable(map(self._of, words)))

    def _of(self, word: str) -> Iterator[str]:
        for length in self._lengths:
            for begin in range(len(word) - length + 1):
                if (piece := word[begin : begin + length]) in self._words:
                    yield piece


class Ahead:
    """Rows in their order, by the category they name and a word without which they do not hold."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.pieces = Pieces(word for row in rows for word in wanted(row) if word is not None)
        self._named: dict[tuple[str | None, str | None], list[int]] = {}
        for number, row in enumerate(rows):
            for path in row.categories or (None,):
                for word in wanted(row):
                    self._named.setdefault((path, word), []).append(number)

    def of(self, number: int, more: Iterable[str] = (), narrowed: Row | None = None) -> list[Row]:
        """Rows before this one that name one of its categories, or one above it, or none; and no word that may be missing.

        `more`: words that are in the text for certain, besides its own. `narrowed`: a part of what the row holds for.
        """
        row = narrowed or self.rows[number]
        category = next(iter(row.categories), None)
        words = (None, *self.pieces.of((*row.any, *row.all, *more)))
        found: set[int] = set()
        for path in (None, *(areas.above(category) if category else ())):
            for word in words:
                if known := self._named.get((path, word)):
                    found.update(known[: bisect_left(known, number)])
        return [self.rows[before] for before in sorted(found)]


def wanted(row: Row) -> Sequence[str | None]:
    """Words of which it finds one whenever it holds; None: it may hold without any."""
    return row.all[:1] or row.any or (None,)
