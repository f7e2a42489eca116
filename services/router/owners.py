"""Who may be given a case: not who has returned it, and nobody it must not be pushed down to. Then who is above them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.contracts.city import Department
from services.router.facts import Facts
from services.router.rules import Then

RETURNED, PROHIBITED = "returned_by", "prohibited"


@dataclass(frozen=True, slots=True)
class Barred:
    """To nobody by this rule: the lead has returned the case, or it and all above it are prohibited."""

    by: str


@dataclass(frozen=True, slots=True)
class Units:
    """Departments by slug: `above` leads from each up to the top, itself first; `level` as prohibitions name it."""

    above: Mapping[str, tuple[str, ...]]
    level: Mapping[str, str]

    def prohibited(self, unit: str, prohibited: frozenset[str]) -> bool:
        return unit in prohibited or self.level.get(unit) in prohibited


def units(departments: Iterable[Department]) -> Units:
    by_slug = {one.slug: one for one in departments}
    above = {slug: _above(slug, by_slug) for slug in by_slug}
    return Units(above, {slug: str(one.level) for slug, one in by_slug.items()})


def _above(slug: str, by_slug: Mapping[str, Department]) -> tuple[str, ...]:
    line: list[str] = []
    while slug in by_slug and slug not in line:
        line.append(slug)
        slug = by_slug[slug].parent or ""
    return tuple(line)


def of_rule(then: Then, facts: Facts, among: Units) -> str | Barred | None:
    """A lead that has returned the case bars the rule; one that is prohibited makes it climb to the unit above.

    None: the rule names nobody, the desk has it.
    """
    lead = then.lead
    if lead is None:
        return None
    if lead in facts.returned_by and not then.again:
        return Barred(RETURNED)
    unit = climbed(lead, facts, among, again=then.again)
    return unit or Barred(PROHIBITED)


def climbed(unit: str, facts: Facts, among: Units, *, again: bool = False) -> str | None:
    """The unit itself, or the first above it that may have the case; None: nobody there may."""
    for one in among.above.get(unit, (unit,)):
        if not among.prohibited(one, facts.prohibited) and (again or one not in facts.returned_by):
            return one
    return None
