"""What the router keeps in memory: the law in force and the keys. All of it can be lost and comes back."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.chassis import files, keys, telemetry
from services.chassis.files import Kept, Loaded, Replaced, Unchanged, Watched
from services.chassis.keys import KeyRing
from services.chassis.service import Plumbing, Running
from services.contracts import topics
from services.router import decide, metrics, rules
from services.router.decide import Law
from services.router.settings import RouterSettings

log = telemetry.logger("router")


@dataclass(slots=True)
class State:
    settings: RouterSettings
    watched: Watched[Law]
    ring: KeyRing

    @property
    def law(self) -> Law:
        return self.watched.value


async def build(plumbing: Plumbing) -> State:
    """Raises BadFile when the city's files are not sound: a service does not start on bad data."""
    settings = plumbing.settings
    assert isinstance(settings, RouterSettings)
    watched = Watched(lambda: load(plumbing.city_dir))
    metrics.RULES.set(watched.value.rules.size)
    return State(settings, watched, await keys.open_ring(plumbing.pool))


def load(city_dir: Path) -> Loaded[Law]:
    """All files of the city together: rules name departments, areas, categories, channels and plans."""
    found = files.load_all(city_dir, rules.MODELS, rules.assemble, rules.problems)
    return Loaded(decide.law(found.value), found.digest, found.path, found.stamps)


def command_topics(state: State) -> Sequence[str]:
    """Every department's, and our own clocks'."""
    slugs = [department.slug for department in state.law.city.departments]
    return [topics.commands(actor) for actor in (*slugs, *topics.INTERNAL_ACTORS)]


async def keep_keys_fresh(running: Running[Any]) -> None:
    await keys.keep_fresh(running.state.ring, running)


async def watch_files(running: Running[Any]) -> None:
    """Until cancelled: a changed set comes into force whole, a bad one not at all. SIGHUP looks at once."""
    hung_up = asyncio.Event()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up.set)
    state: State = running.state
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hung_up.wait(), state.settings.reload_look_s)
        await reload(state, asked=hung_up.is_set())
        hung_up.clear()


async def reload(state: State, *, asked: bool) -> None:
    """`asked`: read the files also when they look unchanged."""
    found = await asyncio.to_thread(state.watched.reload) if asked else await state.watched.poll()
    match found:
        case Replaced(digest):
            metrics.RELOADS.labels("replaced").inc()
            metrics.RULES.set(state.law.rules.size)
            log.info("city.replaced", digest=digest, rules=state.law.rules.size)
        case Kept(reason):
            metrics.RELOADS.labels("refused").inc()
            log.error("city.refused", reason=reason)
        case Unchanged():
            pass
    metrics.RULES_REFUSED.set(state.watched.last_error is not None)
