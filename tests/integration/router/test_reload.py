"""The city's files while the router runs: a good set comes into force whole, a bad one not at all."""

import shutil
from pathlib import Path

import pytest

from services.chassis import metrics as chassis_metrics
from services.chassis import reload
from services.chassis.files import BadFile, Watched
from services.router import metrics, state
from tests.integration.router.rig import CITY, Rig

DEPARTMENT = """
  - {slug: new-unit, name: {zh: 新单位, en: New Unit}, short: 新单位, level: district, duties: 测试}
"""
ROSTER = """
  new-unit:
    shifts:
      - name: always
        days: daily
        hours: "00:00-24:00"
        handlers: [{id: new-unit-1, name: 甲, phone: "+8613700000990"}]
        duty_officer: {id: new-unit-2, name: 乙, phone: "+8613700000991"}
        head: {id: new-unit-3, name: 丙, phone: "+8613700000992"}
"""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CITY, tmp_path / "city"))


def watch(router: Rig, city: Path) -> state.State:
    """The router's state, its files elsewhere, so that the test may change them."""
    ours = router.running.state
    ours.watched = Watched(lambda: state.load(city))
    return ours


async def test_a_changed_rule_comes_into_force(router: Rig, city: Path) -> None:
    ours = watch(router, city)
    before, rules = ours.law.rules.digest, city / "rules.yaml"
    rules.write_text(
        rules.read_text()
        + "\n  - {id: new-one, note: a test, when: {category: [市容环卫]}, then: {lead: police}}\n"
    )
    assert await reload.look(ours.watched, asked=False)
    assert ours.law.rules.digest != before
    state.reloaded(ours)
    assert metrics.RULES._value.get() == ours.law.rules.size


async def test_a_bad_set_is_refused_whole_and_the_old_one_stays(router: Rig, city: Path) -> None:
    ours = watch(router, city)
    before, rules = ours.law, city / "rules.yaml"
    good = rules.read_text()
    rules.write_text(good + "\n  - {id: new-one, note: a test, when: {}, then: {lead: nobody-we-know}}\n")
    assert not await reload.look(ours.watched, asked=False)
    assert ours.law is before
    assert "nobody-we-know" in (ours.watched.last_error or "")
    assert "rules.yaml:" in (ours.watched.last_error or "")
    assert chassis_metrics.CITY_REFUSED._value.get() == 1
    rules.write_text(good)
    await reload.look(ours.watched, asked=True)
    assert chassis_metrics.CITY_REFUSED._value.get() == 0


def test_a_bad_set_refuses_the_boot(city: Path) -> None:
    (city / "rules.yaml").write_text("rules: []\n")
    with pytest.raises(BadFile, match=r"rules\.yaml"):
        state.load(city)


async def test_a_department_added_brings_its_command_topic(router: Rig, city: Path) -> None:
    ours = watch(router, city)
    before = set(state.command_topics(ours))
    file, roster = city / "departments.yaml", city / "roster.yaml"
    file.write_text(file.read_text() + DEPARTMENT)
    roster.write_text(roster.read_text() + ROSTER)
    assert await reload.look(ours.watched, asked=False)
    assert set(state.command_topics(ours)) - before == {"suban.commands.new-unit.v1"}, ours.watched.last_error
