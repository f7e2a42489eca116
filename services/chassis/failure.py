"""What kinds of failure there are, and what each does to the work at hand (delivery rule 9)."""

import asyncio
from enum import Enum

import asyncpg
from aiokafka.errors import KafkaError


class Poison(Exception):
    """This record can never succeed, whatever is tried: it parks its case."""


class ShardStopped(Exception):
    """The shard must not go on until somebody has looked; the message says at what."""


class Gap(Exception):
    """A number is missing before this record; read again from what was applied last."""

    def __init__(self, topic: str, expected: int, found: int) -> None:
        super().__init__(f"{topic}: number {expected} is missing, {found} came")
        self.topic, self.expected, self.found = topic, expected, found


class Raced(Exception):
    """Somebody else did the same thing in this moment: tried again, what they did is found."""


class Busy(Exception):
    """The shard was not free in time; whether the work is done is unknown unless it is repeated."""


class Nature(Enum):
    TRANSIENT = "try the same again"
    OWN = "try each alone, then park"
    STOP = "stop the shard"


TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # tried: the driver says so when a session is cut between two of its messages
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    KafkaError,
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
    Raced,
    Busy,
)


def nature(error: BaseException) -> Nature:
    """Connection, time-out and deadlock errors never park; a stop stops; the rest is the record's own fault."""
    if isinstance(error, ShardStopped | Gap):
        return Nature.STOP
    if isinstance(error, TRANSIENT) and not isinstance(error, asyncpg.DataError):
        return Nature.TRANSIENT
    return Nature.OWN


def reason(error: BaseException) -> str:
    """A sentence for operators without any data of the record: messages of errors may quote it."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_name}:{where.tb_lineno}" if where else "?"
    text = str(error) if isinstance(error, Poison | Gap | ShardStopped) else ""
    return f"{type(error).__name__} in {place}" + (f": {text}" if text else "")
