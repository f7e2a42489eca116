"""Everything the router reacts to, on one screen."""

from datetime import timedelta

from services.chassis import watermark
from services.chassis.service import CaseTimers, Inbox, Service, Ticker
from services.contracts import topics
from services.contracts.events import ActReceived, SubmissionReceived
from services.router import desk_api, follow, handlers, rulewatch, silence, ticks, unconfirmed
from services.router import state as states
from services.router.settings import RouterSettings
from services.router.state import State

SERVICE: Service[State] = Service(
    name="router",
    settings=RouterSettings,
    state=states.build,
    # One handler for both: an act must not overtake its submission.
    subscriptions={SubmissionReceived: handlers.on_submissions, ActReceived: handlers.on_submissions},
    rescue={SubmissionReceived: handlers.register_bare},
    inbox=Inbox(
        topics=states.command_topics,
        actor_of=lambda topic: topics.actor_of(topic) or "",
        case_of=handlers.case_of,
        handler=handlers.on_commands,
        set_aside=handlers.set_aside,
    ),
    tickers=(
        Ticker(
            "timers of cases", timedelta(seconds=1), ticks.on_timers, cases=CaseTimers(ticks.due, ticks.alone)
        ),
        Ticker(
            "uphold unjudged returns",
            timedelta(seconds=5),
            silence.uphold,
            cases=CaseTimers(silence.due, silence.uphold_alone),
        ),
        Ticker("forget replies", timedelta(minutes=10), handlers.forget_replies),
    ),
    watched=lambda state: state.watched,
    on_reload=states.reloaded,
    ring=lambda state: state.ring,
    workers=(watermark.worker, rulewatch.worker, follow.worker, unconfirmed.worker),
    routes=desk_api.routes,
    read_every_s=0.02,
    publish_every_s=0.0,
)
