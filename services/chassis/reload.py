"""City data that changes while a service runs: looked at now and then, and at once on SIGHUP."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Any

from services.chassis import metrics, telemetry
from services.chassis.files import Kept, Replaced, Unchanged, Watched

log = telemetry.logger("reload")


async def watch(watched: Watched[Any], every_s: float, told: Callable[[], None]) -> None:
    """Until cancelled: a changed set comes into force whole; a bad one not at all, and is said."""
    hung_up = asyncio.Event()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread: a test
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up.set)
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hung_up.wait(), every_s)
        if await look(watched, asked=hung_up.is_set()):
            told()
        hung_up.clear()


async def look(watched: Watched[Any], *, asked: bool) -> bool:
    """Whether a new set is in force. `asked`: read the files also when they look unchanged."""
    found = await asyncio.to_thread(watched.reload) if asked else await watched.poll()
    match found:
        case Replaced(digest):
            metrics.RELOADS.labels("replaced").inc()
            log.info("city.replaced", digest=digest)
        case Kept(reason):
            metrics.RELOADS.labels("refused").inc()
            log.error("city.refused", reason=reason)
        case Unchanged():
            pass
    metrics.CITY_REFUSED.set(watched.last_error is not None)
    return isinstance(found, Replaced)
