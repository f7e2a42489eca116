"""退单: a department says the case is not its own. Pure."""

from dataclasses import replace

from services.contracts import events
from services.contracts.commands import Return
from services.contracts.values import Holder
from services.router import case as cases
from services.router import records, wording
from services.router.scene import Scene
from services.router.verdicts import Done


def give_back(scene: Scene) -> Done:
    command, city = scene.asked.command, scene.city
    assert isinstance(command, Return)
    lead = records.lead_of(scene.before)
    why = wording.RETURN_REASONS[command.reason_code]
    said = str(wording.came_back(lead.department, why, city))
    desk = Holder(unit=city.file.desk, is_desk=True, reason=said)
    after = cases.handed(replace(scene.after, bounces=scene.before.bounces + 1), desk, (), scene.at)
    told = events.CaseReturned(
        **records.line(after, scene.at, scene.actor), assignment_id=lead.id, department=lead.department,
        reason_code=command.reason_code, suggested_owner=command.suggested_owner, bounce_count=after.bounces,
    )  # fmt: skip
    reason = wording.returned(
        lead.department, command.reason_code, command.grounds, command.suggested_owner, city
    )
    letters = (
        *records.cancelled(scene.before, str(wording.RETURNED)),
        *records.opened(after, scene.dossier, city, str(reason)),
    )
    return Done(after, scene.at, (told, *letters))
