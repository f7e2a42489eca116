"""One YAML file as plain values that know their lines.

Read as nodes, because nodes know where they stand. Plain YAML only: no anchors, no tags, no duplicate keys,
and only JSON's scalars are special, so `no`, `12:30` and `2026-01-01` stay the words that were written.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from services.contracts.faults import Fault, Place

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it is, is 10 times faster


class BadFile(Exception):
    """City data that may not come into force. The message has one fault a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line or 0)))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True)
class Document:
    """A file: its bytes, its values, and the line (from 1) of every place in it."""

    name: str
    raw: bytes
    value: object
    lines: dict[Place, int]

    def line(self, at: Place) -> int:
        """The line of `at`, or of the nearest thing above it that the file has."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)

    def fault(self, at: Place, reason: str, reason_zh: str) -> Fault:
        return Fault(self.name, at, reason, reason_zh, self.line(at))


def read(path: Path) -> Document:
    """Raises BadFile: missing, not UTF-8, not YAML, or more than plain YAML."""
    raw, text = content(path)
    return parse(path.name, raw, text)


def parse(name: str, raw: bytes, text: str) -> Document:
    """What is at hand already, under the name its faults shall bear. Raises BadFile."""
    walk = _Walk(name)
    try:
        value = walk.document(text)
    except RecursionError:
        raise BadFile([Fault(name, (), "is nested too deeply", "嵌套过深")]) from None
    if walk.faults:
        raise BadFile(walk.faults)
    return Document(name, raw, value, walk.lines)


def content(path: Path) -> tuple[bytes, str]:
    """A file's bytes and text. Raises BadFile: missing, or not UTF-8."""
    try:
        raw = path.read_bytes()
        return raw, raw.decode()
    except OSError as error:
        raise BadFile([Fault(path.name, (), f"cannot be read: {error.strerror}", "无法读取")]) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile([Fault(path.name, (), "is not UTF-8", "不是 UTF-8 编码", line)]) from error


class _Plain(_Parser):  # type: ignore[misc]
    """YAML 1.2's JSON schema: null, true, false and decimal numbers; all else is text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_TAG = "tag:yaml.org,2002:"
_NUMERIC = list("-0123456789")
_Plain.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Plain.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Plain.add_implicit_resolver(f"{_TAG}int", re.compile(r"^-?(?:0|[1-9]\d*)$"), _NUMERIC)
_Plain.add_implicit_resolver(f"{_TAG}float", re.compile(r"^-?\d+\.\d+$"), _NUMERIC)
_SCALARS: dict[str, Callable[[str], object]] = {
    f"{_TAG}null": lambda text: None,
    f"{_TAG}bool": lambda text: text == "true",
    f"{_TAG}int": int,
    f"{_TAG}float": float,
    f"{_TAG}str": str,
}


class _Walk:
    """From nodes to plain values, noting lines and faults on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def document(self, text: str) -> object:
        try:
            root = yaml.compose(text, Loader=_Plain)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
            line = mark.line + 1 if mark else None
            self.faults.append(Fault(self.name, (), f"is not YAML: {reason}", "YAML 语法有误", line))
            return None
        return None if root is None else self._value(root, ())

    def _value(self, node: yaml.Node, at: Place) -> object:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if id(node) in self._seen:
            return self._fault(node, at, "anchors and aliases are not used here", "不使用锚点与引用")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return dict(self._entries(node, at))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*at, index)) for index, item in enumerate(node.value)]
        if node.tag not in _SCALARS:
            return self._fault(node, at, f"the tag {node.tag} is not used here", "不使用标签")
        return _SCALARS[node.tag](node.value)

    def _entries(self, node: yaml.MappingNode, at: Place) -> Iterator[tuple[str, object]]:
        keys: set[str] = set()
        for key_node, value_node in node.value:
            key = str(key_node.value)
            self.lines.setdefault((*at, key), key_node.start_mark.line + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, at, "a key is a plain word", "键须为单个词")
            elif key in keys:
                self._fault(key_node, (*at, key), "this key stands here twice", "键重复")
            else:
                keys.add(key)
                yield key, self._value(value_node, (*at, key))

    def _fault(self, node: yaml.Node, at: Place, reason: str, reason_zh: str) -> object:
        """Notes the fault; None stands in for the value."""
        self.faults.append(Fault(self.name, at, reason, reason_zh, node.start_mark.line + 1))
        return None
