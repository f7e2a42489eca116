"""`keys`: make, list and revoke API keys; make the key pair contacts are sealed with."""

import argparse
import asyncio
import re

from rich.console import Console
from rich.table import Table

from services.chassis import database, keys, sealing
from services.console import store

PRINCIPAL = re.compile(r"(channel|department|desk|operator):[A-Za-z0-9_-]{1,64}")


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="make a key; the token is printed once and kept nowhere")
    add.add_argument(
        "--service",
        action="append",
        required=True,
        choices=database.SERVICES,
        help="who shall know it; may be repeated",
    )
    add.add_argument(
        "--principal", required=True, help="channel:<id>, department:<slug>, desk:<name> or operator:<name>"
    )
    verbs.add_parser("list", help="all keys, without their secrets").add_argument(
        "--service", default="intake", choices=database.SERVICES
    )
    revoke = verbs.add_parser("revoke", help="a key stops working within seconds")
    revoke.add_argument("key_id")
    verbs.add_parser(
        "pair",
        help="print a new key pair for contacts: SUBAN_CONTACT_PUBLIC_KEY and SUBAN_CONTACT_PRIVATE_KEY",
    )


def main(asked: argparse.Namespace) -> int:
    if asked.verb == "pair":
        private, public = sealing.new_key_pair()
        print(f"SUBAN_CONTACT_PUBLIC_KEY={public}\nSUBAN_CONTACT_PRIVATE_KEY={private}")
        return 0
    return asyncio.run({"add": _add, "list": _list, "revoke": _revoke}[asked.verb](asked))


async def _add(asked: argparse.Namespace) -> int:
    if not PRINCIPAL.fullmatch(asked.principal):
        print(
            f"{asked.principal!r} is no principal: say channel:<id>, department:<slug>, desk:<name> or operator:<name>"
        )
        return 2
    conn = await store.connect()
    try:
        print(await keys.add_to(conn, asked.principal, asked.service))
    finally:
        await conn.close()
    return 0


async def _list(asked: argparse.Namespace) -> int:
    conn = await store.connect(asked.service)
    table = Table("key id", "principal", "made", "revoked", title=f"keys of {asked.service}")
    for row in await conn.fetch(database.SQL["list_keys"]):
        table.add_row(
            row["key_id"],
            row["principal"],
            f"{row['created_at']:%Y-%m-%d %H:%M}",
            str(row["revoked_at"] or ""),
        )
    Console().print(table)
    await conn.close()
    return 0


async def _revoke(asked: argparse.Namespace) -> int:
    conn = await store.connect()
    done = 0
    for service in database.SERVICES:
        await conn.execute(f"SET search_path = {service}")
        done += int((await conn.execute(database.SQL["revoke_key"], asked.key_id)).split()[-1])
    await conn.close()
    print(f"revoked in {done} services" if done else f"no live key {asked.key_id}")
    return 0 if done else 1
