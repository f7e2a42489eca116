"""Where PostgreSQL's socket stands: in a folder of each user's own, or nowhere."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import socket_folder


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's folder for temporary files; pytest's own would be too long a path."""
    with tempfile.TemporaryDirectory(prefix="sockets") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_it_is_of_this_user_alone_and_stays(temporary: Path) -> None:
    """A lock left there by a server that was killed is not in the way of another user's server."""
    folder = socket_folder()
    assert folder == str(temporary / f"suban-{os.geteuid()}") == socket_folder()
    assert Path(folder).stat().st_uid == os.geteuid()


def test_what_somebody_else_has_put_there_is_not_used(temporary: Path) -> None:
    (temporary / f"suban-{os.geteuid()}").write_text("")
    assert socket_folder() is None


def test_a_path_that_is_no_host_s_name_or_too_long_is_not_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (temporary / "Capital", temporary / ("x" * 80)):
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        assert socket_folder() is None
