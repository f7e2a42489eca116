"""When a case is due, as the router knows it: what a guard asks and a letter says. sla is the judge of clocks. Pure."""

from datetime import datetime, timedelta

from services.contracts import plans
from services.router.case import Case


def response_due(case: Case) -> datetime:
    """Nothing moves it: no pause, no extension."""
    return plans.due_at(case.plan.response, case.counted_from)


def close_due(case: Case, at: datetime) -> datetime:
    """As promised at the receipt, and later by what the case has rested up to `at` and by what was granted."""
    return plans.due_at(case.plan.close, case.counted_from, credit(case, at) + case.standing.extended)


def original_close_due(case: Case, at: datetime) -> datetime:
    """Without the extensions."""
    return plans.due_at(case.plan.close, case.counted_from, credit(case, at))


def credit(case: Case, at: datetime) -> timedelta:
    """What does not count, in the plan's own time."""
    spans = case.standing.not_counted(at)
    if not spans:
        return timedelta(0)
    ruler = case.plan.close.ruler
    return sum((ruler.at(end) - ruler.at(start) for start, end in spans), timedelta(0))
