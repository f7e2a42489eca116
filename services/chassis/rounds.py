"""What is done again and again beside the work: looks, sweeps, refreshes. Written once, so that all bear the same."""

import asyncio
from collections.abc import Awaitable, Callable

from services.chassis import telemetry
from services.chassis.failure import Nature, nature

log = telemetry.logger("rounds")


async def every(seconds: float, name: str, look: Callable[[], Awaitable[object]]) -> None:
    """Until cancelled: `look`, rest for `seconds` of wall time, look again.

    What fails for reasons of the moment is left to the next round. A surprise is raised: it ends the process, which
    says so, and its supervisor starts another.
    """
    while True:
        try:
            await look()
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                raise
            log.warning("round.again", round=name, error=type(failed).__name__)
        await asyncio.sleep(seconds)
