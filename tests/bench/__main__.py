"""`make bench`, `python -m tests.bench [name …]`: measure, show, and write .suban/bench/report.json.

`--write-docs` also puts the figures into docs/performance.md. Exits 1 when a limit is missed.
"""

import argparse
import importlib
import sys
from typing import cast

from rich.console import Console
from rich.markup import escape

from deploy.local import Broken
from deploy.local.stack import end_on_signals
from tests.bench import report
from tests.bench.figure import Bench, Figure, Say

NAMES = ("rules", "intake", "areas", "router", "clocks", "latency", "idle", "replay")
console = Console(highlight=False)


def measured(names: list[str]) -> list[Figure]:
    """One bench after the other: together they would measure each other."""
    figures: list[Figure] = []
    with console.status("…") as status:

        def show(line: str) -> None:
            status.update(escape(line))
            if not console.is_terminal:
                console.print(f"· {escape(line)}")

        for name in names:
            figures += bench(name).run(cast(Say, show))
    return figures


def bench(name: str) -> Bench:
    """Imported when it is its turn: what one bench needs is no burden to another's figures."""
    return cast(Bench, importlib.import_module(f"tests.bench.{name}"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"which: {', '.join(NAMES)}; all of them if none is named"
    )
    parser.add_argument(
        "--write-docs", action="store_true", help="put the figures into docs/performance.md too"
    )
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        raise Broken(f"There is no bench {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
    end_on_signals()
    figures = measured(asked.names or list(NAMES))
    report.merge(figures)
    if asked.write_docs:
        report.write_docs(figures)
    console.print(report.table(figures))
    missed = [figure.name for figure in figures if figure.met is False]
    console.print(f"[bold red]missed: {', '.join(missed)}[/]" if missed else "every limit is met")
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as failure:
        Console(stderr=True, highlight=False).print(f"[red]✗[/] {escape(str(failure))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
