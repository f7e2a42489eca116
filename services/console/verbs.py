"""A table of verbs as a command line: `python -m services <name> <verb> …`. Each verb is a module of `package` with
`arguments(parser)` and `main(asked) -> int`."""

import argparse
import importlib
import keyword
from collections.abc import Callable, Mapping
from typing import Any, NoReturn


def parsed(
    prog: str,
    description: str,
    package: str,
    verbs: Mapping[str, str],
    arguments: list[str],
    common: Callable[[argparse.ArgumentParser], None] = lambda _: None,
) -> tuple[Any, argparse.Namespace]:
    """The module of the verb and what was asked of it; `common` adds what every verb takes. Exits with 2 when it was
    asked wrongly."""
    parser = _Parser(prog=prog, description=description)
    known = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, line in verbs.items():
        one = known.add_parser(verb, help=line, description=line)
        common(one)
        _module(package, verb).arguments(one)
    asked = parser.parse_args(arguments)
    return _module(package, asked.verb), asked


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(f"{message}\n命令写法有误；用法见 {self.prog} --help")


def _module(package: str, verb: str) -> Any:
    name = verb.replace("-", "_")
    return importlib.import_module(f"{package}.{name}_" if keyword.iskeyword(name) else f"{package}.{name}")
