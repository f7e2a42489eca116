"""`rules rollback`: a set that was in force before is in force again."""

import argparse
import asyncio

from services.console import store
from services.console.rules import apply, show
from services.router import drafts, rulebook
from services.router.rulebook import Entering


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hash", help="the set's hash, or its beginning; `log` shows them")
    apply.signed(parser)


def main(asked: argparse.Namespace) -> int:
    """Refused when the set names what the city no longer has: BadFile says what."""
    beside = drafts.city(asked.city)
    digest, body = asyncio.run(_kept(asked.hash))
    listed = drafts.kept(body, digest, beside)
    entering = Entering(digest, body, listed, rulebook.ROLLBACK, asked.author, asked.note)
    return asyncio.run(apply.enter(entering, beside))


async def _kept(beginning: str) -> tuple[str, str]:
    conn = await store.connect("router")
    try:
        return await show.one(conn, beginning)
    finally:
        await conn.close()
