"""What can be checked where it stands."""

from pathlib import Path

import pytest

# Records of real cities are not part of the project: where they lie beside it, what is learnt from them is judged.
HISTORIES = Path(__file__).resolve().parents[3] / "shared" / "data"
OF_HISTORIES = ("test_learnt_cities.py", "test_real_outlines.py", "test_real_targets.py")
collect_ignore = [] if HISTORIES.is_dir() else [*OF_HISTORIES]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(
            f"no records of real cities beside the project: without {', '.join(OF_HISTORIES)}"
        )
