"""The text rules are matched on: one spelling for what citizens write in many. The original is kept beside it.

HTML entities unescaped · NFKC · traditional to simplified · control and replacement characters dropped · white space
folded. Nothing here is shown to anybody.
"""

import functools
import html
import re
import unicodedata

import opencc

# U+FFFD, controls, zero-width and bidirectional marks, byte order mark; white space among the controls folds instead.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffd]"
)
# What nearly every Chinese sentence holds: replaced by hand, the rest is usually in NFKC already (30 times faster).
_COMMON = tuple((wide, unicodedata.normalize("NFKC", wide)) for wide in "，！？：；（）～％")


def for_matching(*parts: str | None) -> str:
    """The parts that are there, one line, in one spelling."""
    text = "\n".join(filter(None, parts))
    if "&" in text:
        text = html.unescape(text)
    text = _DROPPED.sub("", _compatible(text))
    return " ".join(simplified(text).split())


@functools.lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """The form in which a rule's words and a text are compared: for_matching, without regard to case."""
    return for_matching(word).casefold()


def simplified(text: str) -> str:
    """Traditional characters as simplified ones."""
    return text if text.isascii() else str(_converter().convert(text))


def _compatible(text: str) -> str:
    for wide, plain in _COMMON:
        text = text.replace(wide, plain)
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


@functools.cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
