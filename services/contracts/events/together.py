"""suban.cases.v1: several departments on one case. An attendance's id is its arrival clock's instance."""

from pydantic import BaseModel, ConfigDict

from services.contracts.events.cases import CaseEvent
from services.contracts.values import Instant


class CaseReported(CaseEvent):
    """协办反馈: an assisting department's part is done, or under way."""

    TYPE = "case.reported"
    assignment_id: str
    department: str
    done: bool


class CaseAssistWaived(CaseEvent):
    """免除协办."""

    TYPE = "case.assist_waived"
    assignment_id: str
    department: str


class Call(BaseModel):
    """A department called to the spot. It has to be there by `arrive_by`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    attendance_id: str
    assignment_id: str
    department: str
    arrive_by: Instant


class CaseWhistled(CaseEvent):
    """吹哨: `by` convenes; every call starts an arrival clock at `at`."""

    TYPE = "case.whistled"
    whistle_id: str
    by: str
    calls: tuple[Call, ...]


class CaseArrived(CaseEvent):
    """报到: stops the arrival clock of the attendance. `late`: after `arrive_by`, which is a breach."""

    TYPE = "case.arrived"
    whistle_id: str
    attendance_id: str
    department: str
    called_at: Instant
    arrive_by: Instant
    late: bool


class CaseScored(CaseEvent):
    """一事一考, by who blew the whistle. `arrived` false: it never came, and its arrival clock ends here."""

    TYPE = "case.scored"
    whistle_id: str
    attendance_id: str
    department: str
    score: int
    arrived: bool


class CaseWhistleClosed(CaseEvent):
    """Every department that was called is scored."""

    TYPE = "case.whistle_closed"
    whistle_id: str
    by: str
    called: int
    arrived: int
    late: int


class CaseRaised(CaseEvent):
    """上报上一级: `department`, of the level above, takes part; the owner stays."""

    TYPE = "case.raised"
    by: str
    from_level: str
    to_level: str
    department: str
    assignment_id: str | None = None
