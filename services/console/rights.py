"""Who may do what on the brokers: a department reads and writes its own topics and no other. Granted by `provision`.

Users are `department-<slug>` and `suban-<service>`; their consumer groups bear the same name. What a service may do
follows from what it subscribes to and from the topic table, so there is no second list to forget.
"""

import importlib
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import admin as kafka_admin

from services.chassis import database
from services.contracts import topics

ROUNDS = 4096
TOPIC, GROUP = kafka_admin.ResourceType.TOPIC, kafka_admin.ResourceType.GROUP
READ, WRITE = kafka_admin.AclOperation.READ, kafka_admin.AclOperation.WRITE


@dataclass(frozen=True, slots=True)
class Right:
    """`name` is a topic's or group's; with `prefixed` the beginning of many."""

    user: str
    kind: Any
    name: str
    operation: Any
    prefixed: bool = False


def department_user(slug: str) -> str:
    return f"department-{slug}"


def service_user(service: str) -> str:
    return f"suban-{service}"


def of_department(slug: str) -> list[Right]:
    user = department_user(slug)
    return [
        Right(user, TOPIC, topics.assignments(slug), READ),
        Right(user, TOPIC, topics.replies(slug), READ),
        Right(user, TOPIC, topics.commands(slug), WRITE),
        Right(user, GROUP, user, READ),
    ]


def of_service(service: str) -> list[Right]:
    """It reads what it writes, too: at its start it compares the ends of its topics with its own numbers."""
    table, user = importlib.import_module(f"services.{service}.service").SERVICE, service_user(service)
    read = {event.TOPIC for event in table.subscriptions} | set(table.follows or ())
    read |= {topics.COMMANDS} if table.inbox is not None else set()
    written = {row.name for row in topics.TOPICS if row.writer in (service, "any service")}
    written |= {topics.commands(service)} if service in topics.INTERNAL_ACTORS else set()
    rights = [_of_topic(user, name, READ) for name in sorted(read | written)]
    return [
        *rights,
        *(_of_topic(user, name, WRITE) for name in sorted(written)),
        Right(user, GROUP, user, READ),
    ]


def _of_topic(user: str, template: str, operation: Any) -> Right:
    beginning, per_department, _ = template.partition("{")
    return Right(user, TOPIC, beginning, operation, bool(per_department))


def everybody(slugs: Iterable[str]) -> list[Right]:
    services = (right for service in database.SERVICES for right in of_service(service))
    return [*services, *(right for slug in slugs for right in of_department(slug))]


def guarded(admin: Any) -> bool:
    """Whether the brokers have an authorizer; without one everybody may do everything.

    Read from a broker's settings: asked for their ACLs, brokers without an authorizer answer that there are none.
    """
    broker = next(iter(admin.list_topics(timeout=20).brokers))
    one = kafka_admin.ConfigResource(kafka_admin.ResourceType.BROKER, str(broker))
    found = admin.describe_configs([one])[one].result(timeout=20)
    return bool(found["authorizer.class.name"].value)


def grant(admin: Any, rights: Sequence[Right]) -> None:
    """Granted twice is granted once. Raises SystemExit for what the brokers refuse."""
    for binding, done in admin.create_acls([_binding(right) for right in rights]).items():
        try:
            done.result(timeout=30)
        except KafkaException as failed:
            raise SystemExit(f"{binding.principal} could not be let to {binding.name}: {failed}") from failed


def _binding(right: Right) -> Any:
    pattern = (
        kafka_admin.ResourcePatternType.PREFIXED
        if right.prefixed
        else kafka_admin.ResourcePatternType.LITERAL
    )
    return kafka_admin.AclBinding(
        right.kind, right.name, pattern, f"User:{right.user}", "*", right.operation,
        kafka_admin.AclPermissionType.ALLOW,
    )  # fmt: skip


def make_users(admin: Any, users: Iterable[str]) -> Mapping[str, str]:
    """A SCRAM-SHA-512 password for each who has none yet; the others keep theirs. Returns the new ones."""
    passwords = {user: secrets.token_urlsafe(24) for user in users if not _has_password(admin, user)}
    info = kafka_admin.ScramCredentialInfo(kafka_admin.ScramMechanism.SCRAM_SHA_512, ROUNDS)
    wanted = [
        kafka_admin.UserScramCredentialUpsertion(user, info, password.encode())
        for user, password in passwords.items()
    ]
    for done in (admin.alter_user_scram_credentials(wanted) if wanted else {}).values():
        done.result(timeout=30)
    _wait_for(admin, passwords)
    return passwords


def _wait_for(admin: Any, users: Iterable[str]) -> None:
    """A broker shows a user a moment after taking it; a run in between would make another password."""
    waiting = list(users)
    for _ in range(100):
        waiting = [user for user in waiting if not _has_password(admin, user)]
        if not waiting:
            return
        time.sleep(0.1)
    raise SystemExit(
        f"the broker took these users and does not show them: {', '.join(waiting)}; provision again"
    )


def _has_password(admin: Any, user: str) -> bool:
    try:
        found = admin.describe_user_scram_credentials([user])[user].result(timeout=20)
    except KafkaException as refused:
        if refused.args[0].code() == KafkaError.RESOURCE_NOT_FOUND:
            return False
        raise
    return bool(found.scram_credential_infos)
