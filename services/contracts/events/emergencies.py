"""What cannot wait. A topic of its own, so that nothing queues before it."""

from services.contracts import topics
from services.contracts.events.cases import CaseEvent
from services.contracts.events.event import Event
from services.contracts.values import Emergency, Instant, Kind, Place


class CaseHandedOff(CaseEvent):
    """移交应急: our clocks end; the desk has to confirm within a minute."""

    TYPE = "case.handed_off"
    service: Emergency
    rule_id: str | None = None


class CaseHandOffConfirmed(CaseEvent):
    """The desk has spoken with the service."""

    TYPE = "case.hand_off_confirmed"
    service: Emergency
    after_s: float


class EmergencyHandedOff(Event):
    """suban.emergencies.v1: all that an emergency service needs to act on, but for the number, which the desk reveals."""

    TYPE = "emergency.handed_off"
    TOPIC = topics.EMERGENCIES
    number: str
    service: Emergency
    received_at: Instant
    at: Instant
    kind: Kind
    category: str | None = None
    text: str
    place: Place = Place()
    area: str | None = None
    area_name: str | None = None
    reporter_name: str | None = None
    reporter_phone: str | None = None
    rule_id: str | None = None


class EmergencyConfirmed(Event):
    """suban.emergencies.v1: the desk has confirmed it."""

    TYPE = "emergency.confirmed"
    TOPIC = topics.EMERGENCIES
    number: str
    service: Emergency
    at: Instant
    by: str
