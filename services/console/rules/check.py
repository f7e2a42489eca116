"""`rules check`: what is wrong with a set of rules, before anybody relies on it. Exit code 1 when there is an error."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.chassis.document import BadFile
from services.contracts.faults import Fault
from services.router import drafts
from services.router.drafts import Draft

ERROR, WARNING = "error", "warning"
COLOURS = {ERROR: "red", WARNING: "yellow"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` is that of the file, None when it is about the whole of it."""

    severity: str
    file: str
    line: int | None
    rule: str | None
    code: str
    reason: str
    reason_zh: str

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, nargs="?", help="rules.yaml, or what `learn` wrote; the city's own when not given"
    )
    parser.add_argument("--json", action="store_true", help="the findings as JSON")
    parser.add_argument("--strict", action="store_true", help="exit 1 for warnings too")


def main(asked: argparse.Namespace) -> int:
    path = asked.file or asked.city / "rules.yaml"
    found = list(findings(path, asked.city))
    if asked.json:
        json.dump(
            {"file": str(path), "findings": [asdict(one) for one in found]},
            sys.stdout,
            ensure_ascii=False,
            indent=2,
        )
        print()
    else:
        show(found)
        Console(stderr=True, highlight=False).print(_sum(path, found))
    return 1 if any(one.severity == ERROR or asked.strict for one in found) else 0


def findings(path: Path, city_dir: Path) -> Iterator[Finding]:
    """Everything that is wrong with the file, in the order of its lines. A file that cannot be loaded is all errors."""
    try:
        draft = drafts.load(path, city_dir)
    except BadFile as bad:
        yield from (_of_fault(fault) for fault in bad.faults)
        return
    yield from of(draft)


def of(draft: Draft) -> Iterator[Finding]:
    """What lint finds in a set that can be loaded."""
    yield from ()


def errors(draft: Draft) -> list[Finding]:
    """What forbids that the set comes into force."""
    return [one for one in of(draft) if one.severity == ERROR]


def _of_fault(fault: Fault) -> Finding:
    return Finding(
        ERROR, fault.file, fault.line, None, "unsound", f"{fault.field}: {fault.reason}", fault.reason_zh
    )


def show(found: Iterable[Finding]) -> None:
    """For people; on standard error, beside whatever else is printed."""
    rows = list(found)
    if not rows:
        return
    table = Table("where", "", "rule 规则", "what", "问题")
    for one in rows:
        table.add_row(
            one.where, f"[{COLOURS[one.severity]}]{one.severity}", one.rule or "", one.reason, one.reason_zh
        )
    console = Console(stderr=True)
    Console(stderr=True, width=None if console.is_terminal else 160).print(table)


def _sum(path: Path, found: list[Finding]) -> str:
    counts = {severity: sum(one.severity == severity for one in found) for severity in COLOURS}
    if not found:
        return f"[green]✓[/] {path}: nothing wrong 未发现问题"
    return f"{path}: {counts[ERROR]} errors 错误, {counts[WARNING]} warnings 警告"
