"""`rules learn`: a duty list proposed from past dispatching."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.chassis.document import BadFile
from services.console.rules import columns, sheet
from services.contracts.faults import Fault
from services.router import drafts, learn, names, writing
from services.router.history import Past
from services.router.learn import Thresholds
from services.router.names import Names
from services.router.proposal import Proposal, Source

SAY = Console(stderr=True, highlight=False)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("history", type=Path, help="past cases: CSV or xlsx with a header line 历史派单")
    parser.add_argument("--out", type=Path, help="write the rules here; standard output when not given")
    columns.arguments(parser, needed=True)
    parser.add_argument("--min-support", type=int, default=1, metavar="N",
                        help="a rule rests on at least so many past cases (default: 1)")  # fmt: skip
    parser.add_argument("--min-precision", type=float, default=0.0, metavar="P",
                        help="of which at least this share went to its unit (0–1, default: 0)")  # fmt: skip


def main(asked: argparse.Namespace) -> int:
    table = sheet.read(asked.history)
    wanted = columns.columns(asked)
    past = columns.cases(table, wanted, asked)
    city, desk = _known(asked.city)
    if not past:
        reason = "no case is in the stretch asked for; is --time the right column, and written as 2018-07-01?"
        raise BadFile([Fault(table.path.name, (), reason, "所选时段内没有记录，请核对 --time 列及其写法")])
    owned = [case for case in past if case.owner]
    if not owned:
        raise BadFile(
            [
                Fault(
                    table.path.name,
                    (),
                    "no case has an owner; is --owner the right column?",
                    "没有一件有承办单位",
                )
            ]
        )
    proposed = learn.propose(
        past, _source(table, asked, owned), Thresholds(asked.min_support, asked.min_precision), city, desk
    )
    if proposed is None:
        reason = "nothing to learn: no type of case reaches --min-support and --min-precision"
        raise BadFile([Fault(table.path.name, (), reason, "没有可学的规则，请降低门槛")])
    text = writing.proposal(proposed)
    if asked.out is None:
        sys.stdout.write(text)
    else:
        asked.out.write_text(text, encoding="utf-8")
    _report(proposed, past, asked.out)
    return 0


def _source(table: sheet.Sheet, asked: argparse.Namespace, owned: list[Past]) -> Source:
    times = [case.at for case in owned if case.at is not None]
    return Source(
        file=table.path.name, sha256=table.sha256, cases=len(owned), since=min(times, default=None),
        until=max(times, default=None), category=asked.category, area=asked.area or (), owner=asked.owner,
        time=asked.time, missing=columns.missing(asked),
    )  # fmt: skip


def _known(folder: Path) -> tuple[Names, str]:
    """What the city calls things, so that its own units and areas keep their names; nothing where there is no city."""
    if not (folder / "city.yaml").exists():
        return learn.NOTHING_KNOWN, learn.DESK
    city = drafts.city(folder).city
    return names.of_city(city), city.file.desk


def _report(proposed: Proposal, past: list[Past], out: Path | None) -> None:
    new = [unit for unit in proposed.departments if not unit.known]
    aliased = [unit for unit in proposed.departments if unit.aliases]
    table = Table("", "", show_header=False, box=None)
    table.add_row(
        "cases 件", f"{proposed.source.cases:,}, and {len(past) - proposed.source.cases:,} without an owner"
    )
    table.add_row("rules 规则", f"{len(proposed.rules):,}" + (f" → {out}" if out else ""))
    table.add_row("units 单位", f"{len(proposed.departments)}, {len(new)} of them new to the city")
    table.add_row(
        "aliases 别名", "; ".join(f"{unit.name} = {', '.join(unit.aliases)}" for unit in aliased) or "none"
    )
    SAY.print(table)
