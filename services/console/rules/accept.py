"""`rules accept`: proposed rules, from a ruling or from `learn`, go into rules.yaml one by one, if the whole stays sound."""

import argparse
import asyncio
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from services.chassis import document
from services.chassis.document import Document
from services.console import store
from services.console.rules.columns import Usage
from services.router import drafts, precedents, writing
from services.router.rules import Rule

SAY = Console(stderr=True, highlight=False)
_FIRST_RULE = re.compile(r"^rules:[^\n]*\n(?:\s*#[^\n]*\n|\s*\n)*(?P<indent> *)- ", re.MULTILINE)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="+", help="the rules' ids; `check` shows those that rulings propose")
    parser.add_argument(
        "--proposal",
        type=Path,
        metavar="FILE",
        help="what `learn` wrote; rulings in the store when not given",
    )
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="rules.yaml to add them to; the city's own when not given"
    )


def main(asked: argparse.Namespace) -> int:
    into = asked.into or asked.city / "rules.yaml"
    known = _of_file(asked.proposal, asked.city) if asked.proposal else asyncio.run(_of_rulings())
    if unknown := [one for one in asked.id if one not in known]:
        raise Usage(
            f"nobody proposes {', '.join(unknown)}; there are {', '.join(known) or 'no proposals'} 没有这条建议"
        )
    text = added(into.read_text(encoding="utf-8"), [known[one] for one in asked.id])
    drafts.rules_of(_document(into, text), drafts.city(asked.city))
    into.write_text(text, encoding="utf-8")
    SAY.print(f"[green]{len(asked.id)}[/] rules added to {into} 已写入; `check` it, then `apply`")
    return 0


def added(text: str, rules: list[Rule]) -> str:
    """The file with the rules at its end, laid out as its own are."""
    found = _FIRST_RULE.search(text)
    indent = found["indent"] if found else "  "
    block = writing.dumped([writing.rule(one) for one in rules])
    return text.rstrip("\n") + "\n" + textwrap.indent(block, indent)


def _document(path: Path, text: str) -> Document:
    return document.parse(path.name, text.encode(), text)


def _of_file(path: Path, city: Path) -> Mapping[str, Rule]:
    return {rule.id: rule for rule in drafts.load(path, city).duty.rules.rules}


async def _of_rulings() -> Mapping[str, Rule]:
    conn = await store.connect("router")
    try:
        return {one.id: one.rule for one in await precedents.open_ones(conn, ()) if one.rule is not None}
    finally:
        await conn.close()
