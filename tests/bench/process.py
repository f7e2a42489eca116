"""What processes use of the machine, by the kernel's own count: /proc, which only Linux has. See proc(5)."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local import Broken
from deploy.local.child import Child

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
MB = 1_000_000


def available() -> bool:
    return (PROC / "self" / "stat").exists()


def busy_s(pid: int) -> float:
    """Processor seconds used so far by all its threads, user and system; 0 when it is gone."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def busy_with_children_s(pid: int) -> float:
    """Of the process, its living children and those it has seen end. PostgreSQL has one process a connection."""
    own = _stat(pid)
    ended = (int(own[13]) + int(own[14])) / TICKS if own else 0.0
    return busy_s(pid) + ended + sum(busy_s(child) for child in children(pid))


def children(pid: int) -> list[int]:
    everybody = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [one for one in everybody if (fields := _stat(one)) and int(fields[1]) == pid]


def resident_mb(pid: int) -> float:
    """What of it lies in memory, shared pages counted in full."""
    return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE / MB


def pids_of(children: Mapping[str, Child]) -> dict[str, int]:
    """Raises Broken when one has ended."""
    found = {name: child.pid for name, child in children.items()}
    if ended := [name for name, pid in found.items() if pid is None]:
        raise Broken(f"{', '.join(ended)} ended; see the logs in {children[ended[0]].log.parent}")
    return {name: pid for name, pid in found.items() if pid is not None}


def total_s(pids: Mapping[str, int]) -> dict[str, float]:
    """By name, processor seconds so far, children's with them."""
    return {name: busy_with_children_s(pid) for name, pid in pids.items()}


def used(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> dict[str, float]:
    """By name, percent of one core over these seconds."""
    return {name: 100 * (after[name] - before[name]) / seconds for name in before}


def together(shares: Mapping[str, float], names: Iterable[str]) -> float:
    return sum(shares[name] for name in names)


def _stat(pid: int) -> list[str]:
    """The fields after the name, from `state` on; empty when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
