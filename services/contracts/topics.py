"""The topic table: every topic, who writes it, who reads it, how long it is kept and why.

Templates hold `{department}` or `{actor}`; `docs/events.md` is generated from this table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

DAY = timedelta(days=1)


class Partitions(Enum):
    """By case: one partition a shard, the same number everywhere. Single: one, in order of arrival."""

    BY_CASE = "one a shard"
    SINGLE = "one"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    writer: str
    readers: str
    partitions: Partitions
    retention: timedelta
    why: str
    per_department: bool = False


SUBMISSIONS = "suban.submissions.v1"
CASES = "suban.cases.v1"
EMERGENCIES = "suban.emergencies.v1"
CLOCKS = "suban.clocks.v1"
NOTICES = "suban.notices.v1"
WATERMARKS = "suban.watermarks.v1"
DEAD_LETTERS = "suban.dead-letters.v1"
ASSIGNMENTS = "suban.assignments.{department}.v1"
COMMANDS = "suban.commands.{department}.v1"
REPLIES = "suban.replies.{department}.v1"

TOPICS: tuple[Topic, ...] = (
    Topic(
        SUBMISSIONS,
        "intake",
        "router",
        Partitions.BY_CASE,
        14 * DAY,
        "free text: no longer than a router could be away; intake's journal keeps the original",
    ),
    Topic(
        CASES,
        "router",
        "sla, notify, your reports",
        Partitions.BY_CASE,
        30 * DAY,
        "the log: a month lets clocks and reports be rebuilt from it",
    ),
    Topic(
        EMERGENCIES,
        "router",
        "the emergency services' desk (110, 119, 120, 122)",
        Partitions.BY_CASE,
        30 * DAY,
        "as long as the log it is about; nothing else is on it, so that nothing queues before it",
    ),
    Topic(CLOCKS, "sla", "notify, anybody", Partitions.BY_CASE, 30 * DAY, "as long as the log it is about"),
    Topic(NOTICES, "notify", "anybody", Partitions.BY_CASE, 30 * DAY, "as long as the log it is about"),
    Topic(WATERMARKS, "router", "sla", Partitions.SINGLE, timedelta(hours=1), "only the newest mark counts"),
    Topic(
        DEAD_LETTERS,
        "any service",
        "operators",
        Partitions.SINGLE,
        30 * DAY,
        "the time a cause may take to be found",
    ),
    Topic(
        ASSIGNMENTS,
        "router",
        "that department",
        Partitions.SINGLE,
        30 * DAY,
        "a department rebuilds its list of open work from it",
        per_department=True,
    ),
    Topic(
        COMMANDS,
        "that department",
        "router",
        Partitions.SINGLE,
        30 * DAY,
        "longer than the 14 days a command id is remembered",
        per_department=True,
    ),
    Topic(
        REPLIES,
        "router",
        "that department",
        Partitions.SINGLE,
        14 * DAY,
        "as long as a repeat of the command gets the same reply",
        per_department=True,
    ),
)

# Besides departments, these actors send commands by topic.
INTERNAL_ACTORS = ("sla",)


def assignments(department: str) -> str:
    return ASSIGNMENTS.format(department=department)


def commands(actor: str) -> str:
    return COMMANDS.format(department=actor)


def replies(department: str) -> str:
    return REPLIES.format(department=department)


def person(actor: str) -> bool:
    """Whether this is somebody of the desk's, by a key of their own; no topic of the broker's can have such a name."""
    return actor.startswith("desk:")


def actor_of(topic: str) -> str | None:
    """Who speaks on a command topic; None when `topic` is not one."""
    head, tail = COMMANDS.split("{department}")
    if topic.startswith(head) and topic.endswith(tail) and len(topic) > len(head) + len(tail):
        return topic[len(head) : -len(tail)]
    return None


def concrete(departments: Iterable[str]) -> list[tuple[str, Topic]]:
    """Every real topic name of a city with the row it comes from."""
    slugs = list(departments)
    named = [(row.name, row) for row in TOPICS if not row.per_department]
    for row in TOPICS:
        if row.per_department:
            named += [(row.name.format(department=slug), row) for slug in slugs]
    return named + [(commands(actor), _row(COMMANDS)) for actor in INTERNAL_ACTORS]


def _row(name: str) -> Topic:
    return next(row for row in TOPICS if row.name == name)
