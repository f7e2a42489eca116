"""Our lag invents no breach, and a host's clock decides nothing: what is held back, or wrong, longer than the target.

The responses are made in time; we take them after they fell due. The short forms run in `make test`.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from confluent_kafka import Producer

from deploy.local import evidence, ledger
from services.contracts import topics
from tests.chaos.harness import Rig, Size
from tests.chaos.test_promise import item, pushed

Letters = Mapping[str, dict[str, Any]]
LAMP = {"text": "感谢社区处理路灯，速度很快。", "category": "市政设施/公用部件/路灯",
        "place": {"area": "pingshan/biling/shahu"}}  # fmt: skip
SLACK_S = 60.0  # of the city's: a rung that is due is fired


def cases_of(rig: Rig, name: str, requests: int, kind: str) -> set[str]:
    bodies = [{"request_id": f"{name}-{n}", "kind": kind, **LAMP} for n in range(requests)]
    cases = {promise.case_id for promise in pushed(rig, [item(body) for body in bodies])}
    assert len(cases) == requests
    return cases


@contextmanager
def router(rig: Rig, letters: Letters) -> Iterator[None]:
    with rig.frozen("router"):
        rig.respond(letters)
        yield


@contextmanager
def sla(rig: Rig, letters: Letters) -> Iterator[None]:
    with rig.frozen("sla"):
        rig.respond(letters)
        yield


@contextmanager
def topic(rig: Rig, letters: Letters) -> Iterator[None]:
    """Of one department: what stands behind a transaction that is not ended is read by nobody. The others go on."""
    (department,) = {letter["department"] for letter in letters.values()}
    hung = Producer(
        {"bootstrap.servers": rig.stack.kafka.bootstrap, "transactional.id": f"hung-{len(letters)}"}
    )
    hung.init_transactions(10)
    hung.begin_transaction()
    hung.produce(topics.commands(department), b'{"command": "never"}', partition=0)
    assert hung.flush(10) == 0
    rig.respond(letters)
    try:
        yield
    finally:
        hung.abort_transaction(10)


@contextmanager
def broker(rig: Rig, letters: Letters) -> Iterator[None]:
    """By the other door meanwhile: the router has taken them, and nobody hears of it."""
    rig.stack.kafka.stop()
    try:
        for case, letter in letters.items():
            _respond(rig, case, letter["department"])
        yield
    finally:
        rig.stack.kafka.start()
        rig.stack.kafka.wait_ready()


def _respond(rig: Rig, case: str, department: str) -> None:
    head = {"Authorization": f"Bearer {rig.stack.tokens[f'department:{department}']}"}
    body = {
        "command": "respond",
        "command_id": f"{case}-held",
        "basis": "public_message",
        "public_text": "谢谢。",
    }
    door = f"{rig.stack.http('router')}/v1/cases/{case}/commands"
    answer = httpx.post(door, json=body, headers=head, trust_env=False, timeout=10)
    assert answer.status_code == 200, answer.text


@contextmanager
def database(rig: Rig, letters: Letters) -> Iterator[None]:
    rig.stack.postgres.stop()
    try:
        rig.respond(letters)
        yield
    finally:
        rig.stack.postgres.start()
        rig.stack.postgres.wait_ready()


HELD = [router, sla, topic, broker, database]
SIZES = [
    (8, "suggestion", 1),
    pytest.param(1000, "praise", 5, marks=pytest.mark.long),
]  # requests a wave, of what, waves


@pytest.mark.parametrize(("requests", "kind", "waves"), SIZES)
@pytest.mark.parametrize("held", HELD)
def test_held_back_while_responses_wait(
    rig: Rig, held: Callable[[Rig, Letters], Any], requests: int, kind: str, waves: int
) -> None:
    """From before the responses until a minute of the city's after the last was due. No breach is invented."""
    for wave in range(waves):
        since = evidence.now(rig.stack.kafka.bootstrap)
        cases = cases_of(rig, f"held-{held.__name__}-{requests}-{wave}", requests, kind)
        letters = rig.letters(cases, since)
        dues = [datetime.fromisoformat(letter["due_response_at"]) for letter in letters.values()]
        assert rig.clock
        with held(rig, letters):
            assert rig.city_now() < min(dues), "too slow: the responses were late themselves"
            rig.wait(lambda dues=dues: (rig.city_now() - max(dues)).total_seconds() > SLACK_S, 40)  # type: ignore[misc]
        rig.rest()
        rig.wait(lambda cases=cases, since=since: rig.outcomes(cases, since) == {"met": len(cases)}, 60)  # type: ignore[misc]
        assert rig.told(cases, since, "clock.breached") == []
        assert rig.told(cases, since, "clock.corrected") == []
    verdict = rig.judge()
    assert verdict.clean, str(verdict)


