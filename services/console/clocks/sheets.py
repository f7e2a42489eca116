"""Tables as files: CSV that a spreadsheet cannot be tricked by, and XLSX whose cells are text."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from services.sla import ledger


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """By the name's ending: .xlsx, anything else is CSV (UTF-8 with a mark, as spreadsheets want it)."""
    if path.suffix == ".xlsx":
        _xlsx(path, header, rows)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([ledger.safe(cell) for cell in row] for row in rows)


def _xlsx(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    for row in (header, *rows):
        cells = []
        for said in row:
            cell = WriteOnlyCell(sheet, value=said)
            cell.data_type = "s"  # text, also when it looks like a formula
            cells.append(cell)
        sheet.append(cells)
    book.save(path)
