"""`python -m deploy.local up | down | status | logs | clean`: the stack kept running for development."""

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local import Broken
from deploy.local.stack import HOME, SERVICES, Stack, end_on_signals

console = Console(highlight=False)


def up(name: str, rate: float) -> None:
    """Start and leave running; a failure leaves nothing behind."""
    stack = Stack(name, rate=rate, leashed=False, say=lambda line: console.print(f"[dim]· {line}[/]"))
    if stack.alive:
        console.print(f"{name} runs already")
        return status(name)
    end_on_signals()
    try:
        stack.start()
    except BaseException:
        stack.stop()
        raise
    status(name)
    console.print(f"Addresses are in {_short(stack.directory / 'stack.json')}; stop with: make down")
    console.print(
        f"Operators' commands: . {_short(stack.operator_env)} && .venv/bin/python -m services check",
        soft_wrap=True,
    )


def down(name: str) -> None:
    Stack(name).stop()
    console.print("Everything is stopped; the data is kept until: make clean")


def status(name: str) -> None:
    """One line a process. Exits 1 when something does not run."""
    stack, known = Stack(name), _known(name)
    table = Table("", "state", "pid", "address")
    for part, child in stack.children.items():
        state = "[green]runs[/]" if child.alive else "[red]stopped[/]"
        table.add_row(part, state, str(child.pid or ""), known.get(part, ""))
    console.print(table)
    if not stack.alive:
        sys.exit(1)


def logs(name: str, part: str | None) -> None:
    """The end of the logs, then what comes; Ctrl-C ends it."""
    folder = HOME / name / "logs"
    files = sorted(folder.glob(f"{part or '*'}.log"))
    if not files:
        raise Broken(f"There is no log of {part or name} in {folder}; start with: make up")
    os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])


def clean() -> None:
    """Stop every stack of this folder and remove what they made, also outside of it."""
    for folder in HOME.iterdir() if HOME.exists() else ():
        if (folder / "kafka").exists():
            stack = Stack(folder.name)
            stack.stop()
            stack.forget()


def _short(path: Path) -> str:
    """As one types it here, for a shell."""
    return shlex.quote(os.path.relpath(path))


def _known(name: str) -> dict[str, str]:
    path: Path = HOME / name / "stack.json"
    if not path.exists():
        return {}
    found = json.loads(path.read_text())
    servers = {"kafka": found["kafka"]["bootstrap"], "postgres": found["postgres"]["url"].rpartition("@")[2]}
    return servers | {service: found["services"][service]["http"] for service in SERVICES}


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--name", default="dev", help="which stack; its files are in .suban/<name>")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up").add_argument("--rate", type=float, default=1.0, help="city seconds per second")
    for verb in ("down", "status", "clean"):
        verbs.add_parser(verb)
    verbs.add_parser("logs").add_argument("part", nargs="?", choices=(*SERVICES, "kafka", "postgres"))
    return parser.parse_args()


def main() -> None:
    words = _words()
    match words.verb:
        case "up":
            up(words.name, words.rate)
        case "down":
            down(words.name)
        case "status":
            status(words.name)
        case "logs":
            logs(words.name, words.part)
        case _:
            clean()


if __name__ == "__main__":
    try:
        main()
    except Broken as failure:
        Console(stderr=True, highlight=False).print(f"[red]✗[/] {escape(str(failure))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
