"""Tables as offices keep them: CSV in UTF-8 or GB18030, and the first sheet of a workbook."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
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
    """`rows` are (line, cells), the header apart. `sha256` is that of the file."""

    path: Path
    header: tuple[str, ...]
    rows: list[tuple[int, Cells]]
    sha256: str

    def need(self, columns: Iterable[str]) -> None:
        """Raises BadFile with every column that is not there, and what may have been meant."""
        faults = [self._lacking(column) for column in columns if column not in self.header]
        if faults:
            raise BadFile(faults)

    def _lacking(self, column: str) -> Fault:
        near = get_close_matches(column, self.header, 1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(self.header)}"
        return Fault(self.path.name, (), f"has no column {column}; {hint}", f"没有“{column}”这一列", 1)


def read(path: Path) -> Sheet:
    """Raises BadFile: unreadable, empty, in no encoding we know, not a workbook."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFile([Fault(path.name, (), f"cannot be read: {error.strerror}", "无法读取")]) from error
    rows = _workbook(path, raw) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(path, raw)
    header = next(rows, None)
    if header is None or not any(header[1]):
        raise BadFile([Fault(path.name, (), "has no header line", "没有表头", 1)])
    return Sheet(path, tuple(cell.strip() for cell in header[1]), list(rows), hashlib.sha256(raw).hexdigest())


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


def safe(cell: str) -> str:
    """A cell that a spreadsheet takes for text: what looks like a formula is quoted, and what looks quoted again."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def plain(cell: str) -> str:
    """What `safe` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
