"""One Suban for all chaos tests of a run; every judgement is over everything that was ever asked of it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.stack import CITY
from tests import suban
from tests.chaos.harness import Rig

RATE = 300.0  # 30 minutes are 6 seconds, two hours 24
ENV = {"SUBAN_SESSION_TIMEOUT_S": "6", "SUBAN_LOG_LEVEL": "warning"}
# Responses must lie in the topic before the first of them falls due, at whatever hour the test comes to it: thousands, or a few.
PATIENT = """\
  - name: prompt
    title: {zh: 建议路灯：1 小时响应, en: "A suggestion for a lamp: response in 1 hour"}
    when: {category: [市政设施/公用部件/路灯], kind: [suggestion]}
    response: {target: PT1H, counts: [public_message]}
    close: {target: P10D}
    calendar: 24x7
    ladder:
      - {percent: 100, audience: [handler]}
  - name: patient
    title: {zh: 表扬路灯：2 小时响应, en: "Praise of a lamp: response in 2 hours"}
    when: {category: [市政设施/公用部件/路灯], kind: [praise]}
    response: {target: PT2H, counts: [public_message]}
    close: {target: P10D}
    calendar: 24x7
    ladder:
      - {percent: 100, audience: [handler]}
"""


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example city with two plans more."""
    folder = tmp_path_factory.mktemp("city") / CITY.name
    shutil.copytree(CITY, folder)
    plans = folder / "plans.yaml"
    plans.write_text(
        plans.read_text(encoding="utf-8").replace("\ndefault:", f"\n{PATIENT}default:"), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="session")
def rig(city: Path, record_testsuite_property: Callable[[str, object], None]) -> Iterator[Rig]:
    with suban.running("chaos", RATE, record_testsuite_property, city=city, env=ENV) as running:
        yield Rig(running)
