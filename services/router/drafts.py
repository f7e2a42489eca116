"""A set of rules that is not in force: read from a file, with the names it uses, before anybody relies on it.

The file is either a rules.yaml, whose names are those of a city's folder, or a proposal that `learn` wrote, which
stands by itself.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from services.chassis import document, files
from services.chassis.document import BadFile, Document
from services.chassis.files import Parts
from services.contracts.faults import Fault, Place
from services.router import names, proposal, rules, units
from services.router.findings import Lines
from services.router.names import Names
from services.router.proposal import Proposal
from services.router.rules import DutyList, Rules


@dataclass(frozen=True)
class Draft:
    """`names` turn a history's words into the duty list's; `proposal` is None for a plain rules.yaml."""

    duty: DutyList
    names: Names
    path: Path
    lines: Lines
    proposal: Proposal | None = None


def load(path: Path, city_dir: Path) -> Draft:
    """Raises BadFile with every fault, in the file or, for a rules.yaml, in the city's folder."""
    read = document.read(path)
    if isinstance(read.value, dict) and "source" in read.value:
        proposed = files.sound(read, Proposal)
        return Draft(proposal.duty(proposed), names.of_proposal(proposed), path, read.line, proposed)
    if not isinstance(read.value, dict):
        reason = "holds no rules: a line `rules:` comes first, then one rule after another, each beginning with `- id:`"
        raise BadFile([read.fault((), reason, "没有规则：首行应为 rules:，其下每条规则以 - id: 开头")])
    beside = city(city_dir)
    listed = rules_of(read, beside)
    return Draft(dataclasses.replace(beside, rules=listed), names.of_city(beside.city), path, read.line)


def city(folder: Path) -> DutyList:
    """A city without its rules. Raises BadFile."""
    models = {name: model for name, model in rules.MODELS.items() if name != rules.FILE}
    return files.load_all(folder, models, _without_rules, _city_problems).value


def _without_rules(parts: Parts) -> DutyList:
    return rules.assemble({**parts, rules.FILE: Rules.model_construct(rules=())})


def _city_problems(duty: DutyList) -> Iterable[Fault]:
    return (one for one in rules.problems(duty) if one.file != rules.FILE)


def rules_of(read: Document, beside: DutyList) -> Rules:
    """Rules wherever they were written. Raises BadFile; its faults bear the document's name."""

    def check(listed: Rules) -> Iterable[Fault]:
        found = rules.problems(dataclasses.replace(beside, rules=listed))
        return (dataclasses.replace(one, file=read.name) for one in found if one.file == rules.FILE)

    try:
        return files.sound(read, Rules, check)
    except BadFile as bad:
        raise BadFile([_hinted(read, names.of_city(beside.city), one) for one in bad.faults]) from bad


ALIKE, NEAR = 0.5, 3  # of names that may have been meant: how much, how many
UNITS = ("lead", "assists", "prohibited", "returned_by")


def _hinted(read: Document, known: Names, fault: Fault) -> Fault:
    """A unit or an area written by its name: its code is what belongs there."""
    field = next((step for step in reversed(fault.at) if isinstance(step, str)), "")
    written = _at(read.value, fault.at)
    if not isinstance(written, str) or field not in (*UNITS, "area") or written.isascii():
        return fault
    codes = (
        known.units
        if field in UNITS
        else {name: code for (above, name), code in known.areas.items() if not above}
    )
    near = get_close_matches(units.fold(written), codes, NEAR, ALIKE)
    if not near:
        return fault
    en = ", ".join(f"{codes[name]} for {name}" for name in near)
    zh = "、".join(f"{name}为 {codes[name]}" for name in near)
    return dataclasses.replace(
        fault,
        reason=f"{written}: a code belongs here, as {en}",
        reason_zh=f"“{written}”：此处须写代码，如{zh}",
    )


def _at(value: object, place: Place) -> object:
    """What the file says there; of one value without brackets, the value."""
    for step in place:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        elif not isinstance(value, str):
            return None
    return value


def kept(body: str, digest: str, beside: DutyList) -> Rules:
    """Rules that the store kept, if they are sound beside this city. Raises BadFile."""
    return rules_of(document.parse(f"rules {digest[:12]}", body.encode(), body), beside)
