"""`rules import`: a duty list as a city keeps it, to rules.yaml, with a report of what could not be read."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.chassis.document import BadFile
from services.console.rules import sheet
from services.contracts.faults import Fault
from services.router import drafts, dutysheet, writing
from services.router.dutysheet import Reading

HEAD = """\
# 派单目录，由表格导入 / The duty list, imported from {name}.
"""
SAY = Console(stderr=True, highlight=False)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, help=f"CSV or xlsx with the columns {'、'.join(dutysheet.COLUMNS)}"
    )
    parser.add_argument("--out", type=Path, help="write the rules here; standard output when not given")


def main(asked: argparse.Namespace) -> int:
    """1 when a line could not be read; those that could are written all the same."""
    table = sheet.read(asked.file, lambda cells: not _lacking(cells))
    if lacking := _lacking(table.header):
        reason = f"has no column {', '.join(lacking)}; it has {', '.join(filter(None, table.header))}"
        raise BadFile([Fault(asked.file.name, (), reason, f"缺少列：{'、'.join(lacking)}", table.line)])
    if twice := dutysheet.twice(table.header):
        raise BadFile([table.twice(column) for column in twice])
    if not table.rows:
        raise BadFile(
            [Fault(asked.file.name, (), "has no line under its header", "表头之下没有内容", table.line)]
        )
    rows = ((line, [sheet.plain(cell) for cell in cells]) for line, cells in table.rows)
    reading = dutysheet.read(table.header, rows, drafts.city(asked.city).city)
    if reading.rules:
        text = writing.rules(reading.rules, HEAD.format(name=asked.file.name))
        _write(asked.out, text)
    _report(asked, reading)
    return 1 if reading.unread or not reading.rules else 0


def _lacking(header: Sequence[str]) -> list[str]:
    present = dutysheet.place_of(header)
    return [column for column in dutysheet.NEEDED if column not in present]


def _write(out: Path | None, text: str) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


def _report(asked: argparse.Namespace, reading: Reading) -> None:
    bad = len({one.line for one in reading.unread})
    SAY.print(f"{reading.lines} lines: {len(reading.rules)} rules, {bad} not read 未读入"
              + (f" → {asked.out}" if asked.out and reading.rules else ""))  # fmt: skip
    if reading.unread:
        table = Table("where", "column 列", "value 值", "why", "原因")
        for one in reading.unread:
            table.add_row(f"{asked.file.name}:{one.line}", one.column, one.value, one.reason, one.reason_zh)
        Console(stderr=True, width=None if SAY.is_terminal else 160).print(table)
