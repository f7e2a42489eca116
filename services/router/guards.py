"""Guards: what the table of lifecycle.py alone cannot know. Each agrees (None), or says why not."""

from collections.abc import Callable, Mapping

from services.contracts.city import City
from services.contracts.commands import Assign, Resolve, Respond
from services.contracts.values import ResponseBasis
from services.router import records, wording
from services.router.case import Case
from services.router.verdicts import Asked
from services.router.wording import Said


def _known_units(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Assign)
    for slug in (asked.command.department, *asked.command.assists):
        if slug == city.file.desk or slug not in city.department_by_slug:
            return wording.unknown_unit(slug)
    if asked.command.department in asked.command.assists:
        return wording.unknown_unit(asked.command.department)
    return None


def _said_or_noted(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Respond)
    public = asked.command.basis is ResponseBasis.PUBLIC_MESSAGE
    return (
        None
        if (asked.command.public_text if public else asked.command.contact_note)
        else wording.NOTHING_SAID
    )


def _returnable(city: City, case: Case, asked: Asked) -> Said | None:
    """Within the window, counted from the opening of the assignment."""
    window = city.file.return_window
    if asked.at(case) - records.lead_of(case).opened_at > window:
        return wording.window_over(window.total_seconds() / 3600)
    return None


def _evidence(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Resolve)
    return wording.NO_EVIDENCE if city.evidence(case.category) and not asked.command.evidence else None


def _silent(city: City, case: Case, asked: Asked) -> Said | None:
    return wording.NOT_SILENT_YET if case.close_at is None or asked.now < case.close_at else None


GUARDS: Mapping[str, Callable[[City, Case, Asked], Said | None]] = {
    "known_units": _known_units,
    "said_or_noted": _said_or_noted,
    "returnable": _returnable,
    "evidence": _evidence,
    "silent": _silent,
}
