"""`python -m services <name>`: the only main. The four services, and what operators need beside them."""

import argparse
import importlib
import sys

from asyncpg import PostgresError

from services.chassis import run
from services.chassis.database import SERVICES
from services.chassis.files import BadFile
from services.chassis.settings import BadSettings

VERBS = {
    "provision": "make topics, schemas, roles and the city's clock; safe to repeat",
    "check": "say what is wrong with settings, city data, store and broker, in one screen",
    "show": "print the settings in force, secrets masked",
    "keys": "make, list and revoke keys of channels, departments and desks",
    "dead-letters": "list, show and retry what was set aside",
    "holidays": "write a country's public holidays and swapped workdays as a city's holidays.yaml",
    "docs": "write the generated documents; --check fails when one is stale",
}


def main(arguments: list[str]) -> int:
    if arguments[:2] == ["router", "rules"]:
        return _tool("rules.command", arguments[2:])
    if arguments[:1] == ["sla"] and len(arguments) > 1:
        return _tool("clocks.command", arguments[1:])
    if arguments and arguments[0] in SERVICES:  # without the console: a service should weigh what it needs
        return run.main(importlib.import_module(f"services.{arguments[0]}.service").SERVICE)
    parser = argparse.ArgumentParser(prog="python -m services", description="Suban 速办: open case routing.")
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for service in SERVICES:
        names.add_parser(service, help=f"run the {service} service until SIGTERM", add_help=True)
    for verb, line in VERBS.items():
        module = importlib.import_module(f"services.console.{verb.replace('-', '_')}")
        module.arguments(names.add_parser(verb, help=line, description=line))
    asked = parser.parse_args(arguments)
    try:
        code: int = importlib.import_module(f"services.console.{asked.name.replace('-', '_')}").main(asked)
    except (BadSettings, BadFile, OSError, PostgresError) as wrong:
        print(f"{asked.name}: {wrong}", file=sys.stderr)
        return 1
    return code


def _tool(module: str, arguments: list[str]) -> int:
    """A service's own verbs."""
    code: int = importlib.import_module(f"services.console.{module}").main(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
