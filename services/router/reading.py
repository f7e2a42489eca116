"""Which of the rules' words a text holds: all of them in one pass over it."""

from collections.abc import Iterable
from typing import Any

import ahocorasick

from services.router.facts import NONE, Span

FEW = 150  # words
MOST_SPANS = 5


class Reader:
    """An Aho-Corasick automaton. It looks through the children of a node one by one, so that with many words it is

    faster by UTF-8 bytes, of which few follow one another; with few words the bytes cost more than they save.
    """

    def __init__(self, words: Iterable[str]) -> None:
        known = set(words)
        self._bytes = len(known) > FEW
        self._empty = not known
        self._automaton: Any = ahocorasick.Automaton()
        for word in known:
            self._automaton.add_word(_as_bytes(word) if self._bytes else word, word)
        self._automaton.make_automaton()

    def words(self, text: str) -> frozenset[str]:
        if self._empty:
            return NONE
        found = {word for _, word in self._automaton.iter(_as_bytes(text) if self._bytes else text)}
        return frozenset(found) if found else NONE


def _as_bytes(text: str) -> str:
    """A character for each byte."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def spans(word: str, text: str) -> tuple[Span, ...]:
    """Where a word stands, up to MOST_SPANS times, without overlaps."""
    found: list[Span] = []
    start = text.find(word)
    while start >= 0 and len(found) < MOST_SPANS:
        found.append((start, start + len(word)))
        start = text.find(word, start + len(word))
    return tuple(found)
