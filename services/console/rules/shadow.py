"""`rules shadow`: a candidate beside the rules in force, on live traffic and without effect; and what it differed in."""

import argparse
import asyncio
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.chassis import database
from services.console import store
from services.console.rules import check
from services.console.rules.columns import Usage
from services.router import drafts, rulebook, rules

NONE = "no candidate runs beside the rules in force 当前没有影子规则"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="rules.yaml that is to run beside; without it, what was found so far",
    )
    parser.add_argument("--stop", action="store_true", help="end it, and forget its examples")
    parser.add_argument("--author", default=getpass.getuser(), help="who asks for it (default: your login)")
    parser.add_argument("--examples", type=int, default=20, metavar="N", help="cases to show (default: 20)")
    parser.add_argument("--json", action="store_true")


def main(asked: argparse.Namespace) -> int:
    if asked.file is not None and asked.stop:
        raise Usage("either a file or --stop")
    return asyncio.run(_shadow(asked))


async def _shadow(asked: argparse.Namespace) -> int:
    begin = _candidate(asked) if asked.file is not None else None
    conn = await store.connect("router")
    try:
        if begin is not None or asked.stop:
            async with conn.transaction():
                await conn.execute(rulebook.SQL["end_shadow"])
                if begin is not None:
                    await conn.execute(rulebook.SQL["begin_shadow"], *begin)
            print(
                f"shadow: {begin[0][:12]} runs beside the rules in force 影子规则已启用"
                if begin
                else "shadow: ended 已停止"
            )
            return 0
        return await _report(conn, asked)
    finally:
        await conn.close()


def _candidate(asked: argparse.Namespace) -> tuple[str, str, str]:
    draft = drafts.load(asked.file, asked.city)
    if draft.proposal is not None:
        raise Usage(f"{asked.file} is a proposal: copy the rules you accept into a rules.yaml 请先逐条采纳")
    check.show(check.errors(draft))
    return rules.digest(draft.duty.rules), asked.file.read_text(encoding="utf-8"), asked.author


async def _report(conn: database.Connection, asked: argparse.Namespace) -> int:
    row = await conn.fetchrow(rulebook.SQL["report_shadow"])
    if row is None:
        print(NONE)
        return 0
    cases = [dict(one) for one in await conn.fetch(rulebook.SQL["differences"], asked.examples)]
    if asked.json:
        json.dump(
            {**row, "since": row["since"].isoformat(), "cases": cases},
            sys.stdout,
            default=str,
            ensure_ascii=False,
            indent=2,
        )
        print()
        return 0
    _show(dict(row), cases)
    return 0


def _show(row: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    title = (f"{row['digest'][:12]} since {row['since']:%Y-%m-%d %H:%M}: {row['compared']:,} cases, {row['moved']:,} would move, "
             f"{row['nobody']:,} to nobody, {row['failed']:,} failed")  # fmt: skip
    table = Table("case 工单", "live 现行", "by", "candidate 影子", "by", title=title)
    for case in cases:
        table.add_row(
            case["number"],
            case["live"] or "desk",
            case["live_rule"] or "",
            case["shadow"] or "[red]nobody 无人",
            case["shadow_rule"] or "",
        )
    console = Console()
    Console(width=None if console.is_terminal else 160).print(table)
