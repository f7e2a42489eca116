"""SQL stands in .sql files, where SQL can be read; here it gets its names."""

import re
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load(path: Path) -> Mapping[str, str]:
    """`-- name: x` begins the query x. Raises ValueError when a name stands twice."""
    pieces = _NAME.split(path.read_text(encoding="utf-8"))[1:]
    names, bodies = pieces[::2], pieces[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{path.name}: a query's name stands twice")
    return {name: body.strip() for name, body in zip(names, bodies, strict=True)}
