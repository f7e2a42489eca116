"""The lights under the bridge 桥下的灯: `make demo STORY=bridge`, played and judged. Real processes, Kafka, PostgreSQL."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import demo_bridge, evidence, ledger
from deploy.local.demo_bridge import PARTS, PUBLIC, REFUSING, Story, Told
from deploy.local.stack import Stack
from tests.e2e.world import until
from tests.suban import AT_ANY_HOUR


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="suban-bridge-") as folder:
        city = demo_bridge.city(Path(folder) / "city")
        running = Stack(
            "bridge", directory=Path(folder) / "stack", city=city, rate=demo_bridge.RATE,
            city_start="2026-11-23T08:00:00+08:00", fsync=False, usual_ports=False, env=AT_ANY_HOUR,
        )  # fmt: skip
        with running:
            yield running


@pytest.fixture(scope="module")
def told(stack: Stack) -> Told:
    return Story(stack, lambda line: None).play()


def test_seven_refuse_and_each_says_why(told: Told) -> None:
    assert [(one["department"], one["grounds"]) for one in told.refusals] == list(REFUSING)


def test_three_share_it_and_the_citizen_hears_one_voice(told: Told) -> None:
    assert [one["department"] for one in told.children] == [department for department, _, _ in PARTS]
    heard = [one["event"] for one in told.heard]
    assert [one for one in PUBLIC if one not in heard] == []
    assert {one["number"] for one in told.heard} == {told.number}
    assert any("3 个单位" in one["text"] for one in told.heard)


def test_who_held_it_how_long_adds_up_and_no_clock_began_again(told: Told) -> None:
    spans = [*told.account["holdings"], *told.account["waits"]]
    assert sum(one["seconds"] for one in spans) == pytest.approx(told.account["elapsed_seconds"], abs=1e-3)
    assert {one["of"] for one in told.account["holdings"]} >= {"dispatch-desk"}
    starts = {told.clocks[kind]["started_at"] for kind in ("response", "close")}
    assert len(starts) == 1


def test_the_next_one_goes_straight_to_its_owner(told: Told) -> None:
    assert told.next_owner == PARTS[0][0]


def test_the_ledger_finds_nothing_wrong(stack: Stack, told: Told) -> None:
    verdicts: list[ledger.Verdict] = []

    def clean() -> bool:
        verdicts.append(asyncio.run(ledger.judge([], stack.kafka.bootstrap, stack.postgres.url())))
        return verdicts[-1].clean

    until(clean)
    children = {one["case_id"] for one in told.children}
    citizens = [
        record for record in evidence.topics(stack.kafka.bootstrap)
        if record.type.startswith("notice.") and record.case in children and record.data()["audience"] == "citizen"
    ]  # fmt: skip
    assert citizens == []
