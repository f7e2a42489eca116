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
from tests.bench import process
from tests.bench.figure import Figure, Say, against, below

NAME = "idle"
SETTLE_S = 10.0
SECONDS = 20.0
PEER = "one bare FastAPI + uvicorn process"
CORE = "% of a core"
CPU, MEMORY = below(12), below(150)


def start_bare(directory: Path) -> Child:
    child, port = Child("bare", directory / "pids", logs=directory / "logs"), ports.choose()
    child.start(
        [sys.executable, "-m", "uvicorn", "tests.bench.bare:app", "--port", str(port)], dict(os.environ), ROOT
    )
    return child


def counted(pids: dict[str, int]) -> dict[str, float]:
    """Percent of a core that each uses during the next seconds."""
    before, began = process.total_s(pids), time.monotonic()
    time.sleep(SECONDS)
    return process.used(before, process.total_s(pids), time.monotonic() - began)


def figures(cpu: dict[str, float], memory: dict[str, float]) -> list[Figure]:
    whole = against("idle.cpu", process.together(cpu, SERVICES), CORE, PEER, cpu["bare"], CPU)
    each = [Figure(f"idle.cpu.{one}", cpu[one], CORE) for one in SERVICES]
    resident = [
        against(f"idle.memory.{one}", memory[one], "MB", PEER, memory["bare"], MEMORY) for one in SERVICES
    ]
    return [whole, *each, *resident]


def run(say: Say) -> list[Figure]:
    if not process.available():
        raise Broken("Bench `idle` reads the kernel's counts in /proc, which only Linux has.")
    directory = HOME / "bench-idle"
    with Stack("bench-idle", directory=directory, fresh=True, usual_ports=False, say=say) as stack:
        bare = start_bare(directory)
        try:
            pids = process.pids_of({**{one: stack.services[one] for one in SERVICES}, "bare": bare})
            say(f"idle: settling for {SETTLE_S:.0f} s")
            time.sleep(SETTLE_S)
            say(f"idle: counting for {SECONDS:.0f} s")
            cpu = counted(pids)
            memory = {name: process.resident_mb(pid) for name, pid in pids.items()}
        finally:
            bare.stop(timeout_s=5)
    stack.forget()
    return figures(cpu, memory)
