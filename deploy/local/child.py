"""A process of ours: started with a log and a pid file, found again by a later run, ended for certain.

The child inherits a lock on its pid file and holds it until it and everything it forked are gone. So a pid file whose lock
is free is stale whatever process has that number now, and a held one names a process of ours.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import Broken, leash

LEASH = str(Path(leash.__file__).resolve())
POLL_S = 0.02


@dataclass(frozen=True)
class Account:
    """The user a child runs as; `leash.KEEP` for ours."""

    uid: int = leash.KEEP
    gid: int = leash.KEEP


OURS = Account()


@dataclass
class Child:
    """One process slot: at most one process at a time lives in it, across restarts of ours.

    `leashed` children die with us (Linux), also when we are killed; unleashed ones stay until someone stops them.
    """

    name: str
    directory: Path
    leashed: bool = True
    account: Account = OURS
    logs: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return (self.logs or self.directory) / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.directory / f"{self.name}.pid"

    @property
    def alive(self) -> bool:
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The number of the living process, ours or one left by an earlier run."""
        if not self.pid_file.exists():
            return None
        with self.pid_file.open("r+") as file:
            if _try_lock(file.fileno()):
                return None
            return int(file.read() or 0) or None

    def start(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        """Start the program with its output appended to the log. A process already in the slot is refused."""
        for folder in (self.directory, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with self.pid_file.open("a+") as file, self.log.open("ab") as log:
            if not _try_lock(file.fileno()):
                raise Broken(f"{self.name} is already running (pid {self.pid}); stop it with: make down")
            file.truncate(0)
            self._process = subprocess.Popen(
                [*self._leash(), *argv],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(file.fileno(),),
                start_new_session=True,
            )
            file.write(str(self._process.pid))

    def send(self, signum: int) -> None:
        pid = self.pid
        if pid is not None:
            os.kill(pid, signum)

    def wait(self, timeout_s: float) -> bool:
        """True when the process is gone within the time. Reaps it if it was ours."""
        until = time.monotonic() + timeout_s
        while self.alive:
            if time.monotonic() > until:
                return False
            self._reap()
            time.sleep(POLL_S)
        self._reap()
        return True

    def stop(self, timeout_s: float, signum: int = signal.SIGTERM) -> None:
        """Ask, then after the time-out kill. A frozen process is thawed so that it can hear."""
        if not self.alive:
            return self._reap()
        self.send(signum)
        self.send(signal.SIGCONT)
        if not self.wait(timeout_s):
            self.kill()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        if not self.wait(10):
            raise Broken(f"{self.name} (pid {self.pid}) does not end; end it by hand and try again")

    def last_words(self, lines: int = 12) -> str:
        """The end of the log, for a failure's message."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _reap(self) -> None:
        if self._process is not None:
            self._process.poll()

    def _leash(self) -> list[str]:
        # The death signal comes when the *thread* that started the child ends, so only the main one may ask for it.
        bound = self.leashed and threading.current_thread() is threading.main_thread()
        signum = signal.SIGKILL if bound else 0
        words = (int(signum), os.getpid(), self.account.uid, self.account.gid)
        return [sys.executable, "-I", "-S", LEASH, *map(str, words)]


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
