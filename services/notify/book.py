"""The by-law in force: everything from the city's files that a notice needs, taken up together or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from services.chassis import files
from services.chassis.files import Loaded, Parts
from services.contracts import city as cities
from services.contracts.faults import Fault
from services.notify import quiet, wording
from services.notify.decide import Bylaw
from services.notify.roster import Roster
from services.notify.wording import TemplatesFile


def load(city_dir: Path, quiet_hours: str, public_url: str = "") -> Loaded[Bylaw]:
    """`quiet_hours` as in the settings, 22:00-07:00; `public_url` instead of the city's. Raises BadFile with every fault of every file."""

    def assembled(parts: Parts) -> Bylaw:
        templates = parts[wording.FILE]
        assert isinstance(templates, TemplatesFile)
        city = cities.assemble(parts)
        if public_url:
            city = replace(city, file=city.file.model_copy(update={"public_url": public_url}))
        return Bylaw(templates, Roster(city), quiet.read(quiet_hours, city.zone))

    return files.load_all(city_dir, wording.MODELS, assembled, _problems)


def _problems(law: Bylaw) -> Iterator[Fault]:
    yield from cities.problems(law.city)
    yield from wording.problems(law.city, law.templates)
