"""The part of requirements.lock that the image needs: `python image_lock.py requirements.lock > image.lock`.

The lock says of each package why it is there (`# via`); kept is what the project asks for, and what that asks for.
Runs before anything is installed, so it needs the standard library alone.
"""

import re
import sys
from pathlib import Path

PROJECT = "suban (pyproject.toml)"  # a group's line reads `suban (pyproject.toml:dev)`
REASON = re.compile(r"^ +# +(?:via +)?(\S.*?)\s*$", re.MULTILINE)


def blocks(lock: str) -> dict[str, str]:
    """Package → its lines: the pin, the hashes, the reasons."""
    parts = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    return {
        part.partition("==")[0].partition("[")[0]: part for part in parts if "==" in part.partition("\n")[0]
    }


def reasons(block: str) -> set[str]:
    return {found.partition("[")[0] for found in REASON.findall(block) if found != "via"}


def kept(lock: str) -> dict[str, str]:
    """As `blocks`, without what only tests and the local servers need."""
    every = blocks(lock)
    wanted = {PROJECT}
    while more := {name for name, block in every.items() if name not in wanted and reasons(block) & wanted}:
        wanted |= more
    return {name: block for name, block in every.items() if name in wanted}


if __name__ == "__main__":
    print("".join(kept(Path(sys.argv[1]).read_text(encoding="utf-8")).values()), end="")
