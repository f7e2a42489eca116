"""`rules log`: which set came into force when, by whom and why."""

import argparse
import asyncio
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from services.console import store
from services.router import rulebook


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="the newest N (default: 20)")
    parser.add_argument("--json", action="store_true")


def main(asked: argparse.Namespace) -> int:
    rows = asyncio.run(_rows(asked.limit))
    if asked.json:
        json.dump(rows, sys.stdout, default=str, ensure_ascii=False, indent=2)
        print()
        return 0
    table = Table(
        "", "since 生效", "hash", "rules", "changed", "by 责任人", "how", "note 说明", title="rules in force"
    )
    for place, row in enumerate(rows):
        changed = str(row["diff"].count("\n@@ ") + 1) if row["diff"] else "—"
        table.add_row("[green]●" if place == 0 else str(row["id"]), f"{row['at']:%Y-%m-%d %H:%M:%S}", row["digest"][:12],
                      str(row["rules"]), changed, row["author"], row["source"], row["note"])  # fmt: skip
    console = Console()
    Console(width=None if console.is_terminal else 160).print(table)
    return 0


async def _rows(limit: int) -> list[dict[str, Any]]:
    conn = await store.connect("router")
    try:
        return [dict(row) for row in await conn.fetch(rulebook.SQL["log"], limit)]
    finally:
        await conn.close()
