"""`rules replay`: history through a set of rules, before it is in force."""

import argparse
import json
import sys
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.console.rules import columns, running, sheet
from services.console.rules.columns import Usage
from services.router import drafts, replay
from services.router.drafts import Draft
from services.router.replay import Outcome

SHOWN = 20
OVER_A_LIMIT = 1
CASES = "cases"
DEFAULT_LAST = timedelta(days=30)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules",
        type=Path,
        required=True,
        metavar="FILE",
        help="the candidate: rules.yaml, or what `learn` wrote",
    )
    parser.add_argument("--against", default=CASES, metavar="HISTORY",
                        help="past cases: CSV or xlsx with a header line; or `cases` of the running system (default)")  # fmt: skip
    columns.arguments(parser, needed=False)
    parser.add_argument(
        "--max-moved", type=limit, metavar="N|5%", help="exit 1 when more cases go to somebody else"
    )
    parser.add_argument(
        "--max-nobody", type=limit, metavar="N|5%", help="exit 1 when more cases go to nobody"
    )
    parser.add_argument(
        "--json", action="store_true", help="rows, coverage, agreement and the matrix as JSON"
    )
    parser.add_argument(
        "--top", type=int, default=SHOWN, help=f"lines of the matrix to show (default: {SHOWN})"
    )


def main(asked: argparse.Namespace) -> int:
    draft = drafts.load(asked.rules, asked.city)
    outcome = _against(asked, draft)
    if asked.json:
        json.dump(replay.summary(outcome, asked.top), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        show(outcome, draft, asked.top)
    return _verdict(asked, outcome)


def _against(asked: argparse.Namespace, draft: Draft) -> Outcome:
    if asked.against == CASES:
        return running.replayed(draft, _since(asked))
    source = draft.proposal.source if draft.proposal else None
    table = sheet.read(Path(asked.against))
    past = columns.cases(table, columns.columns(asked, source), asked, source)
    return replay.history(draft.duty, draft.names, past)


def _since(asked: argparse.Namespace) -> timedelta:
    """How far back; of a running system parts by share or date are not taken."""
    if asked.first or asked.since or asked.until or isinstance(asked.last, Fraction):
        raise Usage("cases of the running system are taken by --last 30d 运行数据请用 --last 30d")
    return asked.last or DEFAULT_LAST


def show(outcome: Outcome, draft: Draft, top: int) -> None:
    console = Console()
    table = Table("from 原单位", "to 现单位", "cases 件", "share", "examples 例", title=_title(outcome))
    units = draft.duty.city.department_by_slug
    for one in outcome.matrix()[:top]:
        source, target = (units[slug].name.zh if slug in units else slug for slug in (one.source, one.target))
        table.add_row(
            source,
            target or "[red]nobody 无人",
            f"{one.cases:,}",
            f"{one.cases / outcome.rows:.1%}",
            ", ".join(one.examples),
        )
    Console(width=None if console.is_terminal else 160).print(table)


def _title(outcome: Outcome) -> str:
    return (
        f"{outcome.rows:,} cases with an owner: agreement {outcome.agreement:.2%}, coverage {outcome.coverage:.2%}, "
        f"{outcome.moved:,} move, {outcome.nobody:,} to nobody"
    )


def _verdict(asked: argparse.Namespace, outcome: Outcome) -> int:
    code = 0
    for name, count, most in (
        ("moved", outcome.moved, asked.max_moved),
        ("nobody", outcome.nobody, asked.max_nobody),
    ):
        if most is not None and count > (most * outcome.rows if isinstance(most, float) else most):
            shown = f"{most:.1%}" if isinstance(most, float) else most
            print(
                f"replay: {name}: {count} of {outcome.rows}, the limit is {shown} 超过上限", file=sys.stderr
            )
            code = OVER_A_LIMIT
    return code


def limit(text: str) -> int | float:
    """A count, or a share of the cases: `120`, `5%`."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else int(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(
            f"{text} is neither a number of cases nor a share like 5% 须为件数或 5% 之类的比例"
        ) from wrong
