"""Seen from outside: a real Prometheus scrapes the running services; no panel is empty and what went in comes out."""

import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World, until
from tests.integration.observability import prometheus

ACCEPTED = 'sum(suban_intake_requests_total{outcome="accepted"})'
REGISTERED = "sum(suban_router_registered_total)"
# What a case that was closed has counted everywhere; the last one is notify's, at the end of the way.
COUNTED = (
    ACCEPTED,
    REGISTERED,
    'sum(suban_sla_clocks_finished_total{outcome="met", clock="response"})',
    'sum(suban_sla_clocks_finished_total{outcome="met", clock="close"})',
    'sum(suban_events_applied_total{job="sla", type="case.closed"})',
    'sum(suban_notify_notices_total{event="case.closed", outcome="sent"})',
)
SUMMED = "min(sum by (clock) (sum_over_time(suban:clocks_decided:increase5m[1d])))"
MOST = 10  # cases: what grows between two windows of a rule is in neither
OFFICER = {"id": "officer-li", "name": "李伟"}


@pytest.fixture
def url(world: World, tmp_path: Path) -> Iterator[str]:
    targets = {name: urllib.parse.urlsplit(world.stack.http(name)).netloc for name in world.stack.services}
    with prometheus.start_prometheus(targets, prometheus.faster(tmp_path), tmp_path) as found:
        until(lambda: prometheus.number(found, "sum(up)") == len(targets))
        yield found


def test_every_panel_answers_and_counts_what_went_in(world: World, url: str) -> None:
    before, sent = _counts(url), 0
    while prometheus.number(url, SUMMED) <= 0:
        assert sent < MOST, "the counts were not summed up"
        _one_more(world, url, f"1391234{sent:04}")
        sent += 1
    _one_more(world, url, "13912349999")  # a rate needs a series that was there before it grew
    after = _counts(url)
    assert [after[expr] - before[expr] for expr in (ACCEPTED, REGISTERED)] == [sent + 1] * 2
    assert prometheus.panels_answer(url, "5m", "30s") == []


def _one_more(world: World, url: str, phone: str) -> None:
    """A case from the door to the citizen's last message, by way of a return, and seen in every figure."""
    before = _counts(url)
    told = world.submit("hotline-12345", category="市容环卫/占道经营", place={"area": "pingshan/biling/shahu"},
                        reporter={"name": "王小明", "phone": phone})  # fmt: skip
    case = told["case_id"]
    owner = world.until_state(case, "dispatched")["holder"]
    returned = {"reason_code": "other", "grounds": "先核实"}
    for who, command, fields in (
        (f"department:{owner}", "return", returned),
        ("desk:duty", "reassign", {"department": owner, "reason": "主管部门"}),
        (f"department:{owner}", "accept", {"handler": OFFICER}),
        (f"department:{owner}", "start", {}),
        (f"department:{owner}", "resolve", {"kind": "fixed", "public_text": "已劝离。", "evidence": ["photo:1"]}),
        ("desk:duty", "close", {}),
    ):  # fmt: skip
        answer = world.command(case, who, command, **fields)
        assert answer.status_code == 200, answer.text
    try:
        until(lambda: not _not_counted(url, before))
    except AssertionError:
        pytest.fail(f"not counted: {_not_counted(url, before)}")


def _not_counted(url: str, before: dict[str, float]) -> list[str]:
    return [expr for expr, now in _counts(url).items() if now <= before[expr]]


def _counts(url: str) -> dict[str, float]:
    return {expr: prometheus.number(url, expr) for expr in COUNTED}
