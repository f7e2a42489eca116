"""One JSON file as plain values. Large ones are maps: lines are looked for only when something is wrong."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import orjson

from services.chassis import document
from services.chassis.document import BadFile, Document
from services.contracts.faults import Fault, Place

_SCAN = json.JSONDecoder().raw_decode
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class JsonDocument(Document):
    """A file that knows the line of each item of its lists, as far as its top has any."""

    text: str = ""

    def line(self, at: Place) -> int:
        """The line on which the list item begins that `at` leads into; else 1."""
        match at:
            case (str() as key, int() as index, *_):
                starts = self._starts.get(key) or self._starts.setdefault(key, list(self._items(key)))
                return self.text.count("\n", 0, starts[index]) + 1 if index < len(starts) else 1
        return 1

    @cached_property
    def _starts(self) -> dict[str, list[int]]:
        return {}

    def _items(self, key: str) -> Iterator[int]:
        """Where each item of the list under `key` begins."""
        opened = re.search(rf'"{re.escape(key)}"\s*:\s*\[', self.text)
        at = opened.end() if opened else len(self.text)
        while (at := _past_blank(self.text, at)) < len(self.text) and self.text[at] != "]":
            yield at
            _, at = _SCAN(self.text, at)


def _past_blank(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def read(path: Path) -> Document:
    """Raises BadFile: missing, not UTF-8, or not JSON (RFC 8259)."""
    raw, text = document.content(path)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        reason = f"is not JSON: {error.msg}"
        raise BadFile([Fault(path.name, (), reason, "JSON 语法有误", error.lineno)]) from error
    return JsonDocument(path.name, raw, value, {}, text)
