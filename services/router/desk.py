"""What the dispatcher's desk does to a case: 派单, 结案, 不予受理, 撤诉. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.commands import Assign, Reassign, Reject, TransferOut
from services.contracts.events import Event
from services.contracts.values import Holder
from services.router import case as cases
from services.router import pauses, records, reviews, wording
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Done
from services.router.wording import Said


def assign(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Assign)
    owner = Holder(unit=command.department, is_desk=False)
    after = cases.handed(scene.after, owner, command.assists, scene.at)
    told = records.dispatched(after, scene.at, scene.actor, str(wording.ASSIGNED))
    last = scene.before.quarrel.under_review
    upheld = last is None or last.department != command.department
    after, judged = reviews.settled(after, scene.at, scene.actor, upheld, reviews.DESK, scene.law.desk)
    letters = records.opened(after, scene.dossier, scene.city, str(wording.by_desk(command.reason)))
    over = records.cancelled(scene.before, str(wording.ASSIGNED))
    return Done(after, scene.at, (told, *judged, *over, *letters))


def reassign(scene: Scene) -> Done:
    """改派: from the department that has it to another; a running pause ends with the hand-over."""
    command = scene.asked.command
    assert isinstance(command, Reassign)
    taken_from = records.lead_of(scene.before).department
    before, told = pauses.ended(scene.after, scene.at, scene.actor)
    if told:
        before = replace(before, version=before.version + 1)
    owner = Holder(unit=command.department, is_desk=False)
    after = cases.handed(before, owner, command.assists, scene.at)
    dispatched = records.dispatched(
        after, scene.at, scene.actor, str(wording.ASSIGNED), taken_from=taken_from
    )
    letters = records.opened(after, scene.dossier, scene.city, str(wording.by_desk(command.reason)))
    gone = records.cancelled(scene.before, str(wording.REASSIGNED))
    return Done(after, scene.at, (*told, dispatched, *gone, *letters))


def transfer_out(scene: Scene) -> Done:
    """转出 to another system, under its number there."""
    command = scene.asked.command
    assert isinstance(command, TransferOut)
    told = events.CaseTransferredOut(
        **records.line(scene.after, scene.at, scene.actor), system=command.system,
        their_number=command.their_number, public_text=command.public_text,
    )  # fmt: skip
    return ended(scene.after, scene.before, scene.at, told, str(wording.TRANSFERRED))


def close(scene: Scene) -> Done:
    reason = str(wording.SILENT if scene.asked.timer else wording.CLOSED)
    told = events.CaseClosed(**records.line(scene.after, scene.at, scene.actor), reason=reason)
    return ended(scene.after, scene.before, scene.at, told, reason)


def reject(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Reject)
    line = records.line(scene.after, scene.at, scene.actor)
    told = events.CaseRejected(
        **line, reason_code=command.reason_code, public_text=command.public_text, turn_to=command.turn_to
    )
    return ended(scene.after, scene.before, scene.at, told, str(wording.REJECTED))


def withdraw(scene: Scene) -> Done:
    return withdrawn(scene.after, scene.before, scene.at, scene.actor)


def withdrawn(after: Case, before: Case, at: datetime, actor: str, why: Said = wording.WITHDRAWN) -> Done:
    """撤诉, by the desk on the citizen's word or by the citizen's own act; of a part, as its parent has it."""
    told = events.CaseWithdrawn(**records.line(after, at, actor), reason=str(why))
    return ended(after, before, at, told, str(why))


def ended(after: Case, before: Case, at: datetime, told: Event, reason: str) -> Done:
    """Nobody has to act any more; those who had to are told."""
    return Done(
        replace(cases.ended(after, at), close_at=None), at, (told, *records.cancelled(before, reason))
    )
