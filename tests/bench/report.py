"""Where figures go: a table on the screen, .suban/bench/report.json, and the table of docs/performance.md."""

import json
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from deploy.local.kafka import VERSION
from tests.bench.figure import Figure, written

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / ".suban" / "bench" / "report.json"
DOCS = ROOT / "docs" / "performance.md"
PEER = "peer in the same run"
COLUMNS = ("figure", "measured", PEER, "peer", "× peer", "limit", "")
NUMBERS = ("measured", "peer", "× peer")
MARKED = re.compile(r"(<!-- (machine|figures):begin -->\n).*?(<!-- \2:end -->)", re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)` \|.*$", re.MULTILINE)


def table(figures: Sequence[Figure]) -> Table:
    """For the screen: what the peers are stands below, once each."""
    peers = {figure.peer: bench_of(figure.name) for figure in figures if figure.peer}
    shown = Table(
        box=box.SIMPLE_HEAD,
        caption="\n".join(f"{bench}: the peer is {peer}" for peer, bench in peers.items()),
    )
    for column in COLUMNS:
        if column != PEER:
            shown.add_column(column, no_wrap=True, justify="right" if column in NUMBERS else "left")
    for figure in figures:
        row = dict(zip(COLUMNS, cells(figure), strict=True))
        row.pop(PEER)
        shown.add_row(*row.values(), style={True: "green", False: "bold red", None: ""}[figure.met])
    return shown


def cells(figure: Figure) -> tuple[str, ...]:
    peer = written(figure.peer_value) if figure.peer else ""
    ratio = written(figure.ratio) if figure.peer else ""
    verdict = {True: "met", False: "missed", None: ""}[figure.met]
    limit = str(figure.limit) if figure.limit else ""
    return figure.name, f"{written(figure.value)} {figure.unit}", figure.peer, peer, ratio, limit, verdict


def merge(figures: Sequence[Figure]) -> None:
    """Into report.json: benches that did not run keep their figures."""
    known: list[dict[str, Any]] = json.loads(REPORT.read_text()) if REPORT.exists() else []
    fresh = {bench_of(figure.name) for figure in figures}
    kept = [row for row in known if bench_of(row["name"]) not in fresh]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    rows = [*kept, *(figure.row() for figure in figures)]
    REPORT.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def bench_of(name: str) -> str:
    """`latency.assigned.p99` is a figure of `latency`."""
    return name.partition(".")[0]


def write_docs(figures: Sequence[Figure]) -> None:
    """Put machine and figures between their marks; rows of benches that did not run stay as they are."""
    text = DOCS.read_text(encoding="utf-8")
    old = {found[2]: found[0] for found in MARKED.finditer(text)}["figures"]
    fresh = {bench_of(figure.name) for figure in figures}
    rows = [(found[1], found[0]) for found in ROW.finditer(old) if bench_of(found[1]) not in fresh]
    rows += [(name, f"| `{name}` | {' | '.join(rest)} |") for name, *rest in map(cells, figures)]
    rows.sort(key=lambda row: bench_of(row[0]))
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    new = {"figures": "\n".join([head, *(line for _, line in rows)]), "machine": machine()}
    DOCS.write_text(
        MARKED.sub(lambda found: f"{found[1]}{new[found[2]]}\n{found[3]}", text), encoding="utf-8"
    )


def machine() -> str:
    """What it was measured on, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, {platform.python_implementation()} {platform.python_version()}, "
        f"Apache Kafka {VERSION} and PostgreSQL 18 on the same machine."
    )


def _processor() -> str:
    """Its name where the kernel tells it, else its architecture."""
    told = Path("/proc/cpuinfo")
    name = re.search(r"^model name\s*: (.+)$", told.read_text(), re.MULTILINE) if told.exists() else None
    return f"{name[1]} ({platform.machine()})" if name else platform.machine()
