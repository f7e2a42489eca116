"""Kafka and PostgreSQL as containers, for machines where a Docker engine answers."""

import socket
from textwrap import dedent

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

KAFKA_IMAGE = "apache/kafka:4.2.1"
POSTGRES_IMAGE = "postgres:18-alpine"
PORT = 9092
START = "/tmp/suban-start.sh"  # inside the container

# As soon as one KAFKA_* variable is set the image drops its own defaults, so the set is whole.
KAFKA_SETTINGS = {
    "CLUSTER_ID": "U3ViYW5UZXN0Q2x1c3Rlcg",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_NODE_ID": "1",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{PORT},BROKER://localhost:9093,CONTROLLER://localhost:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LOG_DIRS": "/tmp/kafka-logs",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
}


def engine_answers() -> bool:
    """A command line alone proves nothing: ask the engine."""
    try:
        return bool(docker.from_env(timeout=3).ping())
    except (DockerException, OSError):
        return False


class KafkaContainer(DockerContainer):
    """The image `apache/kafka`, which testcontainers' own class does not start.

    The advertised address holds the mapped port, known only once the container runs: its command waits for a script
    that names it.
    """

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        self.with_exposed_ports(PORT)
        for name, value in KAFKA_SETTINGS.items():
            self.with_env(name, value)
        self.with_command(["sh", "-c", f"while [ ! -f {START} ]; do sleep 0.1; done; exec sh {START}"])

    @property
    def bootstrap(self) -> str:
        # By number: the name localhost may lead to ::1, where nothing listens.
        return f"{socket.gethostbyname(self.get_container_host_ip())}:{self.get_exposed_port(PORT)}"

    def start(self) -> "KafkaContainer":
        super().start()
        advertised = f"PLAINTEXT://{self.bootstrap},BROKER://localhost:9093"
        script = dedent(f"""\
            export KAFKA_ADVERTISED_LISTENERS={advertised}
            exec /etc/kafka/docker/run
        """)
        self.copy_into_container(script.encode(), START, 0o755)
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(90).wait_until_ready(self)
        return self


def postgres_container() -> PostgresContainer:
    container = PostgresContainer(POSTGRES_IMAGE, driver=None)
    return container.with_command("postgres -c max_connections=200 -c fsync=off -c full_page_writes=off")
