"""Who is reached when an audience is named: the people on duty at an instant, by the city's roster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.contracts.city import City
from services.contracts.shifts import Officer, Shift
from services.contracts.values import Audience


@dataclass(frozen=True)
class Roster:
    """The city's duty roster, asked by department, audience and instant."""

    city: City

    @cached_property
    def officer_by_id(self) -> dict[str, Officer]:
        """Everybody who stands in the roster, by id; where somebody stands twice, the later line counts."""
        found = (roster.officers() for roster in self.city.roster.values())
        return {officer.id: officer for officers in found for _, officer in officers}

    @cached_property
    def departments_of(self) -> dict[str, frozenset[str]]:
        """Officer id → the departments they stand in."""
        found: dict[str, frozenset[str]] = {}
        for slug, roster in self.city.roster.items():
            for _, officer in roster.officers():
                found[officer.id] = found.get(officer.id, frozenset()) | {slug}
        return found

    def on_duty(self, department: str, now: datetime) -> Shift | None:
        """The shift on duty; None for a department the roster does not know."""
        roster = self.city.roster.get(department)
        return roster.on_duty(now.astimezone(self.city.zone)) if roster else None

    def reached(
        self, audience: Audience, unit: str, handler: str | None, now: datetime
    ) -> tuple[Officer, ...]:
        """The officers an audience means for a case that `unit` holds; empty when nobody is known."""
        match audience:
            case Audience.CITIZEN:
                return ()
            case Audience.HANDLER:
                return self._handler(unit, handler, now)
            case Audience.DUTY_OFFICER:
                return tuple(shift.duty_officer for shift in self._shift(unit, now))
            case Audience.HEAD:
                return tuple(shift.head for shift in self._shift(unit, now))
            case Audience.LEVEL_ABOVE:
                return tuple(shift.head for shift in self._shift(self.above(unit), now))
            case Audience.SUPERVISION:
                return tuple(shift.duty_officer for shift in self._shift(self.city.file.supervision, now))

    def above(self, unit: str) -> str:
        """The department a department reports to; supervision, where none is named."""
        known = self.city.department_by_slug.get(unit)
        return (known.parent if known else None) or self.city.file.supervision

    def _handler(self, unit: str, handler: str | None, now: datetime) -> tuple[Officer, ...]:
        """The named handler. Before there is one: who can name one, the unit's duty officer, and the desk's."""
        if handler is not None and handler in self.officer_by_id:
            return (self.officer_by_id[handler],)
        desk = self.city.file.desk
        return tuple(
            shift.duty_officer for slug in dict.fromkeys((unit, desk)) for shift in self._shift(slug, now)
        )

    def handlers(self, unit: str, now: datetime) -> tuple[Officer, ...]:
        """All handlers on duty: who a new assignment is for, as nobody has it yet."""
        return tuple(officer for shift in self._shift(unit, now) for officer in shift.handlers)

    def _shift(self, unit: str, now: datetime) -> Iterator[Shift]:
        shift = self.on_duty(unit, now)
        if shift is not None:
            yield shift
