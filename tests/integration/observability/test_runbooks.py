"""The questions that pages tell an operator to ask of the database and of Prometheus are understood by both."""

import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tests.integration.observability import prometheus

PAGES = sorted((prometheus.ROOT / "docs" / "runbooks").glob("*.md"))


def statements() -> Iterator[str]:
    for page in PAGES:
        yield from re.findall(
            r"^```sql\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )


def expressions() -> set[str]:
    """Everything in code marks of a sentence that begins with `PromQL:`."""
    said = (
        asked
        for page in PAGES
        for asked in re.findall(r"PromQL: (.*?)\.\n", page.read_text(encoding="utf-8"), re.DOTALL)
    )
    found = {code for sentence in said for code in re.findall(r"`([^`]+)`", sentence)}
    return {code for code in found if "suban" in code or "up" in code.split()}


async def test_postgres_understands_every_statement(database: str) -> None:
    conn = await asyncpg.connect(database)
    asked = list(statements())
    assert len(asked) >= 2
    for statement in asked:
        await conn.fetch(statement)
    await conn.close()


def test_prometheus_understands_every_question(tmp_path: Path) -> None:
    asked = expressions()
    assert len(asked) >= 30
    with prometheus.start_prometheus({}, tmp_path / "none", tmp_path) as url:
        refused = [
            (one, answer) for one in sorted(asked) if isinstance(answer := prometheus.query(url, one), str)
        ]
    assert refused == []
