"""A set of rules that is not in force: read from a file, with the names it uses, before anybody relies on it.

The file is either a rules.yaml, whose names are those of a city's folder, or a proposal that `learn` wrote, which
stands by itself.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services.chassis import document, files
from services.chassis.files import Loaded
from services.contracts import city as cities
from services.contracts.city import City
from services.contracts.faults import Fault
from services.router import names, proposal, rules
from services.router.names import Names
from services.router.proposal import Proposal
from services.router.rules import DutyList, Rules


@dataclass(frozen=True)
class Candidate:
    """`names` turn a history's words into the duty list's; `proposal` is None for a plain rules.yaml."""

    duty: DutyList
    names: Names
    path: Path
    proposal: Proposal | None = None


def load(path: Path, city_dir: Path) -> Candidate:
    """Raises BadFile with every fault, in the file or, for a rules.yaml, in the city's folder."""
    if is_proposal(path):
        proposed = files.load(path, Proposal).value
        return Candidate(proposal.duty(proposed), names.of_proposal(proposed), path, proposed)
    town = city(city_dir)
    listed = rules_of(path, town).value
    return Candidate(DutyList(town, listed), names.of_city(town), path)


def is_proposal(path: Path) -> bool:
    """Raises BadFile when it is not YAML at all."""
    value = document.read(path).value
    return isinstance(value, dict) and "source" in value


def city(folder: Path) -> City:
    return files.load_all(folder, cities.MODELS, cities.assemble, cities.problems).value


def rules_of(path: Path, town: City) -> Loaded[Rules]:
    """A rules.yaml under any name. Raises BadFile; its faults bear the file's own name."""

    def check(listed: Rules) -> Iterable[Fault]:
        found = rules.problems(DutyList(town, listed))
        return (dataclasses.replace(one, file=path.name) for one in found if one.file == rules.FILE)

    return files.load(path, Rules, check)
