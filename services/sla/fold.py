"""One line of the log against everything sla knows of its case: its clocks and its course. Pure.

The handler takes lines as they come; a replay takes them all again from the first. Both come here, so they cannot differ.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from services.contracts.events import CaseEvent, CaseRegistered
from services.contracts.ids import CaseId, ClockId
from services.contracts.values import ClockKind
from services.sla import course as courses
from services.sla import decide
from services.sla.clocks import Clock, Happening
from services.sla.course import Course

ALWAYS = (ClockKind.RESPONSE, ClockKind.CLOSE)


@dataclass(slots=True)
class Known:
    """What is known of a case. None: it was never registered."""

    clocks: dict[ClockId, Clock] = field(default_factory=dict)
    course: Course | None = None


def take(case: CaseId, event: CaseEvent, known: Known) -> Iterator[Happening]:
    """Brings `known` up to date and tells what happened. An instance that has finished hears no more."""
    hearing = tuple(clock for clock in known.clocks.values() if clock.kind in ALWAYS or clock.running)
    for turn in decide.on_event(case, event, hearing):
        known.clocks[turn.clock.clock_id] = turn.clock
        yield from turn.happened
    if isinstance(event, CaseRegistered):
        known.course = known.course or courses.opened(event)
    elif known.course is not None:
        known.course = courses.after(known.course, event)
    if known.course is not None:
        known.course = _naming(known.course, known.clocks.values())


def _naming(course: Course, of_case: Iterable[Clock]) -> Course:
    """With the instances that may still change, so that the next line finds them."""
    open_ = tuple(str(clock.clock_id) for clock in of_case if clock.running and clock.kind not in ALWAYS)
    return course if course.open == open_ else replace(course, open=open_)
