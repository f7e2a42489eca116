"""The department of the README says how it is called."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path("examples/department.py")


def test_without_a_department_it_says_how_it_is_called() -> None:
    done = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("usage: python department.py <department>")
    assert len(done.stderr.splitlines()) == 1
