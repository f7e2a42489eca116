"""Processes of ours end when they must, whoever dies first."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import Broken
from deploy.local.child import Child

WAITS = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
DEAF = [
    sys.executable,
    "-c",
    "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()",
]


def started(child: Child, program: list[str]) -> Child:
    child.start(program)
    while "up" not in child.last_words():
        assert child.alive
    return child


def test_stop_ends_it_and_the_slot_is_free_again(tmp_path: Path) -> None:
    child = started(Child("one", tmp_path), WAITS)
    with pytest.raises(Broken, match="already running"):
        child.start(WAITS)
    child.stop(timeout_s=10)
    assert child.pid is None
    started(child, WAITS).kill()
    assert not child.alive


def test_a_frozen_and_a_deaf_process_end_too(tmp_path: Path) -> None:
    frozen = started(Child("frozen", tmp_path), WAITS)
    frozen.send(signal.SIGSTOP)
    frozen.stop(timeout_s=10)
    deaf = started(Child("deaf", tmp_path), DEAF)
    deaf.stop(timeout_s=0.2)
    assert not frozen.alive
    assert not deaf.alive


def test_a_pid_file_left_behind_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "one.pid").write_text(str(os.getpid()))
    child = Child("one", tmp_path)
    assert child.pid is None
    child.stop(timeout_s=1)  # would end this very test if it believed the file


def test_a_later_run_finds_what_an_earlier_one_left(tmp_path: Path) -> None:
    left = started(Child("one", tmp_path, leashed=False), WAITS)
    found = Child("one", tmp_path)
    assert found.pid == left.pid
    found.send(signal.SIGKILL)
    assert left.wait(10)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the parent-death signal")
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    words = "import sys, pathlib, signal; from deploy.local.child import Child\n"
    words += (
        f"Child('one', pathlib.Path(sys.argv[1])).start({WAITS!r}); print('up', flush=True); signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", words, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    child = Child("one", tmp_path)
    assert child.alive
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert child.wait(10)
