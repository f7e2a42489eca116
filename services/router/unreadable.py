"""What is wrong with a command that cannot be read: the field, and what is allowed there; never what was sent."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from services.chassis import wording
from services.chassis.wording import Flaw
from services.contracts.commands import AnyCommand
from services.router.wording import Said

MOST = 3  # of them are told in a sentence; over HTTP all are
SERVED = tuple(kind.model_fields["command"].default for kind in get_args(get_args(AnyCommand)[0]))


def flaws(invalid: ValidationError) -> list[Flaw]:
    """Of `COMMAND`: its locations begin with the command's name."""
    return [_flaw(error) for error in invalid.errors(include_url=False, include_input=False)]


def _flaw(error: Mapping[str, Any]) -> Flaw:
    if error["type"].startswith("union_tag"):
        return Flaw("command", *wording.one_of(SERVED))
    return wording.flaw({**error, "loc": error["loc"][1:]})


def said(found: Iterable[Flaw]) -> Said:
    """All in one sentence, for a reply on a topic."""
    told = list(found)[:MOST]
    return Said(
        "未能读取命令：" + "；".join(f"{one.field} {one.zh}" for one in told),
        "the command cannot be read: " + "; ".join(f"{one.field}: {one.en}" for one in told),
    )
