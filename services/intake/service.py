"""Everything intake reacts to, on one screen."""

from services.chassis.service import Service
from services.contracts.events import EVENTS, CaseEvent
from services.intake import api, front, handlers, state, workers
from services.intake.settings import IntakeSettings
from services.intake.state import State

SERVICE: Service[State] = Service(
    name="intake",
    settings=IntakeSettings,
    state=state.build,
    subscriptions={
        event: handlers.on_case_events for event in EVENTS.values() if issubclass(event, CaseEvent)
    },
    routes=api.routes,
    front=front.front,
    workers=(workers.note_seen,),
    watched=lambda running: running.ways,
    on_reload=state.reloaded,
    ring=lambda running: running.ring,
    numbers_late=True,
    publish_every_s=0.05,
    read_every_s=0.5,
    serves_without_kafka=True,
)
