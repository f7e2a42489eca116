"""`rules apply`: a checked set of rules comes into force in every router, with its author, a note and what it changes."""

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from rich.console import Console

from services.chassis import database
from services.chassis.document import BadFile
from services.console import store
from services.console.rules import check
from services.console.rules.columns import Usage
from services.router import drafts, rulebook, rules
from services.router.rulebook import Entering
from services.router.rules import DutyList, Rules

SAY = Console(stderr=True, highlight=False)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="rules.yaml that is to come into force")
    signed(parser)
    parser.add_argument(
        "--expect", metavar="HASH", help="only if this set is in force now; refused when somebody was faster"
    )


def signed(parser: argparse.ArgumentParser) -> None:
    """Options of everything that brings rules into force."""
    parser.add_argument(
        "--author", default=getpass.getuser(), help="who answers for it 责任人 (default: your login)"
    )
    parser.add_argument("--note", required=True, help="why 说明: a document number, a meeting, a ruling")


def main(asked: argparse.Namespace) -> int:
    draft = drafts.load(asked.file, asked.city)
    if draft.proposal is not None:
        raise Usage(
            f"{asked.file} is a proposal: copy the rules you accept into the city's rules.yaml 请先逐条采纳"
        )
    if bad := check.errors(draft):
        check.show(bad)
        print("apply: nothing has changed; mend these first 未生效，请先修正", file=sys.stderr)
        return 1
    body = asked.file.read_text(encoding="utf-8")
    listed = draft.duty.rules
    entering = Entering(rules.digest(listed), body, listed, rulebook.APPLY, asked.author, asked.note)
    return asyncio.run(enter(entering, drafts.city(asked.city), asked.expect))


async def enter(entering: Entering, beside: DutyList, expect: str | None = None) -> int:
    """Into the log; every router takes it within seconds. Exit code 1 when another set is in force than expected."""
    conn = await store.connect("router")
    try:
        return await _entered(conn, entering, beside, expect)
    finally:
        await conn.close()


async def _entered(
    conn: database.Connection, entering: Entering, beside: DutyList, expect: str | None
) -> int:
    now = await rulebook.newest(conn)
    if expect is not None and (now is None or not now.digest.startswith(expect)):
        print(
            f"apply: {now.digest[:12] if now else 'no set'} is in force, not {expect}; nothing has changed 未生效",
            file=sys.stderr,
        )
        return 1
    if now is not None and now.digest == entering.digest:
        SAY.print(f"{now.digest[:12]} is in force already 已在生效")
        return 0
    entry = await rulebook.enter(conn, entering, _before(now, beside))
    SAY.print(f"[green]{entry.digest[:12]}[/] is in force 已生效: {len(entering.rules.rules)} rules, entry {entry.id} of the log; "
              "routers take it within seconds")  # fmt: skip
    return 0


def _before(now: rulebook.Entry | None, beside: DutyList) -> Rules | None:
    """What is replaced, for the diff; None when it no longer fits the city's files."""
    if now is None:
        return None
    try:
        return drafts.kept(now.body, now.digest, beside)
    except BadFile:
        return None
