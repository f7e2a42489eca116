"""`rules check`: what is wrong with a set of rules, before anybody relies on it. Exit code 1 when there is an error."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from asyncpg import PostgresError
from rich.console import Console
from rich.table import Table

from services.chassis import clock
from services.chassis.document import BadFile
from services.chassis.settings import BadSettings
from services.console import store
from services.contracts.faults import Fault
from services.router import drafts, lint, precedents, rules, writing
from services.router.drafts import Draft
from services.router.findings import Check
from services.router.precedents import Precedent

ERROR, WARNING, NOTE = "error", "warning", "note"
SHOWN = 200  # findings in the table for people
COLOURS = {ERROR: "red", WARNING: "yellow", NOTE: "cyan"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` is that of the file, None when it is about the whole of it; `others` are rules it is about besides its own.

    `example`: a request that shows it, for `rules try` to be asked.
    """

    severity: str
    file: str
    line: int | None
    rule: str | None
    code: str
    reason: str
    reason_zh: str
    others: tuple[str, ...] = ()
    example: Mapping[str, Any] | None = None

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
    found, proposed = list(findings(path, asked.city)), asyncio.run(_proposed(path, asked.city))
    grave = (ERROR, WARNING) if asked.strict else (ERROR,)
    if asked.json:
        said = {
            "file": str(path),
            "findings": [asdict(one) for one in found],
            "proposals": list(map(_evidence, proposed)),
        }
        json.dump(said, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        show(found)
        _show_proposals(proposed)
        Console(stderr=True, highlight=False).print(_sum(path, found))
    return 1 if any(one.severity in grave for one in found) else 0


async def _proposed(path: Path, city: Path) -> list[Precedent]:
    """What rulings propose and the file does not say yet; nothing where no store is at hand."""
    try:
        conn = await store.connect("router")
    except (BadSettings, OSError, PostgresError):
        return []
    try:
        return await precedents.open_ones(conn, _ids(path, city))
    except PostgresError:  # provisioned by an earlier version
        return []
    finally:
        await conn.close()


def _ids(path: Path, city: Path) -> frozenset[str]:
    try:
        return frozenset(rule.id for rule in drafts.load(path, city).duty.rules.rules)
    except BadFile:
        return frozenset()


def _evidence(one: Precedent) -> dict[str, object]:
    return {
        "id": one.id, "case": one.number, "authority": one.authority, "made_at": one.made_at.isoformat(),
        "rule": writing.rule(one.rule) if one.rule else None,
    }  # fmt: skip


def _show_proposals(proposed: list[Precedent]) -> None:
    if not proposed:
        return
    table = Table(
        "proposed 建议规则",
        "evidence 依据工单",
        "by 裁决",
        "rule 规则",
        title="proposed by rulings; `rules accept ID` takes one 裁决形成的建议",
    )
    for one in proposed:
        text = (
            writing.dumped(dict(writing.rule(one.rule))).rstrip() if one.rule else "no rule of this version"
        )
        table.add_row(one.id, one.number, one.authority, text)
    console = Console()
    Console(width=None if console.is_terminal else 160).print(table)


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
    for one in lint.findings(
        draft.duty, draft.lines, clock.wall_now().astimezone(draft.duty.city.zone).date()
    ):
        if one.check is not Check.FAULT or one.file == rules.FILE:
            yield Finding(
                str(one.level),
                draft.path.name,
                one.line,
                one.rule_id,
                str(one.check),
                one.reason.en,
                one.reason.zh,
                one.others,
                one.example,
            )


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
    for one in rows[:SHOWN]:
        table.add_row(
            one.where, f"[{COLOURS[one.severity]}]{one.severity}", one.rule or "", one.reason, one.reason_zh
        )
    console = Console(stderr=True)
    Console(stderr=True, width=None if console.is_terminal else 160).print(table)
    if len(rows) > SHOWN:
        console.print(
            f"… and {len(rows) - SHOWN} more: --json has all of them 其余 {len(rows) - SHOWN} 条见 --json"
        )


def _sum(path: Path, found: list[Finding]) -> str:
    counts = {severity: sum(one.severity == severity for one in found) for severity in COLOURS}
    if not found:
        return f"[green]✓[/] {path}: nothing wrong 未发现问题"
    return f"{path}: {counts[ERROR]} errors 错误, {counts[WARNING]} warnings 警告, {counts[NOTE]} notes 提示"
