"""The summary of `make test` tells the truth about what pytest wrote, what failed and what was not checked."""

from pathlib import Path

import pytest

from tests import run

REPORT = """<testsuites><testsuite tests="9" failures="1" errors="2" skipped="1"><properties>
<property name="broker" value="local process"/><property name="other" value="x"/></properties></testsuite></testsuites>"""


def test_counts_come_from_the_report(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(REPORT)
    found = run.counted(run.Outcome("one", "failed"), tmp_path / "one.xml")
    assert (found.passed, found.failed, found.skipped, found.ran_on) == (5, 3, 1, ["local process"])


def test_a_skipped_test_was_not_checked(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text('<testsuites><testsuite tests="2" skipped="1"/></testsuites>')
    assert run.counted(run.Outcome("one", "passed"), tmp_path / "one.xml").verdict == "unchecked"


def test_an_absent_program_or_folder_is_never_a_pass() -> None:
    assert run.run(run.Stage("x", (("no-such-program",),))).verdict == "unchecked"
    assert run.run(run.Stage("x", ((run.PY, "-V"),), needs=("no/such/folder",))).verdict == "failed"


@pytest.mark.parametrize(
    ("verdict", "strict", "bad"),
    [
        ("passed", True, False),
        ("failed", False, True),
        ("unchecked", False, False),
        ("unchecked", True, True),
    ],
)
def test_what_could_not_be_checked_fails_only_where_everything_must_be(
    verdict: str, strict: bool, bad: bool
) -> None:
    assert run.is_bad(run.Outcome("x", verdict), strict) is bad
