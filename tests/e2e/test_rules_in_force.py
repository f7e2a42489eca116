"""The duty list in the running system: a changed file, `apply`, `show`, `shadow`, `replay --last`, `rollback`; what decides is told by `why`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.stack import CITY, ROOT
from tests import suban
from tests.e2e.world import JSON, World, until

RATE = 60.0
HAWKER = "市容环卫/占道经营"
LAST_RULE = """
  - id: {id}
    note: 端到端测试：{lead} 试行。
    when: {{category: [市容环卫/占道经营], words: {{all: [试行摊位]}}, bounces: {{max: 0}}}}
    then: {{lead: {lead}}}
"""


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, record_testsuite_property: Callable[[str, object], None]
) -> Iterator[World]:
    """A Suban whose city stands in a folder of its own, so that its files may be changed."""
    city = Path(shutil.copytree(CITY, tmp_path_factory.mktemp("rules") / "pingshan"))
    env = {"SUBAN_RELOAD_EVERY_S": "0.3"}
    with suban.running("rules", RATE, record_testsuite_property, city=city, env=env) as stack:
        yield World(stack)


def run(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m services router rules …` as an operator types it, with the file of secrets read by the shell."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SUBAN_")}
    script = '. "$1" && shift && exec "$0" -m services router rules "$@"'
    return subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, world.stack.operator_env, *words, "--city", world.stack.city],
        env=clean, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def done(world: World, *words: str) -> str:
    found = run(world, *words)
    assert found.returncode == 0, (words, found.stdout, found.stderr)
    return found.stdout


def log(world: World) -> list[JSON]:
    """The newest first."""
    rows: list[JSON] = json.loads(done(world, "log", "--json"))
    return rows


def decided(world: World) -> tuple[str | None, str, str]:
    """A stall reported now: whose it is, by which rule, of which set."""
    told = world.submit(text="路口的试行摊位占了人行道。", category=HAWKER, place={"area": "pingshan/biling"})
    until(lambda: world.case(told["case_id"]))
    why = world.ask("router", "GET", f"/v1/cases/{told['case_id']}/why", "desk:duty").json()
    return why["lead"], why["rule_id"], why["rules_digest"]


def until_decided(world: World, lead: str) -> tuple[str | None, str, str]:
    """Routers take a set within a moment of its entry: the first case that it decides."""

    def look() -> tuple[str | None, str, str] | None:
        found = decided(world)
        return found if found[0] == lead else None

    return until(look)


def with_rule(world: World, tmp_path: Path, id_: str, lead: str) -> Path:
    """The city's own list and one rule more."""
    path = tmp_path / f"{id_}.yaml"
    before = (CITY / "rules.yaml").read_text(encoding="utf-8")
    path.write_text(before + LAST_RULE.format(id=id_, lead=lead), encoding="utf-8")
    return path


def shadowed(world: World) -> dict[str, float]:
    """`suban_router_shadow_total` by outcome."""
    lines = world.ask("router", "GET", "/metrics").text.splitlines()
    rows = (line.rpartition(" ") for line in lines if line.startswith("suban_router_shadow_total{"))
    return {name.split('"')[1]: float(count) for name, _, count in rows}


def test_a_changed_file_comes_into_force_by_itself(world: World, tmp_path: Path) -> None:
    lead, rule, digest = decided(world)
    assert (lead, rule) == ("biling-street", "appearance-biling")
    shutil.copy(with_rule(world, tmp_path, "by-file", "police"), world.stack.city / "rules.yaml")
    lead, rule, after = until_decided(world, "police")
    assert (rule, after != digest) == ("by-file", True)
    newest, first = log(world)[:2]
    assert (newest["digest"], newest["source"], newest["author"]) == (after, "file", "file")
    assert first["digest"] == digest
    assert "by-file" in newest["diff"]


