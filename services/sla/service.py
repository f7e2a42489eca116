"""Everything sla reacts to, on one screen."""

from datetime import timedelta

from services.chassis.service import CaseTimers, Service, Ticker
from services.contracts import events, topics
from services.contracts.events import CaseEvent
from services.sla import api, handlers, snapshot
from services.sla import state as states
from services.sla.settings import SlaSettings
from services.sla.state import State

SERVICE: Service[State] = Service(
    name="sla",
    settings=SlaSettings,
    state=states.build,
    # One handler for the whole log: the order of its events matters, and each may change the holder.
    subscriptions={
        event: handlers.on_case_events for event in events.EVENTS.values() if issubclass(event, CaseEvent)
    },
    follows={topics.WATERMARKS: states.take_mark},
    tickers=(
        Ticker(
            "rungs",
            timedelta(milliseconds=100),
            handlers.on_tick,
            states.ready,
            CaseTimers(handlers.due_cases, handlers.fire_alone),
        ),
    ),
    workers=(snapshot.worker,),
    watched=lambda state: state.departments,
    on_reload=states.reloaded,
    ring=lambda state: state.ring,
    routes=api.routes,
)
