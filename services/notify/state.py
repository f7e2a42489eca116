"""What a running notify knows besides its tables: the book in force, the keys, who carries what, who waits for whom."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.chassis import keys
from services.chassis.clock import CityClock
from services.chassis.files import Watched
from services.chassis.keys import KeyRing
from services.chassis.sealing import Opener
from services.chassis.service import Plumbing
from services.contracts.values import Medium
from services.notify import book
from services.notify.contacts import BlindIndex
from services.notify.decide import Bylaw
from services.notify.feed import Listeners
from services.notify.provider import Provider
from services.notify.provider_local import LocalProvider
from services.notify.provider_webhook import WebhookProvider
from services.notify.settings import NotifySettings


@dataclass(slots=True)
class Bell:
    """Rung after a commit that left something to send in a shard; the sender waits for it."""

    shards: set[int] = field(default_factory=set)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self, shard: int) -> None:
        self.shards.add(shard)
        self.rung.set()

    def take(self) -> set[int]:
        shards, self.shards = self.shards, set()
        self.rung.clear()
        return shards


@dataclass(slots=True)
class State:
    """`carriers`: who carries notices of a medium. The app feed is ours: it is written where a notice is decided."""

    settings: NotifySettings
    book: Watched[Bylaw]
    opener: Opener
    index: BlindIndex
    ring: KeyRing
    clock: CityClock
    carriers: Mapping[Medium, Provider]
    listeners: Listeners = field(default_factory=Listeners)
    bells: dict[str, Bell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bells = {provider.name: Bell() for provider in self.carriers.values()}

    @property
    def bylaw(self) -> Bylaw:
        return self.book.value

    def wake(self, shard: int) -> None:
        for bell in self.bells.values():
            bell.ring(shard)


async def build(plumbing: Plumbing) -> State:
    """Raises BadFile for city data that may not come into force, ValueError for keys and URLs that cannot work."""
    settings = plumbing.settings
    assert isinstance(settings, NotifySettings)
    return State(
        settings=settings,
        book=Watched(lambda: book.load(plumbing.city_dir, settings.quiet_hours, settings.public_url)),
        opener=Opener(settings.contact_private_key.get_secret_value()),
        index=BlindIndex(settings.blind_index_secret.get_secret_value()),
        ring=await keys.open_ring(plumbing.pool),
        clock=plumbing.clock,
        carriers=carriers(plumbing, settings),
    )


def carriers(plumbing: Plumbing, settings: NotifySettings) -> dict[Medium, Provider]:
    """SMS as the settings say; webhooks by the webhook where there is one, else onto the local page."""
    local = LocalProvider(plumbing.pool)
    webhook = _webhook(settings) if settings.webhook_url else None
    by_webhook: Provider = webhook or local
    return {
        Medium.SMS: by_webhook if settings.sms_provider == "webhook" else local,
        Medium.WEBHOOK: by_webhook,
    }


def _webhook(settings: NotifySettings) -> WebhookProvider:
    return WebhookProvider(
        settings.webhook_url, settings.webhook_secret.get_secret_value(), timeout_s=settings.webhook_timeout_s,
        drops_repeats=settings.webhook_drops_repeats, allow_loopback=settings.webhook_allow_loopback,
    )  # fmt: skip
