"""The whole of Suban on this machine: Kafka, PostgreSQL, a provisioned city and the four services as processes.

Used by `make up`, the demo, the end-to-end and chaos tests and the benches. Everything it makes is in `directory`:
stack.json (addresses and pids), operator.env (what the operators' commands need), provisioned.json (roles and API keys),
secrets.json, logs/, pids/, kafka/, postgres/.
"""

import fcntl
import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

from deploy import handout
from deploy.local import Broken, Say, ports, quiet
from deploy.local.child import POLL_S, Child
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".suban"
CITY = ROOT / "deploy" / "city" / "pingshan"
SERVICES = ("intake", "router", "sla", "notify")
USUAL_PORTS = {"kafka": 9092, "controller": 9093, "postgres": 5432} | {
    name: 8101 + place for place, name in enumerate(SERVICES)
}


class Stack:
    """One running Suban. Starting again in the same directory keeps data and keys; `fresh` begins with nothing.

    `usual_ports=False` (tests) never asks for 9092 and the like, so that two stacks do not race for them.
    `env` adds variables to every service's environment. Use from the main thread (child.py).
    """

    def __init__(
        self,
        name: str = "dev",
        *,
        directory: Path | None = None,
        city: Path = CITY,
        shards: int = 4,
        rate: float = 1.0,
        city_start: str | None = None,
        fsync: bool = True,
        fresh: bool = False,
        leashed: bool = True,
        usual_ports: bool = True,
        env: Mapping[str, str] | None = None,
        say: Say = quiet,
    ) -> None:
        self.name, self.city, self.shards, self.rate = name, city.resolve(), shards, rate
        self.city_start = city_start
        self.directory = (directory or HOME / name).resolve()
        self.logs = self.directory / "logs"
        self.ports = _choose_ports(USUAL_PORTS if usual_ports else dict.fromkeys(USUAL_PORTS))
        self._extra, self._fresh, self._say = dict(env or {}), fresh, say
        self.kafka = Kafka(
            self.directory / "kafka",
            self.ports["kafka"],
            self.ports["controller"],
            say=say,
            leashed=leashed,
            logs=self.logs,
        )
        self.postgres = Postgres(
            self.directory / "postgres",
            self.ports["postgres"],
            fsync=fsync,
            say=say,
            leashed=leashed,
            logs=self.logs,
        )
        self._lock: TextIO | None = None
        pids = self.directory / "pids"
        self.services = {service: Child(service, pids, leashed, logs=self.logs) for service in SERVICES}
        self._leashed, self._twins = leashed, list[Child]()

    def __enter__(self) -> "Stack":
        self._claim()
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Everything, until every service says it is ready. On failure raises Broken; the caller stops the rest."""
        self._claim()
        self.stop()  # what an earlier run left
        if self._fresh:
            self.forget()
        self._start_servers()
        self.provision()
        for service in SERVICES:
            self._launch(service)
        for service in SERVICES:
            self._say(f"{service}: waiting until it is ready on {self.http(service)}")
            self.wait_ready(service)
        self.write_addresses()

    def stop(self) -> None:
        """End everything, services first so that they can finish what they have begun. Safe to call twice."""
        try:
            services = [*self.services.values(), *self._twins]
            for child in services:
                child.send(signal.SIGTERM)
            for child in services:
                child.stop(timeout_s=15)
            self.kafka.child.send(signal.SIGTERM)  # both end at the same time
            self.postgres.stop()
            self.kafka.stop()
        except BaseException:  # a second Ctrl-C: no more patience
            self._kill_everything()
            raise

    def kill(self, service: str, signum: int = signal.SIGKILL) -> None:
        """Send a signal to one service: SIGKILL, or SIGSTOP and SIGCONT to freeze and thaw it."""
        child = self.services[service]
        child.send(signum)
        if signum == signal.SIGKILL:
            child.wait(10)

    def restart(self, service: str, *, wait: bool = True, by: Sequence[str] = ("services",)) -> None:
        """Start one service again, on the same port, whether it is alive or not. `by`: the module that runs it, and its words."""
        self.services[service].stop(timeout_s=15)
        self._launch(service, by)
        if wait:
            self.wait_ready(service)

    def twin(self, service: str) -> Child:
        """A second process of the same service, on a port of its own, which shares its shards with the first.

        It is stopped with the rest. Start it before the first is frozen, and it takes over.
        """
        child = Child(f"{service}-twin", self.directory / "pids", self._leashed, logs=self.logs)
        port = ports.choose(None, frozenset(self.ports.values()))
        child.start(
            [sys.executable, "-m", "services", service], self._service_environment(service, port), ROOT
        )
        self._twins.append(child)
        return child

    def http(self, service: str) -> str:
        """The service's base URL."""
        return f"http://{ports.LOOPBACK}:{self.ports[service]}"

    def is_ready(self, service: str) -> bool:
        conn = http.client.HTTPConnection(ports.LOOPBACK, self.ports[service], timeout=2)
        try:
            conn.request("GET", "/readyz")
            return conn.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            conn.close()

    def wait_ready(self, service: str, timeout_s: float = 45) -> None:
        child, until = self.services[service], time.monotonic() + timeout_s
        while not self.is_ready(service):
            if not child.alive:
                raise Broken(f"{service} ended while starting. Its last words:\n{child.last_words()}")
            if time.monotonic() > until:
                raise Broken(f"{service} is not ready after {timeout_s:.0f} s; see {child.log}")
            time.sleep(POLL_S * 2)

    def provision(self) -> None:
        """Topics, schemas, the city's clock; a role for each service and a key for everybody the city knows.

        Idempotent: what was made at the first time stays, the clock's base too.
        """
        self._say("provisioning topics, schemas, roles and keys")
        start = ["--city-start", self.city_start] if self.city_start else []
        rate = ["--rate", f"{self.rate:g}"]
        city = ["--city", str(self.city), "--shards", str(self.shards)]
        self.command("provision", *city, *rate, *start, "--out", str(self._provisioned))

    @property
    def tokens(self) -> dict[str, str]:
        """Principal (`channel:<id>`, `department:<slug>`, `desk:duty`, `operator:local`) → its API key."""
        found: dict[str, str] = json.loads(self._provisioned.read_text())["tokens"]
        return found

    def database_url(self, service: str) -> str:
        """The service's own role, which sees its own schema and no other; at the port of today."""
        made: str = json.loads(self._provisioned.read_text())["environment"][service]["SUBAN_DATABASE_URL"]
        parts = urllib.parse.urlsplit(made)
        host = urllib.parse.urlsplit(self.postgres.url()).netloc.rpartition("@")[2]
        door = f"{parts.username}:{parts.password}@{host}"
        return urllib.parse.urlunsplit(parts._replace(netloc=door))

    def command(self, *words: str) -> str:
        """Run `python -m services <words>` as the operator; returns what it printed. Raises Broken if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "services", *words],
            env=self._environment(),
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            log = self.logs / f"{words[0]}.log"
            log.write_text(done.stdout + done.stderr)
            reason = (done.stderr or done.stdout).strip().rpartition("\n")[2]
            raise Broken(f"`python -m services {words[0]}` failed: {reason} (all of it: {log})")
        return done.stdout

    def addresses(self) -> dict[str, object]:
        """What stack.json holds."""
        return {
            "name": self.name,
            "city": str(self.city),
            "shards": self.shards,
            "rate": self.rate,
            "kafka": {"bootstrap": self.kafka.bootstrap, "pid": self.kafka.child.pid},
            "postgres": {"url": self.postgres.url(), "pid": self.postgres.child.pid},
            "services": {
                service: {"http": self.http(service), "pid": child.pid, "log": str(child.log)}
                for service, child in self.services.items()
            },
        }

    @property
    def alive(self) -> bool:
        """Whether every process of it lives."""
        return all(child.alive for child in self.children.values())

    @property
    def children(self) -> dict[str, Child]:
        return {"kafka": self.kafka.child, "postgres": self.postgres.child, **self.services}

    def write_addresses(self) -> None:
        path = self.directory / "stack.json"
        path.touch(mode=0o600)  # it holds the database's password
        path.write_text(json.dumps(self.addresses(), indent=2, ensure_ascii=False) + "\n")
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in self._operator_settings().items())
        handout.write(self.operator_env, "".join(lines))

    @property
    def operator_env(self) -> Path:
        """To be read by a shell (`. operator.env`); holds every secret of this stack."""
        return self.directory / "operator.env"

    def forget(self) -> None:
        """Remove everything this stack made. It must be stopped."""
        self.postgres.forget()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _claim(self) -> None:
        """Two runs in one directory would stop each other; the lock ends with this process, however it ends."""
        path = self.directory.parent / f"{self.directory.name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self._lock or path.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock = None
            raise Broken(
                f"{self.name} is running already, in another terminal; end that one first."
            ) from None

    def _kill_everything(self) -> None:
        for child in (*self.children.values(), *self._twins):
            child.kill()

    def _start_servers(self) -> None:
        self._say("starting Kafka and PostgreSQL")
        self.kafka.start()
        self.postgres.start()
        self.postgres.wait_ready()
        self.kafka.wait_ready()

    @property
    def _provisioned(self) -> Path:
        return self.directory / "provisioned.json"

    def _launch(self, service: str, by: Sequence[str] = ("services",)) -> None:
        self.services[service].start(
            [sys.executable, "-m", *by, service],
            self._service_environment(service, self.ports[service]),
            ROOT,
        )

    def _service_environment(self, service: str, port: int) -> dict[str, str]:
        values = handout.kept_secrets(self.directory) | {"database_url": self.database_url(service)}
        return {
            **self._environment(),
            "SUBAN_HTTP_PORT": str(port),
            **{f"SUBAN_{name.upper()}": values[name] for name in handout.SECRETS[service]},
            **({"SUBAN_PUBLIC_URL": self.http("intake")} if service == "notify" else {}),
            **self._extra,
        }

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1", **self._places()}

    def _places(self) -> dict[str, str]:
        """What the operators' commands get: the superuser's door to the database."""
        return {
            "SUBAN_DATABASE_URL": self.postgres.url(),
            "SUBAN_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "SUBAN_CITY_DIR": str(self.city),
        }

    def _operator_settings(self) -> dict[str, str]:
        """With the secrets of all services, so that `check` and `show` see the settings the services have."""
        kept = handout.kept_secrets(self.directory)
        return {
            **self._places(),
            **{f"SUBAN_{name.upper()}": value for name, value in kept.items()},
            **self._extra,
        }


def end_on_signals() -> None:
    """Let a termination or a closed terminal unwind like Ctrl-C does, so that what was started is stopped."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda number, _: sys.exit(128 + number))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start background programs deaf to it


def _choose_ports(preferred: Mapping[str, int | None]) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for name, port in preferred.items():
        chosen[name] = ports.choose(port, frozenset(chosen.values()))
    return chosen
