"""What an operator types after `make up`: one file read by the shell, and every command works."""

import os
import subprocess
import sys

from deploy.local.stack import ROOT
from tests.e2e.world import World


def _shell(world: World, words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SUBAN_")}
    script = f'. "$1" && exec "$2" -m services {words}'
    return subprocess.run(
        ["/bin/sh", "-c", script, "sh", world.stack.operator_env, sys.executable],
        env=clean, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_check_finds_everything_in_order(world: World) -> None:
    assert world.stack.operator_env.stat().st_mode & 0o777 == 0o600
    done = _shell(world, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bad" not in done.stdout
    assert done.stdout.count(" ok ") >= 13


def test_the_other_commands_work_too(world: World) -> None:
    for words in ("show notify", "keys list --service router", "dead-letters list"):
        done = _shell(world, words)
        assert done.returncode == 0, (words, done.stdout + done.stderr)
