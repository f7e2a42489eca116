"""A real Prometheus for tests: it reads the project's own configuration and rules, and answers every panel's query."""

import json
import math
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import yaml

from deploy.grafana import build
from deploy.local import ports

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "deploy" / "prometheus" / "prometheus.yml"
RULES = CONFIG.parent / "rules"
POLL_S = 0.1
RETENTION = "40d"
T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A panel's query as Grafana would send it."""

    board: str
    panel: str
    expr: str


def need(program: str) -> str:
    """The program's path. Without it the test is skipped, in sight; in CI, where it must be there, it fails."""
    found = shutil.which(program)
    if found is None:
        reason = f"{program} is not installed: dashboards and alerts were not checked"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def start_prometheus(
    targets: Mapping[str, str], rules_dir: Path, tmp: Path, data: Path | None = None, pace: str = "1s"
) -> Iterator[str]:
    """Scrape `targets` (job → host:port) at this pace by the committed configuration; yields the base URL.

    `data` is a folder of blocks to begin with.
    """
    program, port = need("prometheus"), ports.choose(None)
    tmp.mkdir(parents=True, exist_ok=True)
    (tmp / "prometheus.yml").write_text(yaml.safe_dump(configuration(targets, rules_dir, pace)))
    words = [
        program,
        f"--config.file={tmp / 'prometheus.yml'}",
        f"--storage.tsdb.path={data or tmp / 'data'}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--web.listen-address={ports.LOOPBACK}:{port}",
        "--log.level=warn",
    ]
    url = f"http://{ports.LOOPBACK}:{port}"
    with (
        (tmp / "prometheus.log").open("w") as log,
        subprocess.Popen(words, stdout=log, stderr=log, cwd=tmp) as process,
    ):
        try:
            wait_until(
                lambda: process.poll() is not None or _is_ready(url), 30, lambda: "Prometheus is not ready"
            )
            assert process.poll() is None, (tmp / "prometheus.log").read_text()
            yield url
        finally:
            process.terminate()


FASTER = 40
"""By how much a test copy of the rules is faster: each window, `for` and interval, and each bound on an age by the
wall's clock, is a fortieth. The city of the tests that use it has a clock that runs as much faster, so ages and spans
in city time need no change."""
_SPAN = re.compile(r"(?<=[\[ ])(\d+)(s|m|h|d)(?=[\]})\n])")
_WALL_AGE = re.compile(r"(suban_(?:consumer_lag|notify_oldest_waiting)_seconds[^>]*> )(\d+)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def faster(folder: Path) -> Path:
    """A folder with every rule FASTER times faster."""
    made = folder / "faster"
    made.mkdir(parents=True, exist_ok=True)
    for path in RULES.glob("*.yml"):
        text = _SPAN.sub(lambda span: f"{_least_ms(span)}ms", path.read_text(encoding="utf-8"))
        (made / path.name).write_text(_WALL_AGE.sub(lambda age: f"{age[1]}{int(age[2]) / FASTER:g}", text))
    return made


def _least_ms(span: re.Match[str]) -> int:
    return int(span[1]) * _UNIT_S[span[2]] * 1000 // FASTER


def configuration(targets: Mapping[str, str], rules_dir: Path, pace: str) -> dict[str, Any]:
    """The committed configuration with other addresses and a pace for tests; a job it does not know is a mistake."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["global"] |= {"scrape_interval": pace, "scrape_timeout": pace, "evaluation_interval": pace}
    config["rule_files"] = [str(rules_dir / "*.yml")]
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    config["scrape_configs"] = [
        jobs[name] | {"static_configs": [{"targets": [at]}]} for name, at in targets.items()
    ]
    return config


def questions(range_: str = "1h", rate_interval: str = "1m") -> list[Asked]:
    """Every panel's every query, Grafana's variables filled in; what looks at today looks at a day."""
    found: list[Asked] = []
    for name, built in build.dashboards().items():
        board = json.loads(json.dumps(built))
        for panel in board["panels"]:
            since = panel.get("timeFrom") or board["time"]["from"]
            given = {
                "$__range": "1d" if since == "now/d" else range_,
                "$__rate_interval": rate_interval,
                "$department": ".*",
            }
            for target in panel.get("targets", ()):
                expr = target["expr"]
                for variable, value in given.items():
                    expr = expr.replace(variable, value)
                found.append(Asked(name, panel["title"], expr))
    return found


def panels_answer(prometheus_url: str, range_: str = "1h", rate_interval: str = "1m") -> list[str]:
    """What is wrong, one sentence each: panels that are empty, rules that do not evaluate."""
    wait_for_rules(prometheus_url)
    problems = [
        f"rule {rule['name']}: {rule.get('lastError')}"
        for rule in rules(prometheus_url)
        if rule["health"] != "ok"
    ]
    for asked in questions(range_, rate_interval):
        answer = query(prometheus_url, asked.expr)
        if isinstance(answer, str):
            problems.append(f"{asked.panel}: {answer}: {asked.expr}")
        elif not any(math.isfinite(one) for _, one in answer):
            problems.append(f"{asked.panel} is empty: {asked.expr}")
    return problems


def wait_for_rules(url: str) -> None:
    """Until each has run once, so that what they record is there."""
    wait_until(lambda: not _unevaluated(url), 30, lambda: f"never ran: {_unevaluated(url)}")


def query(url: str, expr: str, at: float | None = None) -> list[tuple[dict[str, str], float]] | str:
    """(labels, value) of an instant query, now or `at` (Unix seconds); the error's text when Prometheus refuses it."""
    answer = _get(f"{url}/api/v1/query", query=expr, **({} if at is None else {"time": f"{at:.3f}"}))
    if answer.is_error:
        return str(answer.json()["error"])
    return [(row["metric"], float(row["value"][1])) for row in answer.json()["data"]["result"]]


def over(
    url: str, expr: str, start: float, end: float, step_s: float
) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """(labels, (Unix seconds, value)s) of a range query. Raises AssertionError with what Prometheus refuses."""
    answer = _get(
        f"{url}/api/v1/query_range", query=expr, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step_s}"
    )
    assert answer.is_success, answer.text
    rows = answer.json()["data"]["result"]
    return [(row["metric"], [(float(at), float(value)) for at, value in row["values"]]) for row in rows]


def number(url: str, expr: str) -> float:
    """The one value of `expr`; 0 when there is none. Raises AssertionError on anything else."""
    answer = query(url, expr)
    assert not isinstance(answer, str), answer
    assert len(answer) <= 1, answer
    return answer[0][1] if answer else 0.0


def rules(url: str) -> list[dict[str, Any]]:
    groups = _get(f"{url}/api/v1/rules").json()["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def wait_until(true: Callable[[], bool], timeout_s: float, why_not: Callable[[], str]) -> None:
    """Raises AssertionError with `why_not()` when `true` has not come true."""
    until = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until, why_not()
        time.sleep(POLL_S)


def _unevaluated(url: str) -> list[str]:
    return [rule["name"] for rule in rules(url) if rule["health"] == "unknown"]


def _is_ready(url: str) -> bool:
    try:
        return _get(f"{url}/-/ready").is_success
    except httpx.TransportError:
        return False


def _get(url: str, **words: str) -> httpx.Response:
    return httpx.get(url, params=words, timeout=10, trust_env=False)
