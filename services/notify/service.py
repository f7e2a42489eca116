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
        # suban.cases.v1: one handler for all, as their order matters
        events.CaseRegistered: handlers.on_case_events,
        events.CaseDispatched: handlers.on_case_events,
        events.CaseAccepted: handlers.on_case_events,
        events.CaseStarted: handlers.on_case_events,
        events.CaseResponded: handlers.on_case_events,
        events.CaseReturned: handlers.on_case_events,
        events.CaseResolved: handlers.on_case_events,
        events.CaseClosed: handlers.on_case_events,
        events.CaseRejected: handlers.on_case_events,
        events.CaseWithdrawn: handlers.on_case_events,
        events.CaseUrged: handlers.on_case_events,
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
