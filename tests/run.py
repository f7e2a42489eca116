"""`make test`: every check of the project, one stage after the other, and a summary of all.

`python -m tests.run [stage …]` runs some. A failing stage does not stop the later ones. What each stage printed is in
.suban/test/<stage>.log. With CI=true a check that could not be made is a failure.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from deploy.local.kafka import VERSION

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".suban" / "test"
PY = sys.executable
CODE = ("services", "deploy", "examples", "tests")
DASHBOARDS = "integration/observability"  # every panel's query against a real Prometheus
STACK = (
    f"local processes, Apache Kafka {VERSION}",
    "local processes, PostgreSQL 18",
)  # they kill and freeze them
Command = Sequence[str]
console = Console(highlight=False)


@dataclass(frozen=True)
class Stage:
    """Commands run in order, all of them. `needs` are paths without which there is nothing to check."""

    name: str
    commands: tuple[Command, ...]
    needs: tuple[str, ...] = ()
    tests: bool = False
    ran_on: tuple[str, ...] = ()


@dataclass
class Outcome:
    """`verdict` is passed, failed or unchecked; `why` a sentence for the last two."""

    stage: str
    verdict: str
    why: str = ""
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    ran_on: list[str] = field(default_factory=list)


def suite_of(folder: str, *more: str, name: str | None = None, ran_on: tuple[str, ...] = ()) -> Stage:
    name = name or folder
    report = HOME / f"{name}.xml"
    command = (PY, "-m", "pytest", f"tests/{folder}", f"--junitxml={report}", "-q", "--durations=5", *more)
    return Stage(name, (command,), (f"tests/{folder}",), tests=True, ran_on=ran_on)


def alerts() -> Stage:
    """promtool over every file of deploy/prometheus, by its name: prometheus.yml, *.test.yml, other rules."""
    folder = Path("deploy/prometheus")
    files = sorted(path for path in folder.rglob("*.yml") if path.name != "prometheus.yml")
    proofs = [path for path in files if ".test." in path.name or "test" in path.parent.name]
    rules = [path for path in files if path not in proofs]
    commands: list[Command] = [("promtool", "check", "config", str(folder / "prometheus.yml"))]
    commands += [("promtool", "check", "rules", str(path)) for path in rules]
    commands += [("promtool", "test", "rules", str(path)) for path in proofs]
    return Stage("alerts", tuple(commands), (str(folder / "prometheus.yml"),))


def stages() -> Iterator[Stage]:
    code = [name for name in CODE if (ROOT / name).exists()]
    yield Stage("lock", ((PY, "-m", "tests.lock"),))
    yield Stage("ruff", ((PY, "-m", "ruff", "check", "."),))
    yield Stage("format", ((PY, "-m", "ruff", "format", "--check", "--quiet", "."),))
    yield Stage("mypy", ((PY, "-m", "mypy", *code),), CODE)
    yield Stage("walls", ((str(Path(PY).with_name("lint-imports")), "--no-logo"),))
    yield Stage("docs", ((PY, "-m", "services", "docs", "--check"),))
    yield suite_of("unit")
    yield suite_of("contract")
    yield suite_of("integration", f"--ignore=tests/{DASHBOARDS}")
    yield suite_of("e2e", ran_on=STACK)
    yield suite_of("chaos", ran_on=STACK)
    yield alerts()
    yield suite_of(DASHBOARDS, name="dashboards")


def run(stage: Stage) -> Outcome:
    began = time.monotonic()
    outcome = _unable(stage) or _execute(stage)
    outcome.seconds = time.monotonic() - began
    return outcome


def _unable(stage: Stage) -> Outcome | None:
    absent = [path for path in stage.needs if not (ROOT / path).exists()]
    if absent:
        return Outcome(stage.name, "failed", f"{', '.join(absent)} is not there")
    if missing := {command[0] for command in stage.commands if shutil.which(command[0]) is None}:
        return Outcome(stage.name, "unchecked", f"{', '.join(missing)} is not installed")
    return None


def _execute(stage: Stage) -> Outcome:
    log, report = HOME / f"{stage.name}.log", HOME / f"{stage.name}.xml"
    report.unlink(missing_ok=True)
    with log.open("w") as file, console.status(f"{stage.name} …"):
        codes = [_call(command, file.fileno()) for command in stage.commands]
    outcome = Outcome(stage.name, "failed" if any(codes) else "passed", ran_on=list(stage.ran_on))
    if any(codes):
        outcome.why = f"see {log.relative_to(ROOT)}"
    return counted(outcome, report) if stage.tests else outcome


def _call(command: Command, output: int) -> int:
    return subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False).returncode


def counted(outcome: Outcome, report: Path) -> Outcome:
    """With the counts and the servers' origins that pytest wrote into its report."""
    if not report.exists():
        return outcome
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        outcome.passed += max(0, total - bad - skipped)  # one test may fail and err
        outcome.failed += bad
        outcome.skipped += skipped
        outcome.ran_on += [
            str(one.get("value"))
            for one in suite.iter("property")
            if one.get("name") in ("broker", "database")
        ]
    if outcome.skipped and outcome.verdict == "passed":
        outcome.verdict, outcome.why = "unchecked", f"{outcome.skipped} tests skipped, see the log"
    return outcome


def show(outcome: Outcome) -> None:
    mark = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "unchecked": "[red]?[/]"}[outcome.verdict]
    counts = f"  {outcome.passed} passed, {outcome.failed} failed" if outcome.passed or outcome.failed else ""
    console.print(f"{mark} {outcome.stage:<12}{outcome.seconds:6.1f} s{counts}  {outcome.why}")
    if outcome.verdict == "failed" and (log := HOME / f"{outcome.stage}.log").exists():
        print(*(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-40:]), sep="\n")


def summary(outcomes: Sequence[Outcome]) -> Table:
    table = Table("stage", "verdict", "time", "passed", "failed", "ran on / why", title="make test")
    colour = {"passed": "green", "failed": "red", "unchecked": "red"}
    for one in outcomes:
        verdict = f"[{colour[one.verdict]}]{'NOT CHECKED' if one.verdict == 'unchecked' else one.verdict}[/]"
        why = f"[red]{one.why}[/]" if one.why else "\n".join(dict.fromkeys(one.ran_on))
        counts = (str(one.passed), str(one.failed)) if one.passed or one.failed else ("", "")
        table.add_row(one.stage, verdict, f"{one.seconds:.1f} s", *counts, why)
    return table


def main(names: Sequence[str]) -> int:
    HOME.mkdir(parents=True, exist_ok=True)
    known = list(stages())
    if unknown := set(names) - {stage.name for stage in known}:
        console.print(
            f"[red]✗[/] There is no stage {', '.join(unknown)}; there are: {' '.join(s.name for s in known)}"
        )
        return 2
    outcomes = []
    for stage in known:
        if not names or stage.name in names:
            outcomes.append(run(stage))
            show(outcomes[-1])
    console.print(summary(outcomes))
    strict = os.environ.get("CI", "").lower() == "true"
    bad = [one for one in outcomes if is_bad(one, strict)]
    failed = sum(one.failed or int(one in bad) for one in outcomes)
    print(f"{sum(one.passed for one in outcomes)} passed, {failed} failed")
    return 1 if bad else 0


def is_bad(outcome: Outcome, strict: bool) -> bool:
    """What could not be checked counts as failed where everything must be (CI)."""
    return outcome.verdict == "failed" or (strict and outcome.verdict == "unchecked")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
