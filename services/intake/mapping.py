"""A channel's own shape brought to the canonical request: jmespath by data, compiled once when the city is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import JsonValue

from services.contracts.city import CanonicalField, City
from services.contracts.faults import Fault
from services.intake.decide import Refused


@dataclass(frozen=True, slots=True)
class Mapper:
    """Compiled expressions by the path of our field, `("place", "lat")`."""

    expressions: tuple[tuple[tuple[str, ...], Any], ...]

    def apply(self, sent: JsonValue) -> dict[str, JsonValue] | Refused:
        """Our fields of what was sent, not validated yet. What an expression finds nothing for, or no more than
        an empty text, is left out."""
        found: dict[str, Any] = {}
        for path, expression in self.expressions:
            try:
                value = expression.search(sent)
            except (JMESPathError, TypeError, ValueError):
                return not_applicable(".".join(path))
            if value is not None and value != "":
                _put(found, path, value)
        return found


def compiled(mapping: Mapping[CanonicalField, str]) -> Mapper:
    """Raises JMESPathError when an expression is none; `faults` has told so before."""
    return Mapper(tuple((tuple(field.split(".")), jmespath.compile(text)) for field, text in mapping.items()))


def faults(city: City) -> Iterator[Fault]:
    """Expressions of channels.yaml that are none."""
    for index, channel in enumerate(city.channels):
        for field, text in (channel.mapping or {}).items():
            try:
                jmespath.compile(text)
            except JMESPathError:
                at = ("channels", index, "mapping", field)
                yield Fault("channels.yaml", at, "is not a jmespath expression", "不是合法的 jmespath 表达式")


def not_applicable(field: str) -> Refused:
    return Refused(
        "mapping",
        field,
        "渠道字段映射无法得出此项",
        "the channel's mapping cannot make this field of what was sent",
    )


def _put(found: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Whole numbers become text where we keep text: other systems number their tickets."""
    if type(value) is int and path[-1] not in ("lat", "lon"):
        value = str(value)
    for step in path[:-1]:
        found = found.setdefault(step, {})
    found[path[-1]] = value
