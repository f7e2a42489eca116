"""What a bench measures, against what, and what the project asks of it.

A bench is a module of this package with `NAME: str` and `def run(say: Say) -> list[Figure]`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Say = Callable[[str], None]
"""Takes one line on what is measured now."""


class Bench(Protocol):
    NAME: str

    def run(self, say: Say) -> "list[Figure]": ...


@dataclass(frozen=True, slots=True)
class Limit:
    """A floor (`≥`) or a ceiling (`<`) of a figure's value, in its unit, or of its ratio to the peer."""

    of: Literal["value", "ratio"]
    sense: Literal["≥", "<"]
    bound: float

    def __str__(self) -> str:
        return f"{self.sense} {written(self.bound)}{' × peer' if self.of == 'ratio' else ''}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: `ratio` is value / peer_value, both in `unit`, taken in the same run."""

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float = 0.0
    ratio: float = 0.0
    limit: Limit | None = None

    @property
    def met(self) -> bool | None:
        """None where nothing is asked."""
        if self.limit is None:
            return None
        measured = self.value if self.limit.of == "value" else self.ratio
        return measured >= self.limit.bound if self.limit.sense == "≥" else measured < self.limit.bound

    def row(self) -> dict[str, Any]:
        """As report.json has it."""
        return {
            "name": self.name, "value": self.value, "unit": self.unit,
            "peer": self.peer, "peer_value": self.peer_value, "ratio": self.ratio,
        }  # fmt: skip


def against(
    name: str, value: float, unit: str, peer: str, peer_value: float, limit: Limit | None = None
) -> Figure:
    """A figure beside its peer's, with their ratio."""
    return Figure(name, value, unit, peer, peer_value, value / peer_value if peer_value else 0.0, limit)


def at_least(bound: float) -> Limit:
    return Limit("value", "≥", bound)


def below(bound: float) -> Limit:
    return Limit("value", "<", bound)


def ratio_at_least(bound: float) -> Limit:
    return Limit("ratio", "≥", bound)


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that `share` (0–1) of all are not above: no interpolation, so it is one that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def written(value: float) -> str:
    """Three figures: 12,345 · 123 · 12.3 · 1.23 · 0.0123."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
