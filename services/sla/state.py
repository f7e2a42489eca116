"""What sla keeps in memory: the marks, when to look, plans by hash, keys. All of it can be lost and comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import ValidationError

from services.chassis import files, keys, telemetry
from services.chassis.clock import CityClock, monotonic
from services.chassis.files import Watched
from services.chassis.keys import KeyRing
from services.chassis.service import Plumbing
from services.contracts import topics
from services.contracts.city import DepartmentsFile
from services.contracts.events import Watermark
from services.sla import metrics, store
from services.sla.agenda import Agenda
from services.sla.marks import Marks
from services.sla.plain import Ladders
from services.sla.settings import SlaSettings

log = telemetry.logger("sla")
LOG = (
    f"router>{topics.CASES}"  # under this name a shard's row keeps the last number of the log that is applied
)


@dataclass(slots=True)
class State:
    """`heard_at`: wall (monotonic) seconds of the last mark, or of the boot. `at_end`: the chassis' word on the log."""

    settings: SlaSettings
    clock: CityClock
    marks: Marks
    agenda: Agenda
    ring: KeyRing
    at_end: Callable[[int], bool]
    departments: Watched[DepartmentsFile] | None = None
    plans: store.Plans = field(default_factory=store.Plans)
    ladders: Ladders = field(default_factory=Ladders)
    heard_at: float = field(default_factory=monotonic)
    behind_at: dict[int, float] = field(default_factory=dict)

    @property
    def patience(self) -> timedelta:
        return timedelta(seconds=self.settings.mark_patience_s)

    def silence(self) -> timedelta:
        """Wall time since the last mark."""
        return timedelta(seconds=monotonic() - self.heard_at)

    def listened(self, shard: int) -> bool:
        """At the end of the log, without a break, for as long as we are patient. When the broker was away the router,
        too, has to be given that time: what it has executed meanwhile is only now on its way to the log."""
        if not self.at_end(shard):
            self.behind_at[shard] = monotonic()
        return monotonic() - self.behind_at.get(shard, 0.0) >= self.settings.mark_patience_s


async def build(plumbing: Plumbing) -> State:
    """Raises BadFile when the city's departments cannot be read."""
    settings = plumbing.settings
    assert isinstance(settings, SlaSettings)
    departments = Watched(lambda: files.load(plumbing.city_dir / "departments.yaml", DepartmentsFile))
    metrics.know(row.slug for row in departments.value.departments)
    return State(
        settings, plumbing.clock, Marks(command_topics(departments.value)), Agenda(settings.look_again_s),
        await keys.open_ring(plumbing.pool), lambda shard: plumbing.at_end(shard), departments,
    )  # fmt: skip


def command_topics(city: DepartmentsFile) -> list[str]:
    """Where an act that stops a clock can be waiting."""
    return [topics.commands(department.slug) for department in city.departments]


def names(state: State) -> dict[str, tuple[str, str]]:
    """What people call each unit, in Chinese as short as they do."""
    city = state.departments.value.departments if state.departments else ()
    return {row.slug: (row.short, row.name.en) for row in city}


def reloaded(state: State) -> None:
    """Departments may come and go, and their command topics with them."""
    if state.departments is not None:
        metrics.know(row.slug for row in state.departments.value.departments)
        state.marks.city_changed(command_topics(state.departments.value))


def take_mark(state: State, value: bytes) -> None:
    """A record of suban.watermarks.v1. One that cannot be read changes nothing: the next comes in a moment."""
    try:
        mark = Watermark.model_validate_json(value)
    except ValidationError:
        metrics.MARKS.labels("unreadable").inc()
        log.error("mark.unreadable")
        return
    state.marks.feed(mark)
    state.heard_at = monotonic()
    metrics.MARKS.labels("taken").inc()


def ready(state: State, shard: int) -> bool:
    """Without a transaction: is it worth one? `promised` is what the marks would prove once all is applied."""
    wall, now = monotonic(), state.clock.now()
    return state.agenda.worth(shard, wall, possible(state, shard, now))


def possible(state: State, shard: int, now: datetime) -> datetime | None:
    """Up to which instant a rung might fire now, by this host's clock: a hint."""
    if state.listened(shard) and state.silence() >= state.patience:
        return now
    promised = state.marks.promised(shard)
    return min(promised, now) if promised else None
