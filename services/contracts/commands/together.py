"""Several departments on one case: 协办反馈, 免除协办, 吹哨, 报到, 一事一考, 上报."""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.commands.command import Command, Slug, Text


class Report(Command):
    """协办反馈: an assisting department has done its part, or says how far it is."""

    command: Literal["report"] = "report"
    text: Text
    done: bool = True


class Waive(Command):
    """免除协办、免除子单: an assisting department need not report; of a split case, who leads a part need not do it."""

    command: Literal["waive"] = "waive"
    department: Slug
    reason: Text


class Whistle(Command):
    """吹哨: calls departments to the spot; each has to arrive in the time the city's policy gives."""

    command: Literal["whistle"] = "whistle"
    departments: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=100)]
    reason: Text


class Arrive(Command):
    """报到: a called department is there."""

    command: Literal["arrive"] = "arrive"
    note: Text | None = None


class Score(Command):
    """一事一考: who blew the whistle scores each department it called; then the whistle closes."""

    command: Literal["score"] = "score"
    department: Slug
    score: Annotated[int, Field(ge=1, le=5)]
    note: Text | None = None


class Raise(Command):
    """上报上一级: the level above takes part. `department`: who has the case, as the sender saw it; refused otherwise."""

    command: Literal["raise"] = "raise"
    reason: Text
    department: Slug | None = None
