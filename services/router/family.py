"""What a case is to other cases: parent and children of a split, survivor and merged. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts.ids import CaseId
from services.contracts.values import ResolutionKind


@dataclass(frozen=True, slots=True)
class Child:
    """A part of a split case, as its parent knows it. `kind` and `public_text` are there once it has resolved.

    `waived`: it need not be done; it counts as done and says nothing.
    """

    case_id: CaseId
    number: str
    department: str
    scope: str
    done: bool = False
    kind: ResolutionKind | None = None
    public_text: str | None = None
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Kin:
    """Another case, by id and public number."""

    case_id: CaseId
    number: str


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A case this one stands for: its reporter is told, and the earliest receipt counts."""

    case_id: CaseId
    number: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Family:
    """`scope`: what of the parent's matter is this child's. `merged_into`: the case that stands for this one."""

    parent: Kin | None = None
    scope: str | None = None
    children: tuple[Child, ...] = ()
    merged_into: Kin | None = None
    absorbed: tuple[Absorbed, ...] = ()

    @property
    def waiting(self) -> int:
        """How many children have still to resolve."""
        return sum(not child.done for child in self.children)

    @property
    def parts(self) -> tuple[Child, ...]:
        """The children that have to be done, or are."""
        return tuple(child for child in self.children if not child.waived)

    def child(self, case_id: CaseId) -> Child | None:
        return next((one for one in self.children if one.case_id == case_id), None)


NONE = Family()


def with_child(family: Family, changed: Child) -> Family:
    """The child as it is now, in its place."""
    children = tuple(changed if one.case_id == changed.case_id else one for one in family.children)
    return replace(family, children=children)


def without(family: Family, case_id: CaseId) -> Family:
    """It no longer stands for that case."""
    return replace(family, absorbed=tuple(one for one in family.absorbed if one.case_id != case_id))
