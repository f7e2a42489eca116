"""Patterns in rules, through RE2: it takes time in proportion to the text, whatever a rule's author writes."""

from functools import lru_cache
from typing import Any

import re2

from services.contracts import spelling

LONGEST = 200  # characters
MEMORY = 1 << 18  # bytes a compiled pattern may take


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MEMORY
    return options


@lru_cache(maxsize=20_000)
def compiled(pattern: str) -> Any:
    """To be searched in a folded text: traditional characters in it stand for the simplified ones.

    Raises re2.error when RE2 refuses it.
    """
    return re2.compile(spelling.simplified(pattern), _options())


def refusal(pattern: str) -> str | None:
    """Why RE2 refuses this pattern, in its words; None: it does not."""
    try:
        compiled(pattern)
    except re2.error as refused:
        return _text(refused)
    return None


def _text(refused: Exception) -> str:
    said = refused.args[0] if refused.args else "it cannot be compiled"
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def spans(pattern: str, text: str) -> tuple[tuple[int, int], ...]:
    """Where it is found first, as (first, after-last) characters; empty: nowhere."""
    found = compiled(pattern).search(text)
    return (found.span(),) if found else ()


def found(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None
