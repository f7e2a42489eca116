"""Who an audience means at an instant."""

from services.contracts.values import Audience
from services.notify.roster import Roster
from tests.unit.notify import sample

ROSTER: Roster = sample.bylaw().roster


def ids(audience: Audience, unit: str = "urban-management", handler: str | None = None) -> list[str]:
    return [officer.id for officer in ROSTER.reached(audience, unit, handler, sample.NOON)]


def test_a_named_handler_is_the_handler() -> None:
    assert ids(Audience.HANDLER, handler="urban-management-h1") == ["urban-management-h1"]


def test_before_there_is_a_handler_the_units_and_the_desks_duty_officers_hear() -> None:
    of_unit, of_desk = ids(Audience.DUTY_OFFICER), ids(Audience.DUTY_OFFICER, "dispatch-desk")
    assert ids(Audience.HANDLER) == of_unit + of_desk
    assert ids(Audience.HANDLER, "dispatch-desk") == of_desk


def test_a_name_the_roster_does_not_know_is_no_handler() -> None:
    assert ids(Audience.HANDLER, handler="somebody-else") == ids(Audience.HANDLER)


def test_the_level_above_is_the_parents_head_or_supervision() -> None:
    assert ids(Audience.LEVEL_ABOVE, "water-supply") == ids(Audience.HEAD, "water-affairs")
    assert ids(Audience.LEVEL_ABOVE, "urban-management") == ids(Audience.HEAD, "supervision-office")


def test_supervision_is_the_citys() -> None:
    assert ids(Audience.SUPERVISION, "water-supply") == ids(Audience.DUTY_OFFICER, "supervision-office")


def test_shifts_change_with_the_local_hour() -> None:
    day = ROSTER.on_duty("urban-management", sample.NOON)
    night = ROSTER.on_duty("urban-management", sample.NIGHT)
    assert day is not None
    assert night is not None
    assert day.name != night.name


def test_an_unknown_department_has_nobody() -> None:
    assert ids(Audience.HEAD, "no-such-department") == []
