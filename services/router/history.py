"""A history of dispatching: what was asked, where, and who got it, as a city's export tells it. Pure.

Rows of text become past cases. A path goes from wide to fine and ends where a value is missing: geography that is not
there is not needed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache

from services.router import areas

MISSING = ("", "-", "N/A", "NULL", "None", "无")
LONGEST_NAME = 200  # of a type, a place or a unit; what is longer is a text in the wrong column
FORMATS = (
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日",
)  # fmt: skip

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column says what; `category` and `area` from wide to fine."""

    category: tuple[str, ...]
    area: tuple[str, ...]
    owner: str
    time: str | None = None
    text: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        optional = (one for one in (self.time, self.text) if one)
        return (*self.category, *self.area, self.owner, *optional)


@dataclass(frozen=True, slots=True)
class Past:
    """One past case. `line` is that of the file; `owner` is empty when the history does not say."""

    line: int
    category: Path
    area: Path
    owner: str
    at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a history by time: `first` or `last` as a share of its rows, `since` ≤ time < `until`."""

    first: Fraction | None = None
    last: Fraction | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def whole(self) -> bool:
        return self == Part()


def cases(
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    columns: Columns,
    missing: Iterable[str] = MISSING,
) -> list[Past]:
    """`rows` are (line, cells); every column of `columns` is in `header`. A short row lacks its last cells."""
    at = {name: place for place, name in reversed(list(enumerate(header)))}
    category, area = [at[name] for name in columns.category], [at[name] for name in columns.area]
    owner, time, text = at[columns.owner], at.get(columns.time or ""), at.get(columns.text or "")
    gone = {areas.fold(one) for one in missing}
    found = []
    for line, cells in rows:
        value = _Cells(cells, gone)
        found.append(
            Past(
                line, value.path(category), value.path(area), value.one(owner),
                instant(value.one(time)) if time is not None else None,
                value.one(text, None) if text is not None else "",
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class _Cells:
    cells: Sequence[str]
    gone: set[str]

    def one(self, place: int, longest: int | None = LONGEST_NAME) -> str:
        value = self.cells[place].strip()[:longest] if place < len(self.cells) else ""
        return "" if not value or value.casefold() in self.gone else value

    def path(self, places: Iterable[int]) -> Path:
        found = []
        for place in places:
            if not (value := self.one(place)):
                break
            found.append(value)
        return tuple(found)


@lru_cache(maxsize=10_000)
def instant(text: str) -> datetime | None:
    """A time as exports write it, for putting cases in order; without a zone it is taken as UTC. None: unreadable."""
    try:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except ValueError:
        pass
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def part(history: Sequence[Past], wanted: Part) -> list[Past]:
    """The cases of a stretch, in order of time; those of one time in the order of the file.

    `first=2/3` and `last=1/3` have no case in common and leave none out. A case without a readable time is in no part
    of a history whose other cases have one.
    """
    timed = [(case.at, case) for case in history if case.at is not None]
    ordered = [case for _, case in sorted(timed, key=lambda one: one[0])] if timed else list(history)
    begin = 0 if wanted.last is None else int(len(ordered) * (1 - wanted.last))
    end = len(ordered) if wanted.first is None else int(len(ordered) * wanted.first)
    return [
        case
        for case in ordered[begin:end]
        if (wanted.since is None or (case.at is not None and case.at >= wanted.since))
        and (wanted.until is None or (case.at is not None and case.at < wanted.until))
    ]
