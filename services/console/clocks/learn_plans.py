"""`sla learn-plans`: what a city really promised, type by type, and how well that explains what came later."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from services.console.clocks import history
from services.contracts.plans import Close
from services.sla import learning
from services.sla.learning import SAID, Judgement, Learnt, Record

SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV with a header")
    parser.add_argument("--type", required=True, metavar="COLUMN", help="what kind of request it was")
    parser.add_argument("--opened", required=True, metavar="COLUMN", help="when it was received")
    parser.add_argument(
        "--due", required=True, metavar="COLUMN", help="when it was said to be due; rows without are left out"
    )
    parser.add_argument("--zone", required=True, help="the city's time zone: America/New_York")
    parser.add_argument("--json", action="store_true", help="figures and plans for a program")


def main(asked: argparse.Namespace) -> int:
    """Learns from the first two thirds by time, judges on the last third."""
    first, last = learning.in_two(records(asked))
    by = learning.office(first, asked.zone)
    learnt = learning.learn(first, by)
    judged = learning.judge(learnt, last, by)
    if asked.json:
        print(json.dumps(figures(learnt, judged), ensure_ascii=False, indent=2))
    else:
        _show(learnt, judged)
    return 0


def records(asked: argparse.Namespace) -> Iterator[Record]:
    """Raises BadHistory."""
    zone = ZoneInfo(asked.zone)
    for line, (kind, opened, due) in history.rows(asked.file, (asked.type, asked.opened, asked.due)):
        if due:
            yield Record(kind, history.instant(opened, zone, line), history.instant(due, zone, line))


def figures(learnt: dict[str, Learnt], judged: Judgement) -> dict[str, object]:
    return {
        "rows": judged.rows, "right": judged.right, "unseen": judged.unseen, "agreement": judged.agreement,
        "agreement_of_seen": judged.of_seen, "why": dict(judged.why),
        "plans": {kind: _plan(plan.measure) for kind, plan in sorted(learnt.items())},
    }  # fmt: skip


def _plan(measure: Close | None) -> object:
    """As a line of plans.yaml has it; the calendar goes by its name."""
    return measure and measure.model_dump(mode="json", exclude={"counted": {"days"}}, exclude_none=True)


def _show(learnt: dict[str, Learnt], judged: Judgement) -> None:
    table = Table(
        "type", "learnt", "records", "explained", title=f"{len(learnt)} types; the {SHOWN} most frequent"
    )
    for kind, plan in sorted(learnt.items(), key=lambda item: -item[1].support)[:SHOWN]:
        table.add_row(
            kind, learning.said(plan.measure), str(plan.support), f"{plan.explained / plan.support:.1%}"
        )
    console = Console()
    console.print(table)
    console.print(f"last third: {judged.right} of {judged.rows} dues within a minute, {judged.agreement:.2%}; "
                  f"of types seen before {judged.of_seen:.2%}")  # fmt: skip
    for why, many in judged.why.most_common():
        console.print(f"  {many:4d}  {SAID[why]}")
    for (kind, promised), many in judged.missed.most_common(SHOWN):
        console.print(f"  {many:4d}  {kind}: {promised}")
