"""What the router keeps in memory: the law in force and the keys. All of it can be lost and comes back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.chassis import files, keys
from services.chassis.files import Loaded, Watched
from services.chassis.keys import KeyRing
from services.chassis.service import Plumbing
from services.contracts import topics
from services.router import decide, metrics, rulebook, rules
from services.router.decide import Law
from services.router.inforce import InForce
from services.router.settings import RouterSettings
from services.router.shadow import Shadow


@dataclass(slots=True)
class State:
    """`kept_plans`: digests of plans that are in the store, so that they need not be written with every batch."""

    settings: RouterSettings
    watched: Watched[Law]
    ring: KeyRing
    inforce: InForce
    shadow: Shadow = field(default_factory=Shadow)
    kept_plans: set[str] = field(default_factory=set)

    @property
    def law(self) -> Law:
        return self.watched.value


async def build(plumbing: Plumbing) -> State:
    """Raises BadFile when the city's files are not sound: a service does not start on bad data."""
    settings = plumbing.settings
    assert isinstance(settings, RouterSettings)
    newest, ever = await rulebook.newest(plumbing.pool), await rulebook.ever(plumbing.pool)
    inforce = InForce(plumbing.city_dir, newest, ever)
    watched = Watched(inforce.load)
    metrics.RULES.set(watched.value.rules.size)
    return State(settings, watched, await keys.open_ring(plumbing.pool), inforce)


def load(city_dir: Path) -> Loaded[Law]:
    """All files of the city together, as they are: what `check` looks at. What is in force the log says (inforce.py)."""
    found = files.load_all(city_dir, rules.MODELS, rules.assemble, rules.problems)
    return Loaded(decide.law(found.value), found.digest, found.path, found.stamps)


def command_topics(state: State) -> Sequence[str]:
    """Every department's, and our own clocks'."""
    slugs = [department.slug for department in state.law.city.departments]
    return [topics.commands(actor) for actor in (*slugs, *topics.INTERNAL_ACTORS)]


def reloaded(state: State) -> None:
    metrics.RULES.set(state.law.rules.size)
