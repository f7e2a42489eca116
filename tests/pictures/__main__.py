"""`python -m tests.pictures`: play the demo's day with a real Prometheus beside it, and draw docs/img/ from its answers.

The alerts' picture comes from their test: PICTURES=docs/img python -m pytest tests/integration/observability/test_alerts.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from deploy.local.stack import HOME, ROOT
from tests.integration.observability import prometheus
from tests.pictures import drawing

OUT = ROOT / "docs" / "img"
COLUMN_S = 3  # of wall time: at the demo's pace more than half an hour
SHARE = (
    'sum(suban_sla_clocks_finished_total{{clock="{0}", outcome=~"met|corrected"}})'
    ' / (sum(suban_sla_clocks_finished_total{{clock="{0}", outcome=~"met|breached"}}) > 0)'
)
BREACHES = 'topk(10, sum by (department) (suban_sla_clocks_finished_total{outcome="breached"}))'
BOUNDS = {"300.0": "5 min", "600.0": "10 min", "900.0": "15 min", "1800.0": "30 min", "3600.0": "1 h", "7200.0": "2 h",
          "14400.0": "4 h", "86400.0": "24 h"}  # fmt: skip


def main() -> int:
    stack = HOME / "demo" / "stack.json"
    stack.unlink(missing_ok=True)
    demo = subprocess.Popen([sys.executable, "-m", "deploy.local.demo"], cwd=ROOT, env={**os.environ, "DEMO_EXIT": "1"},
                            stdout=subprocess.DEVNULL)  # fmt: skip
    prometheus.wait_until(
        lambda: stack.exists() or demo.poll() is not None, 120, lambda: "the demo does not start"
    )
    told = json.loads(stack.read_text())
    targets = {name: urllib.parse.urlsplit(one["http"]).netloc for name, one in told["services"].items()}
    with (
        tempfile.TemporaryDirectory() as folder,
        prometheus.start_prometheus(targets, Path(folder) / "no-rules", Path(folder)) as url,
    ):
        began = time.time()
        demo.wait()
        draw(url, began, time.time(), float(told["rate"]))
    return demo.returncode


def draw(url: str, began: float, ended: float, rate: float) -> None:
    """Times are shown as hours of the city's clock since the demo's start."""

    def hour(at: float) -> str:
        return f"{(at - began) * rate / 3600:.0f} h"

    shares = {name: prometheus.over(url, SHARE.format(clock), began, ended, 1) for clock, name in
              (("response", "响应 response"), ("close", "办结 close"))}  # fmt: skip
    _write("in-time", drawing.lines("当日及时率 Share in time so far, a demo's day", {
        name: found[0][1] for name, found in shares.items() if found}, hour, lambda value: f"{value:.0%}"))  # fmt: skip
    _write("response-times", drawing.heat("响应用时分布 Response times; the line is 30 minutes",
                                          _columns(url, began, ended), list(BOUNDS.values()), hour, 3))  # fmt: skip
    last = prometheus.query(url, BREACHES, ended - 30)
    assert not isinstance(last, str)
    _write("breaches", drawing.bars("分单位超时 Breaches by department", {
        labels["department"]: value for labels, value in last if value}, lambda value: f"{value:.0f}"))  # fmt: skip


def _columns(url: str, began: float, ended: float) -> list[tuple[float, list[float]]]:
    """How many responses fell between this bound and the one below, column by column."""
    expr = f"sum by (le) (increase(suban_sla_response_seconds_bucket[{COLUMN_S}s]))"
    found = {
        labels["le"]: dict(points) for labels, points in prometheus.over(url, expr, began, ended, COLUMN_S)
    }
    moments = sorted(found["+Inf"])
    columns = []
    for at in moments:
        upto = [found[bound].get(at, 0.0) for bound in BOUNDS]
        columns.append((at, [above - below for above, below in zip(upto, [0.0, *upto], strict=False)]))
    return columns


def _write(name: str, svg: str) -> None:
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"docs/img/{name}.svg: {len(svg) / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
