"""What a service is to the chassis: a table of what it reads, answers and does by the clock.

A service's `service.py` fills one `Service` in and is the first file to open: it shows, on one screen, everything
the service reacts to.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import asyncpg
from fastapi import FastAPI
from starlette.types import ASGIApp

from services.chassis.clock import CityClock
from services.chassis.files import Watched
from services.chassis.keyring import KeyRing
from services.chassis.settings import ServiceSettings
from services.contracts.envelope import Envelope
from services.contracts.events import Event
from services.contracts.ids import CaseId

if TYPE_CHECKING:
    from services.chassis.lanes import Lanes
    from services.chassis.outbox import Publisher
    from services.chassis.producer import Producer
    from services.chassis.transaction import Tx

S = TypeVar("S")
D_co = TypeVar("D_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[D_co]):
    """One event, decoded. `data` is an instance of the class the handler subscribed to."""

    envelope: Envelope
    data: D_co

    @property
    def case_id(self) -> CaseId:
        return self.envelope.case_id

    @property
    def cause(self) -> str:
        """What events emitted because of this one are derived from."""
        return str(self.envelope.id)


@dataclass(frozen=True, slots=True)
class Asked:
    """One record of an inbox topic: a request from outside, whose id is inside its body.

    `actor` comes from the topic's name; `appended_at` is the broker's append time as city time, None when the record
    carries a time of the sender's instead.
    """

    actor: str
    topic: str
    offset: int
    body: bytes
    appended_at: datetime | None


Handler = Callable[[Sequence[Received[Any]], "Tx[Any]"], Awaitable[None]]
InboxHandler = Callable[[Sequence[Asked], "Tx[Any]"], Awaitable[None]]
SetAside = Callable[[Sequence[Asked], bool, "Tx[Any]"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Topics of one partition each whose records belong to many shards (delivery rule 7).

    `topics(state)` lists them, `actor_of` says who speaks on one; `case_of` finds the case in a body, None when it cannot;
    such records are handled on shard 0. `set_aside(asked, raised, tx)` tells who asked that their request is kept and
    waits for an operator: because it raised, or because its case is parked.
    """

    topics: Callable[[Any], Sequence[str]]
    actor_of: Callable[[str], str]
    case_of: Callable[[bytes], CaseId | None]
    handler: InboxHandler
    set_aside: SetAside


@dataclass(frozen=True, slots=True)
class Ticker:
    """Runs `job` on every shard this process looks after, each `every` of wall time, under the shard's lock.

    `job` returns True while it has more to do (it is then run again at once). `ready(state, shard)`, if given, is
    asked first, without a transaction: an idle service must cost nothing. Timers of cases say in `cases` how to try one
    case alone when the job for all of them raises (delivery rule 9).
    """

    name: str
    every: timedelta
    job: Callable[["Tx[Any]"], Awaitable[bool]]
    ready: Callable[[Any, int], bool] | None = None
    cases: "CaseTimers | None" = None


@dataclass(frozen=True, slots=True)
class CaseTimers:
    """`due`: the cases the job would touch now, none of them parked, found without reading what may be broken in them.
    `alone`: the job for one case."""

    due: Callable[["Tx[Any]"], Awaitable[Sequence[CaseId]]]
    alone: Callable[["Tx[Any]", CaseId], Awaitable[None]]


@dataclass(slots=True)
class Plumbing:
    """What the chassis lends to a service. Times here are wall time except through `clock`."""

    name: str
    settings: ServiceSettings
    pool: asyncpg.Pool
    clock: CityClock
    shards: int
    lanes: "Lanes"
    publisher: "Publisher"
    producer: "Producer"
    city_dir: Path
    inbox_progress: Callable[[], Mapping[str, datetime]] = dict
    at_end: Callable[[int], bool] = lambda shard: False
    owned: Callable[[], set[int]] = set


@dataclass(frozen=True, slots=True)
class Running(Generic[S]):
    """A service in operation: the chassis' part and its own state (rules in force, providers, …)."""

    plumbing: Plumbing
    state: S


class Worker(Protocol):
    """A loop of its own beside the shards: sends, watermarks, reloads. Returns when cancelled."""

    def __call__(self, running: Running[Any]) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """A service, whole.

    - `state` builds what handlers find as `tx.state`, before anything is served; an error there refuses the boot.
    - `subscriptions`: event class → handler of a batch. A batch is a run of events of one shard, in order, that go to
      the same handler; give one handler for all types of a topic whose order matters.
    - `rescue`: event class → handler that must succeed where the first could not decide; without one the case parks.
    - `follows`: topic → function of (state, record) for topics of which only the newest record counts; read by every
      process from the end, outside any transaction.
    - `routes` adds FastAPI routes; `front`, if given, sees every HTTP request before FastAPI does (a hot path).
    - `watched`: the city data in force, looked at every few seconds and on SIGHUP; `on_reload` is told of a new set.
    - `ring`: the API keys, kept fresh.
    - `numbers_late`: the outbox rows of this service get their numbers from the publisher (intake, delivery rule 11).
    - `serves_without_kafka`: a broker away is said at /readyz and does not make the service unready.
    - `read_every_s`, `publish_every_s`: least wall seconds between two polls, between two rounds of a shard's outbox
      (of giving numbers, where they are given late).
      What comes meanwhile shares a transaction; what comes after a quiet time waits for nothing. From a tenth of a
      second on, records gather at the broker for that long.
    """

    name: str
    settings: type[ServiceSettings]
    state: Callable[[Plumbing], Awaitable[S]]
    subscriptions: Mapping[type[Event], Handler]
    routes: Callable[[FastAPI, Running[S]], None]
    rescue: Mapping[type[Event], Handler] | None = None
    inbox: Inbox | None = None
    tickers: tuple[Ticker, ...] = ()
    workers: tuple[Worker, ...] = ()
    follows: Mapping[str, Callable[[S, bytes], None]] | None = None
    front: Callable[[ASGIApp, Running[S]], ASGIApp] | None = None
    watched: Callable[[S], Watched[Any] | None] | None = None
    on_reload: Callable[[S], None] | None = None
    ring: Callable[[S], KeyRing] | None = None
    numbers_late: bool = False
    serves_without_kafka: bool = False
    read_every_s: float = 0.2
    publish_every_s: float = 0.1