def test_a_broken_file_changes_nothing_and_is_said(world: World) -> None:
    before = decided(world)
    path = world.stack.city / "rules.yaml"
    sound = path.read_bytes()
    path.write_bytes(
        sound + b"\n  - id: broken\n    note: n\n    when: {}\n    then: {lead: nobody-at-all}\n"
    )
    until(lambda: _refused(world))
    assert decided(world) == before
    path.write_bytes(sound)
    until(lambda: not _refused(world))
    assert decided(world) == before


def _refused(world: World) -> bool:
    lines = world.ask("router", "GET", "/metrics").text.splitlines()
    return any(line.startswith("suban_city_refused") and not line.endswith(" 0.0") for line in lines)


def test_applied_shadowed_replayed_and_rolled_back(world: World, tmp_path: Path) -> None:
    _, _, digest = decided(world)
    applied = with_rule(world, tmp_path, "applied", "traffic-police")
    note = ("--author", "分拨台李", "--note", "会议纪要 17 号")
    stale = run(world, "apply", str(applied), *note, "--expect", "0" * 12)
    assert (stale.returncode, "nothing has changed" in stale.stderr) == (1, True)
    done(world, "apply", str(applied), *note, "--expect", digest[:12])
    _, rule, after = until_decided(world, "traffic-police")
    assert (rule, after != digest) == ("applied", True)
    newest = log(world)[0]
    assert (newest["digest"], newest["source"], newest["author"]) == (after, "apply", "分拨台李")
    assert newest["note"] == "会议纪要 17 号"
    assert done(world, "show", after[:8]) == applied.read_text(encoding="utf-8") == done(world, "show")
    assert "by-file" in done(world, "show", digest[:8])
    assert "applied" in done(world, "show", after[:8], "--diff")

    candidate = with_rule(world, tmp_path, "candidate", "water-affairs")
    done(world, "shadow", str(candidate), "--author", "分拨台李")
    counted = shadowed(world).get("moved", 0.0)

    def moved() -> bool:
        assert decided(world)[:2] == ("traffic-police", "applied")  # beside, without effect
        return shadowed(world).get("moved", 0.0) > counted

    until(moved)
    told = until(lambda: _differences(world))
    assert {case["live"] for case in told} == {"traffic-police"}
    assert {(case["shadow"], case["shadow_rule"]) for case in told} == {("water-affairs", "candidate")}
    assert "试行摊位" not in json.dumps(told, ensure_ascii=False)
    done(world, "shadow", "--stop")

    outcome = json.loads(done(world, "replay", "--rules", str(candidate), "--last", "30d", "--json"))
    cases = {(one["from"], one["to"]): one["cases"] for one in outcome["matrix"]}
    assert outcome["rows"] >= 5
    assert cases[("traffic-police", "water-affairs")] >= 1
    over = run(world, "replay", "--rules", str(candidate), "--last", "30d", "--max-moved", "0")
    assert (over.returncode, "超过上限" in over.stderr) == (1, True)

    done(world, "rollback", digest[:12], "--author", "分拨台李", "--note", "试行结束")
    assert until_decided(world, "police") == ("police", "by-file", digest)
    assert (log(world)[0]["source"], log(world)[0]["digest"]) == ("rollback", digest)


def _differences(world: World) -> list[JSON]:
    cases: list[JSON] = json.loads(done(world, "shadow", "--json"))["cases"]
    return cases


def test_what_lint_calls_wrong_is_not_applied(world: World, tmp_path: Path) -> None:
    path = with_rule(world, tmp_path, "late", "police")
    path.write_text(
        path.read_text(encoding="utf-8") + LAST_RULE.format(id="too-late", lead="transport"), encoding="utf-8"
    )
    before = log(world)[0]
    refused = run(world, "apply", str(path), "--note", "x")
    assert refused.returncode == 1
    assert "too-late" in refused.stderr
    assert "未生效" in refused.stderr
    assert log(world)[0] == before
