"""`show`: every setting in force with its unit and reason, secrets masked."""

import argparse
import importlib

from rich.console import Console
from rich.table import Table

from services.chassis.database import SERVICES
from services.chassis.settings import ServiceSettings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", choices=SERVICES)


def main(asked: argparse.Namespace) -> int:
    settings: ServiceSettings = importlib.import_module(
        f"services.{asked.service}.service"
    ).SERVICE.settings()
    table = Table("variable", "value", "what it is", title=f"settings of {asked.service}")
    for name, field in type(settings).model_fields.items():
        table.add_row(f"SUBAN_{name.upper()}", str(getattr(settings, name)), field.description or "")
    Console().print(table)
    return 0
