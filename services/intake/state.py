"""What intake holds while it runs, built once at boot."""

from dataclasses import dataclass, field

from services.chassis import keys
from services.chassis.files import Watched
from services.chassis.keys import KeyRing
from services.chassis.sealing import Sealer
from services.chassis.service import Plumbing
from services.intake import channels, metrics
from services.intake.channels import Ways
from services.intake.door import Door
from services.intake.rates import Rates
from services.intake.settings import IntakeSettings
from services.intake.submission import Seals


@dataclass(slots=True)
class State:
    """`seen`: channels that sent something since this was last written down."""

    settings: IntakeSettings
    ways: Watched[Ways]
    ring: KeyRing
    seals: Seals
    door: Door
    rates: Rates = field(default_factory=Rates)
    seen: set[str] = field(default_factory=set)


async def build(plumbing: Plumbing) -> State:
    """Raises BadFile when the city's files are bad, ValueError when the public key is none."""
    settings = plumbing.settings
    assert isinstance(settings, IntakeSettings)
    ways = Watched(lambda: channels.load(plumbing.city_dir))
    seals = Seals(
        Sealer(settings.contact_public_key),
        settings.intake_secret.get_secret_value().encode(),
        plumbing.shards,
    )
    door = Door(
        plumbing.pool, plumbing.clock, ways.value.zone, plumbing.publisher.offer_late,
        within_s=settings.answer_within_s, items=settings.commit_items,
    )  # fmt: skip
    state = State(settings, ways, await keys.open_ring(plumbing.pool), seals, door)
    reloaded(state)
    return state


def reloaded(state: State) -> None:
    metrics.CHANNELS_ON.set(len(state.ways.value.by_principal))
