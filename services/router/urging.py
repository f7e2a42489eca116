"""催办、督办: shown, told and timed; they change no owner. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.commands import Supervise, Urge
from services.contracts.events import Event
from services.router import records
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Done


def urge(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Urge)
    return urged(scene.after, scene.at, scene.actor, command.reason)


def urged(after: Case, at: datetime, by: str, text: str | None = None) -> Done:
    """By the desk, or by the citizen's own act: everybody who has to act on it hears of it."""
    told: list[Event] = [events.CaseUrged(**records.line(after, at, by), by=by)]
    for one in after.open:
        told.append(records.urged(after, one, by))
        if text:
            told.append(records.updated(after, one, "urged", text, by=by))
    return Done(after, at, tuple(told))


def supervise(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Supervise)
    after = replace(scene.after, standing=replace(scene.after.standing, supervised=True))
    told = events.CaseSupervised(
        **records.line(after, scene.at, scene.actor), by=scene.actor, department=after.holder.unit,
        answer_by=command.answer_by,
    )  # fmt: skip
    letters = (
        records.updated(after, one, "supervised", command.reason, by=scene.actor, answer_by=command.answer_by)
        for one in after.open
    )
    return Done(after, scene.at, (told, *letters))