def test_a_breach_that_nothing_proved_is_marked_and_taken_back(rig: Rig) -> None:
    """The router is away for longer than sla is patient, and answers lie in the topic."""
    rig.stack.restart("sla", by=("tests.impatient", "5"))
    since = evidence.now(rig.stack.kafka.bootstrap)
    cases = cases_of(rig, "unproven", 8, "suggestion")
    letters = rig.letters(cases, since)
    with rig.frozen("router"):
        rig.respond(letters)
        rig.wait(lambda: len(rig.told(cases, since, "clock.breached")) == len(cases), 60)
        assert all(data["unconfirmed"] for data in rig.told(cases, since, "clock.breached"))
        shown = [_shown(rig, case) for case in cases]
        assert {one["state"] for one in shown} == {"running"}
        assert all(one["breached"] for one in shown)
    rig.wait(lambda: rig.outcomes(cases, since) == {"met": len(cases)}, 60)
    assert len(rig.told(cases, since, "clock.corrected")) == len(cases)
    shown = [_shown(rig, case) for case in cases]
    assert {(one["state"], one["breached"], one["corrected"]) for one in shown} == {("met", False, True)}
    counted = httpx.get(rig.stack.http("sla") + "/metrics", trust_env=False).text.splitlines()
    label = 'suban_sla_clocks_finished_total{clock="response",department="'
    taken_back = [
        float(line.split()[-1])
        for line in counted
        if line.startswith(label) and 'outcome="corrected"' in line
    ]
    assert sum(taken_back) == len(cases)
    rig.stack.restart("sla")
    rig.rest()
    verdict = rig.judge()
    assert verdict.clean, str(verdict)


def _shown(rig: Rig, case: str) -> dict[str, Any]:
    head = {"Authorization": f"Bearer {rig.stack.tokens['desk:duty']}"}
    answer = httpx.get(f"{rig.stack.http('sla')}/v1/clocks/{case}", headers=head, trust_env=False).json()
    found: dict[str, Any] = next(one for one in answer["clocks"] if one["clock"] == "response")
    return found


JUMPS = (3600.0, -60.0, 0.0)
PATIENCE_S = 120  # a busy machine is slow and not wrong
# Not in the short run: on some runs a rung that is due waits for the wrong host after all, and why is not known yet.
TRAFFIC = [pytest.param(size, marks=pytest.mark.long) for size in (Size(120, 12, 0), Size(2000, 50, 0))]


@pytest.mark.parametrize("size", TRAFFIC)
def test_a_hosts_clock_jumps_an_hour_forward_and_a_minute_back(rig: Rig, tmp_path: Path, size: Size) -> None:
    """First sla's, then the router's: every rung once, in order, none before its instant, and none waits for that host."""
    since, wrong = evidence.now(rig.stack.kafka.bootstrap), {one: tmp_path / one for one in ("sla", "router")}
    with rig.load(size):
        for service, file in wrong.items():
            rig.stack.restart(service, wait=False, by=("tests.skewed", str(file)))
        for file in wrong.values():
            for seconds in JUMPS:
                file.write_text(str(seconds))
                jumped = rig.city_now()
                rig.wait(lambda jumped=jumped: _fired_after(rig, jumped), PATIENCE_S)  # type: ignore[misc]
        for service in wrong:
            rig.stack.restart(service, wait=False)
    verdict = rig.judge()
    assert verdict.clean, str(verdict)
    rungs = [r.data() for r in evidence.topics(rig.stack.kafka.bootstrap, since) if r.type in ledger.RUNGS]
    assert rungs
    assert all(data["late_by"] >= 0 and not data["unconfirmed"] for data in rungs)
    rig.wait(lambda: _overdue(rig) == 0, PATIENCE_S)


def _fired_after(rig: Rig, jumped: datetime) -> bool:
    """Rungs that fell due after this moment have fired, and none that is long due has not."""
    due = "SELECT count(*) FROM sla.clock WHERE next_rung_at < $1"
    return (rig.city_now() - jumped).total_seconds() > 5 * SLACK_S and _count(rig, due, jumped) == 0


def _overdue(rig: Rig) -> int:
    """Rungs a quarter of an hour of the city's past their instant: three seconds here."""
    return _count(
        rig,
        "SELECT count(*) FROM sla.clock WHERE next_rung_at < $1::timestamptz - interval '15 min'",
        rig.city_now(),
    )


def _count(rig: Rig, query: str, at: datetime) -> int:
    async def ask() -> int:
        conn = await asyncpg.connect(rig.stack.postgres.url(), timeout=10)
        try:
            return int(await conn.fetchval(query, at))
        finally:
            await conn.close()

    return asyncio.run(ask())
