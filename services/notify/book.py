"""The book: everything from the city's files that a notice needs, in force together or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from services.chassis import files
from services.chassis.files import Loaded, Parts
from services.contracts import city as cities
from services.contracts.city import City
from services.contracts.faults import Fault
from services.notify import wording
from services.notify.roster import Roster
from services.notify.wording import TemplatesFile


@dataclass(frozen=True)
class Book:
    city: City
    templates: TemplatesFile

    @cached_property
    def roster(self) -> Roster:
        return Roster(self.city)


def load(city_dir: Path) -> Loaded[Book]:
    """Raises BadFile with every fault of every file."""
    return files.load_all(city_dir, wording.MODELS, _assemble, _problems)


def _assemble(parts: Parts) -> Book:
    templates = parts[wording.FILE]
    assert isinstance(templates, TemplatesFile)
    return Book(cities.assemble(parts), templates)


def _problems(book: Book) -> Iterator[Fault]:
    yield from cities.problems(book.city)
    yield from wording.problems(book.city, book.templates)
