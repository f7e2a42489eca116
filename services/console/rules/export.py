"""`rules export`: rules.yaml as the table an office keeps; read back by `import`."""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import openpyxl

from services.chassis.document import BadFile
from services.console.rules import sheet
from services.contracts.faults import Fault
from services.router import drafts, dutysheet

Lines = Sequence[Sequence[str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", type=Path, nargs="?", help="rules.yaml; the city's own when not given")
    parser.add_argument(
        "--out", type=Path, help="a .csv or .xlsx file; CSV on standard output when not given"
    )


def main(asked: argparse.Namespace) -> int:
    if asked.out is not None and asked.out.suffix.lower() not in (".csv", ".xlsx"):
        raise BadFile([Fault(asked.out.name, (), "is neither .csv nor .xlsx", "须为 .csv 或 .xlsx")])
    duty = drafts.load(asked.rules or asked.city / "rules.yaml", asked.city).duty
    lines, left_out = dutysheet.write(duty.rules.rules, duty.city)
    table = [tuple(dutysheet.COLUMNS), *lines]
    if asked.out is None:
        sys.stdout.write(as_csv(table))
    elif asked.out.suffix.lower() == ".csv":
        asked.out.write_text(
            as_csv(table), encoding="utf-8-sig", newline=""
        )  # with the mark that Excel looks for
    else:
        as_workbook(table, asked.out)
    if left_out:
        print(f"{len(lines)} rules written; {len(left_out)} say more than a table can and stay in the rules file "
              f"表格无法表达，未导出: {', '.join(left_out)}", file=sys.stderr)  # fmt: skip
    return 0


def as_csv(table: Lines) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[sheet.safe(cell) for cell in line] for line in table])
    return out.getvalue()


def as_workbook(table: Lines, path: Path) -> None:
    book = openpyxl.Workbook()
    for row, line in enumerate(table, 1):
        for column, text in enumerate(line, 1):
            cell = book.worksheets[0].cell(row, column, sheet.safe(text))
            cell.data_type = "s"  # text, whatever it looks like
    book.save(path)
