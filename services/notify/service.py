"""notify, on one screen: what it reads, what it answers, what runs beside."""

from services.chassis.service import Service
from services.contracts import events
from services.notify import api, feed, handlers, send, state
from services.notify.settings import NotifySettings
from services.notify.state import State

SERVICE: Service[State] = Service(
    name="notify",
    settings=NotifySettings,
    state=state.build,
    subscriptions={
        # suban.cases.v1: one handler for the whole log, as its order matters; what has no template is told to nobody
        **{
            event: handlers.on_case_events
            for event in events.EVENTS.values()
            if issubclass(event, events.CaseEvent)
        },
        # suban.clocks.v1
        events.ClockWarned: handlers.on_clock_events,
        events.ClockBreached: handlers.on_clock_events,
        events.ClockEscalated: handlers.on_clock_events,
    },
    routes=api.routes,
    watched=lambda in_force: in_force.book,
    ring=lambda in_force: in_force.ring,
    workers=(send.serve, feed.watch),
)
