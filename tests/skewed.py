"""A service on a host whose clock is wrong: `python -m tests.skewed FILE <service>`, FILE says by how many seconds.

There is no door in the services for this: the wall clock itself is replaced before they start, for them and for their
libraries. What measures spans (the monotonic clock) is left alone, as a host's jump leaves it alone.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services import __main__ as services
from services.chassis import clock

true_time = time.time


def off_by(seconds: Callable[[], float]) -> None:
    """From now on this process' wall clock is so far off."""
    time.time = lambda: true_time() + seconds()
    clock.wall_now = lambda: datetime.now(UTC) + timedelta(seconds=seconds())


def told_by(path: Path) -> Callable[[], float]:
    """What the file says now; nothing while there is none."""
    return lambda: float(path.read_text()) if path.exists() else 0.0


if __name__ == "__main__":
    off_by(told_by(Path(sys.argv[1])))
    sys.exit(services.main(sys.argv[2:]))
