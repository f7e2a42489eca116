"""Which columns of a history say what, and which stretch of it is meant: options that `learn` and `replay` share."""

import argparse
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from services.console.rules.sheet import Sheet
from services.router import history
from services.router.history import Columns, Part, Past
from services.router.proposal import Source

MOST_CATEGORIES, MOST_AREAS = 5, 4
_LAST = re.compile(r"^(\d+)([dh])$")


def arguments(parser: argparse.ArgumentParser, *, needed: bool) -> None:
    given = "" if needed else "; by default those the rules file was learnt by"
    parser.add_argument("--category", type=_names(MOST_CATEGORIES), required=needed, metavar="A,B",
                        help=f"columns of the type, from wide to fine 类别列{given}")  # fmt: skip
    parser.add_argument("--area", type=_names(MOST_AREAS), metavar="A,B",
                        help=f"columns of the place, from wide to fine 区域列{given}")  # fmt: skip
    parser.add_argument(
        "--owner", required=needed, metavar="COLUMN", help=f"who handled it 承办单位列{given}"
    )
    parser.add_argument("--time", metavar="COLUMN", help="when it came; parts are taken in this order 时间列")
    parser.add_argument(
        "--text", metavar="COLUMN", help="the citizen's words, for rules that ask for words 正文列"
    )
    parser.add_argument("--missing", type=lambda text: tuple(text.split(",")), metavar="A,B",
                        help=f"values that mean nothing is known (default: {' '.join(filter(None, history.MISSING))})")  # fmt: skip
    parser.add_argument("--first", type=share, metavar="2/3", help="the first part of the cases only")
    parser.add_argument(
        "--last", type=last, metavar="1/3|30d", help="the last part of the cases, or the last days"
    )
    parser.add_argument("--since", type=_instant, metavar="DATE", help="cases from this time on")
    parser.add_argument("--until", type=_instant, metavar="DATE", help="cases before this time")


def columns(asked: argparse.Namespace, source: Source | None = None) -> Columns:
    """Options win over what the rules file says it was learnt by. Raises SystemExit (2) when neither says."""
    category = asked.category or (source.category if source else ())
    owner = asked.owner or (source.owner if source else None)
    if not category or owner is None:
        raise Usage("--category and --owner say which columns to read 须以 --category 与 --owner 指明列名")
    area = asked.area if asked.area is not None else (source.area if source else ())
    return Columns(category, area, owner, asked.time or (source.time if source else None), asked.text)


class Usage(Exception):
    """The options do not fit together; the message says which to give."""


def cases(
    sheet: Sheet, wanted: Columns, asked: argparse.Namespace, source: Source | None = None
) -> list[Past]:
    """The stretch of the history that was asked for, in order of time. Raises BadFile for a column that is not there."""
    if (
        wanted.time is not None
        and source is not None
        and asked.time is None
        and wanted.time not in sheet.header
    ):
        wanted = Columns(wanted.category, wanted.area, wanted.owner, None, wanted.text)
    sheet.need(wanted.named)
    whole = history.cases(sheet.header, sheet.rows, wanted, missing(asked, source))
    return history.part(whole, stretch(asked, whole))


def missing(asked: argparse.Namespace, source: Source | None = None) -> tuple[str, ...]:
    if asked.missing is not None:
        return tuple(asked.missing)
    return source.missing if source is not None and source.missing else history.MISSING


def stretch(asked: argparse.Namespace, whole: Sequence[Past]) -> Part:
    """`--last 30d` counts back from the last case."""
    if not isinstance(asked.last, timedelta):
        return Part(asked.first, asked.last, asked.since, asked.until)
    end = max((case.at for case in whole if case.at is not None), default=None)
    since = end - asked.last if end is not None else None
    return Part(asked.first, None, since or asked.since, asked.until)


def share(text: str) -> Fraction:
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError) as wrong:
        raise argparse.ArgumentTypeError(
            f"{text} is not a share; write 2/3 or 0.66 须写作 2/3 或 0.66"
        ) from wrong
    if not 0 < found <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1 须在 0 与 1 之间")
    return found


def last(text: str) -> Fraction | timedelta:
    if found := _LAST.match(text):
        return timedelta(**{"d": {"days": int(found[1])}, "h": {"hours": int(found[1])}}[found[2]])
    return share(text)


def _instant(text: str) -> datetime:
    if (found := history.instant(text)) is None:
        raise argparse.ArgumentTypeError(
            f"{text} is not a time; write 2018-07-01 or 2018-07-01T09:00:00+08:00"
        )
    return found


def _names(most: int) -> "argparse._ActionType":
    def split(text: str) -> tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        if not 0 < len(names) <= most:
            raise argparse.ArgumentTypeError(
                f"one to {most} column names, comma between 列名 1 至 {most} 个，逗号分隔"
            )
        return names

    return split
