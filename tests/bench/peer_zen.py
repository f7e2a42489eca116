"""zen-engine as the peer of the rules bench: the same rules, in the same order; no explanation is asked of it.

A decision table that takes the first row that holds, in two forms. As the rules say it: a category or area holds for what
begins with it. Split by hand: each level of category and area is a column of its own, which zen compares by an index.
"""

import json
from typing import Any

import zen

from services.contracts import shifts
from services.router import specificity
from services.router.facts import Facts
from services.router.rules import Rules
from services.router.specificity import Row

LEVELS = 3
COLUMNS = (
    "category", "area",
    *(f"category{level}" for level in range(LEVELS)), *(f"area{level}" for level in range(LEVELS)),
    "channel", "segment", "kind", "minute", "text", "without",
)  # fmt: skip


class Peer:
    def __init__(self, rules: Rules, *, split: bool) -> None:
        table = [_cells(row, split) for row in specificity.ordered(rules.rules)]
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": {"duty": _decision(table)}}})

    def judge(self, asked: dict[str, Any]) -> str | None:
        """The id of the rule; None: no rule."""
        found = self._engine.evaluate("duty", asked)["result"]
        return found["rule"] if found else None


def asked(facts: Facts) -> dict[str, Any]:
    """A case as the table's columns."""
    return {
        "category": f"{facts.category or ''}/", "area": f"{facts.area or ''}/", **_levels("category", facts.category), **_levels("area", facts.area), "channel": facts.channel,
        "segment": str(facts.segment), "kind": str(facts.kind), "minute": shifts.minute_of_week(facts.local) % shifts.DAY,
        "text": facts.text, "without": facts.text,
    }  # fmt: skip


def _levels(name: str, path: str | None) -> dict[str, str]:
    parts = path.split("/") if path else []
    return {f"{name}{level}": parts[level] if level < len(parts) else "" for level in range(LEVELS)}


def _cells(row: Row, split: bool) -> dict[str, str]:
    when = row.rule.when
    paths = {"category": next(iter(row.categories), None), "area": next(iter(row.areas), None)}
    cells: dict[str, str] = {}
    for name, path in paths.items():
        if path and split:
            cells |= {column: _quoted(part) for column, part in _levels(name, path).items() if part}
        elif path:
            cells[name] = f"startsWith($, {_quoted(path + '/')})"
    for column, values in (("channel", when.channel), ("segment", when.segment), ("kind", when.kind)):
        if values:
            cells[column] = ", ".join(json.dumps(str(value)) for value in values)
    if when.time:
        cells["minute"] = _hours(when.time.hours)
    if row.any:
        cells["text"] = " or ".join(map(_contains, row.any))
    if row.none:
        cells["without"] = " and ".join(f"{_contains(word)} == false" for word in row.none)
    return {
        "_id": row.rule.id,
        **{column: cells.get(column, "") for column in COLUMNS},
        "rule": f'"{row.rule.id}"',
    }


def _hours(hours: str) -> str:
    begin, end = shifts.read_hours(hours)
    return f"$ >= {begin} and $ < {end}" if begin < end else f"$ >= {begin} or $ < {end}"


def _contains(word: str) -> str:
    return f"contains($, {_quoted(word)})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _decision(rows: list[dict[str, str]]) -> dict[str, Any]:
    inputs = [{"id": column, "name": column, "field": column} for column in COLUMNS]
    outputs = [{"id": "rule", "name": "rule", "field": "rule"}]
    table = {"hitPolicy": "first", "inputs": inputs, "outputs": outputs, "rules": rows}
    at = {"x": 0, "y": 0}
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": at},
            {"id": "table", "type": "decisionTableNode", "name": "table", "position": at, "content": table},
            {"id": "out", "type": "outputNode", "name": "out", "position": at},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }  # fmt: skip
