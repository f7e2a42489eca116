"""Channels in force: what the door needs to know of each, made once when the city's files are read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from services.chassis import files
from services.chassis.files import Loaded
from services.contracts import city as cities
from services.contracts.city import Channel, City
from services.contracts.faults import Fault
from services.intake import mapping
from services.intake.mapping import Mapper


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel that is on. `stamp` is the part of every event of its that never changes, as JSON members."""

    row: Channel
    mapper: Mapper | None
    stamp: bytes

    @property
    def id(self) -> str:
        return self.row.id


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in, by principal; and the names of who may hold a case, to tell the citizen."""

    by_principal: Mapping[str, OpenChannel]
    zone: ZoneInfo
    units: Mapping[str, dict[str, str]]


def load(directory: Path) -> Loaded[Ways]:
    """The city's files as far as intake needs them. Raises BadFile with every fault."""
    loaded = files.load_all(directory, cities.MODELS, cities.assemble, _faults)
    return Loaded(_ways(loaded.value), loaded.digest, loaded.path, loaded.stamps)


def opened(row: Channel) -> OpenChannel:
    """`row` ready to be used; its mapping compiles, as `faults` saw."""
    said = {"channel": row.id, "channel_kind": row.kind}
    if row.preset and row.preset.area:
        said["preset_area"] = row.preset.area
    stamp = orjson.dumps(said)[1:-1]
    return OpenChannel(row, mapping.compiled(row.mapping) if row.mapping else None, stamp)


def _faults(city: City) -> Iterator[Fault]:
    yield from cities.problems(city)
    yield from mapping.faults(city)


def _ways(city: City) -> Ways:
    on = {f"channel:{row.id}": opened(row) for row in city.channels if row.enabled}
    return Ways(on, city.zone, {row.slug: {"zh": row.name.zh, "en": row.name.en} for row in city.departments})
