"""After the resolve: 回访, 评价, 重办, 重启."""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.commands.command import Command, Slug, Text
from services.contracts.values import Asking


class Verify(Command):
    """回访核查: the citizen is asked, by a message or by a person's call."""

    command: Literal["verify"] = "verify"
    ask: Asking = Asking.MESSAGE


class Rate(Command):
    """评价: what the citizen said when called."""

    command: Literal["rate"] = "rate"
    rating: Annotated[int, Field(ge=1, le=5)]
    note: Text | None = None


Parts = Annotated[tuple[Slug, ...], Field(max_length=20)]


class Redo(Command):
    """重办: it was not well done. `parts`: of a split case, whose parts are done again; nobody named, all of them."""

    command: Literal["redo"] = "redo"
    reason: Text
    parts: Parts = ()


class Reopen(Command):
    """重启: a closed case comes back, within the window. `parts`: as of a redo."""

    command: Literal["reopen"] = "reopen"
    reason: Text
    parts: Parts = ()
