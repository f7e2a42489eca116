"""Tables as offices keep them: CSV in UTF-8 or GB18030, and the first sheet of a workbook."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from services.chassis.document import BadFile
from services.contracts.faults import Fault

ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t"
LARGEST_CELL = 1_000_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` are (line, cells), the header apart, which stands on `line`. `sha256` is that of the file."""

    path: Path
    header: tuple[str, ...]
    rows: list[tuple[int, Cells]]
    sha256: str
    line: int = 1

    def need(self, columns: Iterable[str]) -> None:
        """Raises BadFile with every column that is not there, and what may have been meant; or that is there twice."""
        faults = [self._lacking(column) for column in columns if column not in self.header]
        if faults := faults or [self.twice(column) for column in columns if self.header.count(column) > 1]:
            raise BadFile(faults)

    def twice(self, column: str) -> Fault:
        return Fault(
            self.path.name,
            (),
            f"has two columns {column}: rename one",
            f"有两列“{column}”，请改名",
            self.line,
        )

    def _lacking(self, column: str) -> Fault:
        near = get_close_matches(column, self.header, 1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(self.header)}"
        return Fault(
            self.path.name, (), f"has no column {column}; {hint}", f"没有“{column}”这一列", self.line
        )


Header = Callable[[Sequence[str]], bool]
TITLES = 10  # lines above the header, at most


def read(path: Path, is_header: Header | None = None) -> Sheet:
    """Raises BadFile: unreadable, empty, in no encoding we know, not a workbook.

    `is_header`: a table that people made by hand: titles may stand above the header, cells may be merged, formulas may
    never have been calculated (they are given as they stand). Without it, a plain one of any length.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFile([Fault(path.name, (), f"cannot be read: {error.strerror}", "无法读取")]) from error
    workbook = path.suffix.lower() in (".xlsx", ".xlsm")
    made = _made_by_hand if is_header else _workbook
    every = list(made(path, raw) if workbook else _csv(path, raw))
    found = (place for place, row in enumerate(every[:TITLES]) if is_header and is_header(_stripped(row[1])))
    top = next(found, 0)
    if not every or not any(every[top][1]):
        raise BadFile([Fault(path.name, (), "has no header line", "没有表头", 1)])
    line, header = every[top]
    return Sheet(path, _stripped(header), every[top + 1 :], hashlib.sha256(raw).hexdigest(), line)


def _stripped(cells: Cells) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in cells)


def _csv(path: Path, raw: bytes) -> Iterator[tuple[int, Cells]]:
    text = _text(path, raw)
    head = text.partition("\n")[0]
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count))
    line = 1
    try:
        for cells in reader:
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadFile([Fault(path.name, (), f"is not CSV: {error}", "CSV 格式有误", line)]) from error


def _text(path: Path, raw: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    reason = "is neither UTF-8 nor GB18030; save it as “CSV UTF-8”"
    raise BadFile([Fault(path.name, (), reason, "既不是 UTF-8 也不是 GB18030，请另存为“CSV UTF-8”")])


def _workbook(path: Path, raw: bytes) -> Iterator[tuple[int, Cells]]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        first = book.worksheets[0]
        for line, cells in enumerate(first.iter_rows(values_only=True), 1):
            if any(cell is not None for cell in cells):
                yield line, ["" if cell is None else str(cell) for cell in cells]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise BadFile([Fault(path.name, (), "is not a workbook (xlsx)", "不是 xlsx 工作簿")]) from error


def _made_by_hand(path: Path, raw: bytes) -> Iterator[tuple[int, Cells]]:
    """A merged cell's text is that of all its lines. A formula without a value is text: its reader finds it unknown."""
    try:
        shown, stated = (
            openpyxl.load_workbook(io.BytesIO(raw), data_only=flag).worksheets[0] for flag in (True, False)
        )
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise BadFile([Fault(path.name, (), "is not a workbook (xlsx)", "不是 xlsx 工作簿")]) from error
    first = {
        (row, column): (area.min_row, area.min_col)
        for area in shown.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    for line in range(1, shown.max_row + 1):
        places = [first.get((line, column), (line, column)) for column in range(1, shown.max_column + 1)]
        cells = [
            shown.cell(*at).value if shown.cell(*at).value is not None else stated.cell(*at).value
            for at in places
        ]
        if any(cell is not None for cell in cells):
            yield line, ["" if cell is None else str(cell) for cell in cells]


def safe(cell: str) -> str:
    """A cell that a spreadsheet takes for text: what looks like a formula is quoted, and what looks quoted again."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def plain(cell: str) -> str:
    """What `safe` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
