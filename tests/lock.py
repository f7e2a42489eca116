"""requirements.lock against pyproject.toml, without a network: `python -m tests.lock` prints what is wrong and exits 1."""

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)")
GROUPS = ("local", "dev")


@dataclass(frozen=True)
class Pin:
    """One package of the lock; `asked` when pyproject.toml itself is among the reasons uv names for it."""

    name: str
    version: str
    hashed: bool
    asked: bool


def wanted(pyproject: str) -> list[Requirement]:
    """What the project and its groups ask for."""
    tables = tomllib.loads(pyproject)
    groups = tables.get("dependency-groups", {})
    lines = [
        *tables["project"]["dependencies"],
        *(line for group in GROUPS for line in groups.get(group, [])),
    ]
    return [Requirement(line) for line in lines]


def pins(lock: str) -> list[Pin]:
    """The packages of a lock as `uv pip compile` writes it: a pin, its hashes, then `# via` and the reasons."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    return [_pin(block, found) for block in blocks if (found := PINNED.match(block))]


def faults(pyproject: str, lock: str) -> list[str]:
    """Every difference, one sentence each."""
    locked = {pin.name: pin for pin in pins(lock)}
    asked = {canonicalize_name(one.name): one for one in wanted(pyproject)}
    found = [f"{name} is asked for and not in the lock" for name in asked if name not in locked]
    found += [
        f"{name} is not asked for any more" for name, pin in locked.items() if pin.asked and name not in asked
    ]
    found += [f"{pin.name} has no hash" for pin in locked.values() if not pin.hashed]
    for name, one in asked.items():
        if name in locked and not one.specifier.contains(locked[name].version, prereleases=True):
            found.append(f"{name} is locked at {locked[name].version}, asked for {one.specifier}")
    return found + [f"line {number} names an address" for number in _addresses(lock)]


def _pin(block: str, found: re.Match[str]) -> Pin:
    return Pin(canonicalize_name(found[1]), found[2], "--hash=sha256:" in block, "(pyproject.toml" in block)


def _addresses(lock: str) -> list[int]:
    """An address would tie everybody to one registry."""
    return [
        number for number, line in enumerate(lock.splitlines(), 1) if "://" in line or line.startswith("--")
    ]


def main() -> None:
    found = faults((ROOT / "pyproject.toml").read_text(), (ROOT / "requirements.lock").read_text())
    for fault in found:
        print(f"requirements.lock: {fault}")
    if found:
        sys.exit("Run: make lock")
    print("requirements.lock fits pyproject.toml")


if __name__ == "__main__":
    main()
