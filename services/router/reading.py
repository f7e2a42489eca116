"""Which of the rules' words a text holds: all of them in one pass over it."""

import re
from collections.abc import Iterable
from typing import Any

import ahocorasick

from services.router.facts import NONE, Span

FEW = 100  # first characters
MOST_SPANS = 5
NOTHING = r"(?!)"


class Reader:
    """Most texts have no two characters that a word could begin with: a search for such a pair is the first look.

    Then an Aho-Corasick automaton. It looks through the children of a node one by one, so that where words begin with many
    different characters it is faster by UTF-8 bytes, of which few follow one another; else bytes cost more than they save.
    """

    def __init__(self, words: Iterable[str]) -> None:
        known = set(words)
        self._begins = _beginning(known).search
        self._bytes = len({word[0] for word in known}) > FEW
        self._automaton: Any = ahocorasick.Automaton()
        for word in known:
            self._automaton.add_word(_as_bytes(word) if self._bytes else word, word)
        self._automaton.make_automaton()

    def words(self, text: str) -> frozenset[str]:
        first = self._begins(text)
        if first is None:
            return NONE
        rest = text[first.start() :]
        found = [word for _, word in self._automaton.iter(_as_bytes(rest) if self._bytes else rest)]
        return frozenset(found) if found else NONE


def _beginning(words: Iterable[str]) -> re.Pattern[str]:
    """A first character of one and a second of one, or a word of one character; of no words, nothing."""
    firsts, seconds = ({word[at] for word in words if len(word) > 1} for at in (0, 1))
    alone = {word for word in words if len(word) == 1}
    either = [*([_one_of(alone)] if alone else []), *([_one_of(firsts) + _one_of(seconds)] if firsts else [])]
    return re.compile("|".join(either) or NOTHING)


def _one_of(characters: Iterable[str]) -> str:
    return f"[{''.join(map(re.escape, sorted(characters)))}]"


def _as_bytes(text: str) -> str:
    """A character for each byte."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def spans(word: str, text: str) -> tuple[Span, ...]:
    """Where a word stands, up to MOST_SPANS times, without overlaps."""
    found: list[Span] = []
    start, size = text.find(word), len(word)
    while start >= 0 and len(found) < MOST_SPANS:
        found.append((start, start + size))
        start = text.find(word, start + size)
    return tuple(found)
