"""Rules as YAML that a person reads and edits, and what one set says that another did not. Pure."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from services.router.proposal import Proposal
from services.router.rules import Rule

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
HEAD = """\
# 派单目录建议：由过往派单学得，逐条核对后采纳。/ A duty list proposed from past dispatching: accept it rule by rule.
# 采纳：将规则抄入城市的 rules.yaml，并补上其所用的部门、区域与类别。部门代码 unit-… 为暂拟，可改。
# To accept: copy rules into the city's rules.yaml, with the departments, areas and categories they name.
# `departments[].aliases`: other names under which the history knows a unit. `replay` reads them on both sides.
"""
REORDERED = "~ the order of the rules 规则顺序\n"


def proposal(proposed: Proposal) -> str:
    said = proposed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return HEAD + dumped({**said, "rules": [rule(one) for one in proposed.rules]})


def rules(listed: Iterable[Rule], head: str = "") -> str:
    return head + dumped({"rules": [rule(one) for one in listed]})


def rule(one: Rule) -> Mapping[str, Any]:
    """As a person would write it: what is not said is left out, one value stands without brackets."""
    said = one.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    parts = {part: _plain(said.get(part, {})) for part in ("when", "then")}
    return {**said, **parts}


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else value
        for key, value in said.items()
    }


def dumped(value: object) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None
    )
    return text


def diff(before: Iterable[Rule], after: Iterable[Rule]) -> str:
    """Rule by rule, as `diff -u` writes lines; rules that say the same are not in it."""
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    blocks = "".join(_block(id_, old.get(id_), new.get(id_)) for id_ in dict.fromkeys([*old, *new]))
    kept = [id_ for id_ in old if id_ in new] != [id_ for id_ in new if id_ in old]
    return blocks + (REORDERED if kept else "")


def _block(id_: str, old: Rule | None, new: Rule | None) -> str:
    if old == new:
        return ""
    return f"@@ {id_} @@\n" + "".join(f"{line}\n" for line in _changes(old, new))


def _changes(old: Rule | None, new: Rule | None) -> Iterator[str]:
    before, after = (dumped(rule(one)).splitlines() if one else [] for one in (old, new))
    return (line for line in difflib.ndiff(before, after) if not line.startswith("?"))
