"""What the four services cost when nobody asks anything: processor and memory, by the kernel's own count (Linux).

The peer is one bare FastAPI + uvicorn process on the same machine in the same seconds.
"""

import os
import sys
import time
from pathlib import Path

from deploy.local import Broken, ports
from deploy.local.child import Child
from deploy.local.stack import HOME, ROOT, SERVICES, Stack
from tests.bench.figure import Figure, Say, against, below

NAME = "idle"
SETTLE_S = 10.0
SECONDS = 20.0
PEER = "one bare FastAPI + uvicorn process"
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
MB = 1_000_000
CPU, MEMORY = below(12), below(150)


def busy_s(pid: int) -> float:
    """Processor seconds the process has used, all its threads, user and system: proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """What of it lies in memory, shared pages counted in full: field 2 of statm."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / MB


def shares(pids: dict[str, int], seconds: float) -> dict[str, float]:
    """Percent of one core that each used during the next seconds."""
    before, began = {name: busy_s(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return {name: 100 * (busy_s(pid) - before[name]) / took for name, pid in pids.items()}


def start_bare(directory: Path) -> Child:
    child, port = Child("bare", directory / "pids", logs=directory / "logs"), ports.choose()
    child.start(
        [sys.executable, "-m", "uvicorn", "tests.bench.bare:app", "--port", str(port)], dict(os.environ), ROOT
    )
    return child


def pids_of(children: dict[str, Child]) -> dict[str, int]:
    found = {name: child.pid for name, child in children.items()}
    if ended := [name for name, pid in found.items() if pid is None]:
        raise Broken(f"{', '.join(ended)} ended; see the logs in {children[ended[0]].log.parent}")
    return {name: pid for name, pid in found.items() if pid is not None}


def figures(cpu: dict[str, float], memory: dict[str, float]) -> list[Figure]:
    together = against("idle.cpu", sum(cpu[one] for one in SERVICES), "% of a core", PEER, cpu["bare"], CPU)
    each = [Figure(f"idle.cpu.{one}", cpu[one], "% of a core") for one in SERVICES]
    resident = [
        against(f"idle.memory.{one}", memory[one], "MB", PEER, memory["bare"], MEMORY) for one in SERVICES
    ]
    return [together, *each, *resident]


def run(say: Say) -> list[Figure]:
    if not Path("/proc/self/stat").exists():
        raise Broken("Bench `idle` reads the kernel's counts in /proc, which only Linux has.")
    directory = HOME / "bench-idle"
    with Stack("bench-idle", directory=directory, fresh=True, usual_ports=False, say=say) as stack:
        bare = start_bare(directory)
        try:
            pids = pids_of({**{one: stack.services[one] for one in SERVICES}, "bare": bare})
            say(f"idle: settling for {SETTLE_S:.0f} s")
            time.sleep(SETTLE_S)
            say(f"idle: counting for {SECONDS:.0f} s")
            cpu = shares(pids, SECONDS)
            memory = {name: resident_mb(pid) for name, pid in pids.items()}
        finally:
            bare.stop(timeout_s=5)
    return figures(cpu, memory)
