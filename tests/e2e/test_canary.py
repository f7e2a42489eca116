"""A canary's number, name and words, sung at every door: found nowhere that they do not belong (delivery.md 10, 11)."""

import asyncio
import base64
from collections.abc import Iterator

import asyncpg
import pytest

from deploy.local import evidence
from tests.e2e.world import World, until

PHONE, NAME, USER = "13977766555", "柯南雀Canaria", "canary-user-7f3a"
TEXT, ADDED, NOTE = "canarytext-9b1c 路灯不亮", "canaryadded-5d2e 昨晚也没亮", "canarynote-8a4f"
SERVICES = ("intake", "router", "sla", "notify")
LAMP = {"category": "市政设施/公用部件/路灯", "place": {"area": "pingshan/biling/shahu"}}

# Where free text may stand (issue: intake's journal, the submissions topic, the router's store, assignment topics), and
# the outboxes that carry it there. Contacts may stand nowhere in clear.
TEXT_TABLES = (
    "intake.journal",
    "intake.act",
    "intake.outbox",
    "router.submission",
    "router.act",
    "router.outbox",
    "router.move",
    "router.reply",
)
TEXT_TOPICS = ("suban.submissions.", "suban.assignments.", "suban.commands.")


@pytest.fixture(scope="module")
def sung(world: World) -> str:
    """Every path there is; returns the case it became."""
    reporter = {"name": NAME, "phone": PHONE, "app_user": USER}
    case = str(world.submit("at-pingshan", text=TEXT, reporter=reporter, **LAMP)["case_id"])
    owner = world.until_state(case, "dispatched")["holder"]
    letter = {"no": "canary-1", "subject": "信", "body": TEXT, "from": {"name": NAME, "tel": PHONE}}
    answers = [
        world.ask("intake", "POST", "/v1/requests", "channel:gov-mailbox", json={"letter": letter}),
        world.ask("intake", "POST", "/v1/requests:batch", "channel:web-portal",
                  json={"requests": [{"request_id": "canary-2", "text": TEXT, "reporter": reporter}]}),
        world.ask("intake", "POST", f"/v1/requests/{case}/acts", "channel:at-pingshan",
                  json={"act_id": "canary-3", "kind": "supplement", "text": ADDED}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [202, 202, 202], [answer.text for answer in answers]
    _sing_wrongly(world, reporter)
    world.say(owner, case, "accept", handler={"id": "h-1", "name": "李伟"})
    world.say(owner, case, "respond", basis="logged_contact", contact_note=f"{NOTE} {PHONE}")
    world.until_state(case, "accepted")
    revealed = until(lambda: _revealed(world, case, owner))
    assert PHONE in str(revealed)
    until(lambda: world.clocks(case))
    until(
        lambda: "suban.submissions.v1" in world.stack.command("dead-letters", "--service", "router", "list")
    )
    return case


def _sing_wrongly(world: World, reporter: dict[str, str]) -> None:
    """What is refused, and what cannot be read, leaves no trace either."""
    refused = [
        world.ask("intake", "POST", "/v1/requests", "channel:at-pingshan", json={"request_id": "canary-4", "text": TEXT * 400, "reporter": reporter}),
        world.ask("intake", "POST", "/v1/requests", "channel:at-pingshan", json={"request_id": "canary-5", "texxt": TEXT, "reporter": reporter}),
        world.ask("intake", "POST", "/v1/requests", json={"request_id": "canary-6", "text": TEXT, "reporter": reporter}),
        world.ask("intake", "POST", "/v1/requests", "channel:at-pingshan", json={"request_id": "canary-7", "text": TEXT, "reporter": {**reporter, "phone": f"{PHONE}99"}}),
        world.ask("router", "POST", f"/v1/cases/{PHONE}/commands", "desk:duty", content=f'{{"command": "{PHONE}'.encode()),
        world.ask("notify", "GET", f"/v1/feed/{PHONE}", "department:urban-management"),
    ]  # fmt: skip
    assert all(400 <= answer.status_code < 500 for answer in refused), [
        answer.status_code for answer in refused
    ]
    assert not any(PHONE in answer.text or "canarytext" in answer.text for answer in refused)
    for partition in range(world.stack.shards):  # nobody's: a dead letter
        world.produce("suban.submissions.v1", f"{PHONE} {NAME} canaryburied".encode(), partition=partition)


def _revealed(world: World, case: str, owner: str) -> object:
    answer = world.ask(
        "notify", "POST", f"/v1/contacts/{case}/reveal", f"department:{owner}", json={"purpose": "call back"}
    )
    return answer.json() if answer.status_code == 200 else None


def _forms(word: str) -> list[bytes]:
    """A word as it may be written: plain, as JSON escapes, and of bytes as Postgres prints them."""
    plain = word.encode()
    return [plain, word.encode("unicode_escape"), plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")]


CONTACTS = (PHONE, NAME, USER)
WORDS = (TEXT.split()[0], ADDED.split()[0], NOTE)


def _found(haystack: bytes, words: tuple[str, ...]) -> list[str]:
    return [word for word in words if any(form in haystack for form in _forms(word))]


def _rows(world: World) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of every service, as text."""

    async def read() -> list[tuple[str, bytes]]:
        conn = await asyncpg.connect(world.stack.postgres.url())
        names = await conn.fetch(
            "SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname = ANY($1)",
            list(SERVICES),
        )
        rows = []
        for table in (f"{one['schema']}.{one['name']}" for one in names):
            rows += [(table, row[0].encode()) for row in await conn.fetch(f"SELECT t::text FROM {table} t")]
        await conn.close()
        return rows

    yield from asyncio.run(read())


def test_no_log_line_has_it(world: World, sung: str) -> None:
    logs = sorted(world.stack.logs.glob("*.log"))
    assert {"intake.log", "router.log", "sla.log", "notify.log"} <= {path.name for path in logs}
    leaks = [
        (path.name, line[:300])
        for path in logs
        for line in path.read_bytes().splitlines()
        if _found(line, (*CONTACTS, *WORDS, "canaryburied"))
    ]
    assert leaks == []


def test_no_metric_has_it(world: World, sung: str) -> None:
    for service in SERVICES:
        assert _found(world.ask(service, "GET", "/metrics").content, (*CONTACTS, *WORDS)) == []


def test_topics_have_it_only_where_it_belongs(world: World, sung: str) -> None:
    records = list(evidence.topics(world.stack.kafka.bootstrap))
    assert any(record.case == sung for record in records)
    for record in records:
        held = record.value + repr(record.headers).encode()
        if b"canaryburied" in held or record.topic.startswith("suban.commands."):
            continue  # ours, and the department's own words
        assert _found(held, CONTACTS) == [], record.where
        if not record.topic.startswith(TEXT_TOPICS):
            assert _found(held, WORDS) == [], record.where


def test_tables_have_it_only_where_it_belongs(world: World, sung: str) -> None:
    held = {table for table, row in _rows(world) if _found(row, WORDS)}
    assert {"intake.journal", "router.submission"} <= held  # the search does find what is there
    for table, row in _rows(world):
        contacts = _found(row, CONTACTS)
        if table in ("router.move", "router.reply"):  # what a department wrote of its call
            contacts = [word for word in contacts if NOTE.encode() not in row]
        assert contacts == [], (table, row[:400])
        if table not in TEXT_TABLES:
            assert _found(row, WORDS) == [], (table, row[:400])


def test_dead_letters_hold_it_sealed(world: World, sung: str) -> None:
    buried = [row for table, row in _rows(world) if table.endswith(".dead_letter")]
    assert buried
    assert _found(b"".join(buried), (PHONE, NAME, "canaryburied")) == []
    letters = [
        record
        for record in evidence.topics(world.stack.kafka.bootstrap)
        if record.topic == "suban.dead-letters.v1"
    ]
    assert letters
    assert all(
        record.data()["sealed"] and _found(record.value, (PHONE, NAME, "canaryburied")) == []
        for record in letters
    )
