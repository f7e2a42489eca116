"""requirements.lock and kafka.jars.lock: what fits, and how a misfit is told."""

import re

import pytest

from deploy.local import jars
from tests import lock

PROJECT = """
[project]
dependencies = ["aiokafka[zstd]==0.14.0", "orjson>=3.11,<4"]
[dependency-groups]
dev = ["PyYAML>=6"]
"""
FITTING = """\
# uv pip compile --no-emit-index-url pyproject.toml
aiokafka==0.14.0 \\
    --hash=sha256:aa
    # via suban (pyproject.toml)
orjson==3.11.4 ; python_version < '4' \\
    --hash=sha256:bb
    # via
    #   suban (pyproject.toml)
pyyaml==6.0.3 \\
    --hash=sha256:cc
    # via suban (pyproject.toml:dev)
zstandard==1.0 \\
    --hash=sha256:dd
    # via aiokafka
"""


def test_a_fitting_lock_has_no_faults() -> None:
    assert lock.faults(PROJECT, FITTING) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("orjson==3.11.4", "orjson==4.0", "orjson is locked at 4.0, asked for <4,>=3.11"),
        ("orjson==", "ujson==", "orjson is asked for and not in the lock"),
        ("orjson==", "ujson==", "ujson is not asked for any more"),
        ("    --hash=sha256:cc\n", "", "pyyaml has no hash"),
        ("# via aiokafka", "# from http://127.0.0.1/simple", "line 14 names an address"),
        ("aiokafka==", "--index-url x\naiokafka==", "line 2 names an address"),
    ],
)
def test_each_misfit_is_told(old: str, new: str, fault: str) -> None:
    assert fault in lock.faults(PROJECT, FITTING.replace(old, new))


def test_every_jar_is_locked_by_its_hash() -> None:
    found = jars.locked(jars.LOCK.read_text())
    assert len({jar.file for jar in found}) == len(found) == 46
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in found)
    assert {jar.version for jar in found if jar.artifact == "kafka_2.13"} == {"4.2.1"}
