"""Kafka, PostgreSQL and the four services on one machine that has only Python: no Docker, no root, no Java.

`python -m deploy.local up | down | status | logs | clean`; as a library: `stack.Stack`, `kafka.Kafka`, `postgres.Postgres`.
"""

from collections.abc import Callable


class Broken(Exception):
    """A piece is missing or failed. The message is one sentence for a person: what is wrong and what to do."""


Say = Callable[[str], None]
"""Takes one line on what is happening now; who calls decides where it is shown."""


def quiet(_line: str) -> None:
    """For callers that show nothing."""
