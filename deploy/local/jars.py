"""Kafka's jars: exactly the ones in `kafka.jars.lock`, each checked by its SHA-256 on every use.

The lock is what Maven resolves for kafka_2.13, log4j-slf4j-impl, log4j-core and log4j-api (`dependency:copy-dependencies
-DincludeScope=runtime`); jgo fetches single coordinates and is not asked to resolve, as it would pick other versions.
"""

import concurrent.futures
import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import requests
from jgo.maven import MavenContext

from deploy.local import Broken, Say, quiet

LOCK = Path(__file__).with_name("kafka.jars.lock")
FETCHERS = 8  # parallel downloads
REPORT_EVERY = 10


@dataclass(frozen=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked(text: str) -> list[Jar]:
    """The jars of a lock file: one `group:artifact:version sha256:<hex>` a line."""
    return [_jar(*line.split()) for line in text.splitlines() if line and not line.startswith("#")]


def _jar(coordinate: str, digest: str) -> Jar:
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, digest.removeprefix("sha256:"))


def ensure(libs: Path, say: Say = quiet) -> None:
    """Make the folder hold every locked jar, intact; fetch what is missing or damaged. Raises Broken."""
    jars = locked(LOCK.read_text())
    libs.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not _intact(libs / jar.file, jar)]
    for stray in set(libs.glob("*.jar")) - {libs / jar.file for jar in jars}:
        stray.unlink()  # the class path is the whole folder
    if missing:
        _fetch_all(missing, libs, say)


def _fetch_all(jars: list[Jar], libs: Path, say: Say) -> None:
    # A folder of its own on the same disk, so that two runs at once and an interrupted one leave no half a jar.
    with (
        tempfile.TemporaryDirectory(dir=libs.parent, prefix="fetch-") as folder,
        concurrent.futures.ThreadPoolExecutor(FETCHERS) as pool,
    ):
        tasks = [pool.submit(_fetch, jar, Path(folder), libs) for jar in jars]
        try:
            _report(concurrent.futures.as_completed(tasks), len(tasks), say)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _report(done: Iterable[concurrent.futures.Future[None]], total: int, say: Say) -> None:
    for count, task in enumerate(done, 1):
        task.result()
        if count % REPORT_EVERY == 0 or count == total:
            say(f"Kafka: fetched {count} of {total} jars")


def _fetch(jar: Jar, folder: Path, libs: Path) -> None:
    project = MavenContext(repo_cache=folder).project(jar.group, jar.artifact)
    try:
        path = project.at_version(jar.version).artifact(packaging="jar").resolve()
    except (requests.RequestException, RuntimeError, OSError) as cause:
        raise Broken(
            f"Could not fetch {jar.file} for Kafka ({cause}); check the network and try again."
        ) from cause
    if not _intact(path, jar):
        raise Broken(
            f"{jar.file} is not what deploy/local/kafka.jars.lock promises; do not use this network's copy."
        )
    os.replace(path, libs / jar.file)


def _intact(path: Path, jar: Jar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False
