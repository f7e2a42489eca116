"""`rules show`: any set that was ever in force, by its hash, as it was written."""

import argparse
import asyncio
import sys

from services.chassis import database
from services.console import store
from services.console.rules.columns import Usage
from services.router import rulebook


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "hash", nargs="?", help="its hash, or the beginning of it; the set in force when not given"
    )
    parser.add_argument("--diff", action="store_true", help="what it changed each time it came into force")


def main(asked: argparse.Namespace) -> int:
    return asyncio.run(_show(asked))


async def _show(asked: argparse.Namespace) -> int:
    conn = await store.connect("router")
    try:
        digest, body = await _wanted(conn, asked.hash)
        if not asked.diff:
            sys.stdout.write(body)
            return 0
        for row in await conn.fetch(rulebook.SQL["entries_of"], digest):
            print(
                f"# entry {row['id']}: {row['at']:%Y-%m-%d %H:%M:%S} {row['source']} by {row['author']}: {row['note']}"
            )
            sys.stdout.write(row["diff"])
        return 0
    finally:
        await conn.close()


async def _wanted(conn: database.Connection, beginning: str | None) -> tuple[str, str]:
    if beginning is not None:
        return await one(conn, beginning)
    newest = await rulebook.newest(conn)
    if newest is None:
        raise Usage("no set has been in force yet; start a router, or `apply` one 尚无生效记录")
    return newest.digest, newest.body


async def one(conn: database.Connection, beginning: str) -> tuple[str, str]:
    """(digest, body) of the one set whose hash begins so. Raises Usage when there is none, or are several."""
    if len(beginning) < rulebook.SHORTEST_HASH:
        raise Usage(
            f"a hash needs {rulebook.SHORTEST_HASH} characters or more 哈希至少 {rulebook.SHORTEST_HASH} 位"
        )
    found = await rulebook.like(conn, beginning.lower())
    if len(found) != 1:
        several = (
            f"{len(found)} sets have hashes that begin"
            if found
            else "no set that was in force has a hash that begins"
        )
        raise Usage(f"{several} with {beginning}; `log` shows them 请核对哈希")
    return found[0]["digest"], found[0]["body"]
