"""suban.cases.v1: one matter, several cases."""

from services.contracts.events.cases import CaseEvent
from services.contracts.values import Contact, Instant


class CaseMerged(CaseEvent):
    """并单: the case `into` stands for this one."""

    TYPE = "case.merged"
    into: str
    into_number: str


class CaseAbsorbed(CaseEvent):
    """This case stands for another too: its reporter is told of every step from now on. `received_at`: the earliest."""

    TYPE = "case.absorbed"
    other: str
    other_number: str
    received_at: Instant
    channel: str
    contact: Contact = Contact()
    tracking: str | None = None


class CaseUnmerged(CaseEvent):
    """撤销并单: this case stands for itself again."""

    TYPE = "case.unmerged"
    stood_for_by: str


class CaseReleased(CaseEvent):
    """This case no longer stands for the other. `received_at`: its own again, or the earliest of those that stay."""

    TYPE = "case.released"
    other: str
    other_number: str
    received_at: Instant
