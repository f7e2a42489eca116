"""docs/departments.md is run as it stands: its curl and kcat lines in a shell, its Python as Python."""

import re
import subprocess
import sys
from pathlib import Path

from services.contracts import topics
from tests.e2e.world import World, until

TEXT = Path("docs/departments.md").read_text(encoding="utf-8")
DEPARTMENT = "urban-management"
HAWKER = "市容环卫/占道经营"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def prelude(world: World) -> str:
    """What a reader has already: addresses, and `token` of integrating.md. A refusal or an error is a failure."""
    token = world.stack.tokens[f"department:{DEPARTMENT}"]
    return "\n".join((
        "set -euo pipefail", f"token() {{ echo '{token}'; }}",
        """curl() { command curl --fail-with-body --noproxy '*' "$@"; }""",
    ))  # fmt: skip


def script(world: World) -> str:
    """The shell blocks in their order, at this stack's addresses."""
    stack, lines = world.stack, "\n".join(blocks("sh"))
    ours = {
        "KAFKA": stack.kafka.bootstrap, "ROUTER": stack.http("router"), "SLA": stack.http("sla"),
        "NOTIFY": stack.http("notify"),
    }  # fmt: skip
    for name, address in ours.items():
        lines, found = re.subn(rf"\b{name}=\S+", f"{name}={address}", lines)
        assert found == 1, name
    return f"{prelude(world)}\n{lines}"


def ours(world: World) -> str:
    """A case that has just been given to the department: the last letter on its topic."""
    case = world.submit(
        "at-pingshan", category=HAWKER, place={"area": "pingshan/biling/shahu"},
        reporter={"name": "王小明", "phone": "13912340001", "app_user": "u-documents"},
    )["case_id"]  # fmt: skip
    holder = world.until_state(case, "dispatched")["holder"]
    if holder != DEPARTMENT:
        moved = world.command(case, "desk:duty", "reassign", department=DEPARTMENT, reason="x")
        assert moved.status_code == 200, moved.text
    until(lambda: world.records(case, topics.assignments(DEPARTMENT)))
    until(lambda: (world.clocks(case)) or None)
    return str(case)


def test_the_lines_of_the_shell_run(world: World) -> None:
    case = ours(world)
    done = subprocess.run(
        ["bash", "-c", script(world)], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert world.until_state(case, "resolved")["holder"] == DEPARTMENT


def test_the_lines_of_python_run(world: World) -> None:
    case = ours(world)
    (code,) = blocks("python")
    call = f"say({world.stack.kafka.bootstrap!r}, {DEPARTMENT!r}, {case!r}, 'accept', 'python-1')"
    subprocess.run([sys.executable, "-c", f"{code}\n{call}\n"], timeout=60, check=True)
    world.until_state(case, "accepted")
