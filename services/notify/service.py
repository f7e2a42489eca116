"""notify, on one screen: what it reads, what it answers, what runs beside."""

import asyncio
import contextlib
import signal
from typing import Any

from services.chassis import keys, metrics, telemetry
from services.chassis.files import Kept, Replaced, Unchanged
from services.chassis.service import Running, Service
from services.contracts import events
from services.notify import api, feed, handlers, send, state
from services.notify.settings import NotifySettings
from services.notify.state import State

log = telemetry.logger("notify")


async def refresh_keys(running: Running[State]) -> None:
    await keys.keep_fresh(running.state.ring, running)


async def watch_files(running: Running[State]) -> None:
    """Worker: templates and roster come into force when their files change; a bad set never does. SIGHUP looks at once."""
    hung_up = asyncio.Event()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up.set)
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hung_up.wait(), running.state.settings.reload_s)
        await reload(running.state, asked=hung_up.is_set())
        hung_up.clear()


async def reload(state: State, *, asked: bool) -> None:
    """`asked`: read the files also when they look unchanged."""
    match await asyncio.to_thread(state.book.reload) if asked else await state.book.poll():
        case Replaced(digest):
            log.info("book.replaced", digest=digest)
        case Kept(reason):
            metrics.RELOADS_REFUSED.labels("templates.yaml").inc()
            log.error("book.refused", reason=reason)
        case Unchanged():
            pass


SERVICE: Service[Any] = Service(
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
    workers=(send.serve, feed.watch, watch_files, refresh_keys),
)
