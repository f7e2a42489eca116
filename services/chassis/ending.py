"""Ending a Kafka client: `stop()` may hang while the broker is away, or raise what no longer matters."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from services.chassis import telemetry

log = telemetry.logger("ending")


async def stop(stopping: Coroutine[Any, Any, Any], what: str, seconds: float) -> None:
    """Await `stopping` for at most `seconds`; never raises. What a client still held is sent or read again."""
    task = asyncio.ensure_future(stopping)
    done, _ = await asyncio.wait([task], timeout=seconds)
    if not done:
        task.cancel()
        log.warning("ending.abandoned", what=what)
    elif not task.cancelled() and task.exception() is not None:
        log.info("ending.failed", what=what, error=type(task.exception()).__name__)
