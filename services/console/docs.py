"""`docs`: everything that is generated from the code. `--check` fails when a committed file is stale."""

import argparse
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from services.chassis.database import SERVICES
from services.console import asyncapi, events_doc, lifecycle_doc, metrics_doc, settings_doc
from services.contracts import city as cities
from services.contracts import schemas

ROOT = Path(__file__).resolve().parents[2]
# Where a service has more than one file of routes, the one that has them all.
DOORS = {"router": "services.router.desk_api"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")


def main(asked: argparse.Namespace) -> int:
    stale = [path for path, text in generated() if not _same(ROOT / path, text)]
    if asked.check:
        for path in stale:
            print(f"{path} is stale: run `make docs` and commit it")
        return 1 if stale else 0
    for path, text in generated():
        if path in stale:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 0


def generated() -> Iterator[tuple[str, str]]:
    """(path below the project, text) of every generated file."""
    yield "docs/events.md", events_doc.markdown()
    yield "docs/asyncapi.json", _json(asyncapi.document())
    yield "docs/lifecycle.md", lifecycle_doc.markdown()
    yield "docs/metrics.md", metrics_doc.metrics_markdown()
    yield "docs/settings.md", settings_doc.markdown()
    for service in SERVICES:
        yield (
            f"docs/openapi/{service}.json",
            _json(_call(DOORS.get(service, f"services.{service}.api"), "openapi")),
        )
    for name, schema in _schemas().items():
        yield f"deploy/city/schema/{name}", _json(schema)
    for name, dashboard in _call("deploy.grafana.build", "dashboards").items():
        yield f"deploy/grafana/dashboards/{name}", _json(dashboard)


def _schemas() -> dict[str, Any]:
    rules = importlib.import_module("services.router.rules")
    shapes = importlib.import_module("services.router.shapes")
    wording = importlib.import_module("services.notify.wording")
    return {
        **cities.json_schemas(),
        "areas.geojson.json": shapes.json_schema(),
        "rules.json": schemas.json_schema(rules.Rules),
        "templates.json": schemas.json_schema(wording.TemplatesFile),
    }


def _call(module: str, name: str) -> Any:
    function: Callable[[], Any] = getattr(importlib.import_module(module), name)
    return function()


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text
