"""Seen from outside: a real Prometheus scrapes the running services; no panel is empty and what went in comes out."""

import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World, until
from tests.integration.observability import prometheus

ACCEPTED = 'sum(suban_intake_requests_total{outcome="accepted"})'
REGISTERED = "sum(suban_router_registered_total)"
MET = 'sum(suban_sla_clocks_finished_total{outcome="met", clock="%s"})'
CLOSED = 'sum(suban_events_applied_total{job="sla", type="case.closed"})'
TOLD = 'sum(suban_notify_notices_total{event="case.closed", outcome="sent"})'
OFFICER = {"id": "officer-li", "name": "李伟"}


@pytest.fixture
def url(world: World, tmp_path: Path) -> Iterator[str]:
    targets = {name: urllib.parse.urlsplit(world.stack.http(name)).netloc for name in world.stack.services}
    with prometheus.start_prometheus(targets, prometheus.RULES, tmp_path) as found:
        until(lambda: prometheus.number(found, "sum(up)") == len(targets))
        yield found


def test_every_panel_answers_and_counts_what_went_in(world: World, url: str) -> None:
    counted = (ACCEPTED, REGISTERED, MET % "response", MET % "close", CLOSED)
    before = {expr: prometheus.number(url, expr) for expr in counted}
    for many in (1, 2):  # twice: a rate needs a series that was there before it grew
        told = prometheus.number(url, TOLD)
        _all_the_way(world)
        until(lambda: all(prometheus.number(url, expr) >= before[expr] + many for expr in counted))
        until(lambda: prometheus.number(url, TOLD) > told)
    assert {expr: prometheus.number(url, expr) - before[expr] for expr in (ACCEPTED, REGISTERED)} == {
        ACCEPTED: 2,
        REGISTERED: 2,
    }
    assert prometheus.panels_answer(url, "5m", "30s") == []


def _all_the_way(world: World) -> None:
    told = world.submit("hotline-12345", category="市容环卫/占道经营", place={"area": "pingshan/biling/shahu"},
                        reporter={"name": "王小明", "phone": "13912345678"})  # fmt: skip
    case = told["case_id"]
    owner = f"department:{world.until_state(case, 'dispatched')['holder']}"
    assert world.command(case, owner, "accept", handler=OFFICER).status_code == 200
    assert world.command(case, owner, "start").status_code == 200
    done = world.command(
        case, owner, "resolve", kind="fixed", public_text="摊位已劝离。", evidence=["photo:1"]
    )
    assert done.status_code == 200, done.text
    assert world.command(case, "desk:duty", "close").status_code == 200
