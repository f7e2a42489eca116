"""Who has returned a case, and whether that was right: what the router remembers of a disagreement. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts.values import ReturnReason


@dataclass(frozen=True, slots=True)
class Returned:
    """One return 退单. `upheld` None: the desk has not said yet. `held_from` is when the department got the case."""

    department: str
    reason_code: ReturnReason
    suggested_owner: str | None
    assignment_id: str
    held_from: datetime
    at: datetime
    upheld: bool | None = None


@dataclass(frozen=True, slots=True)
class Quarrel:
    """Every return in order. `review_at`: when the last one counts as upheld, should nobody say otherwise."""

    returned: tuple[Returned, ...] = ()
    review_at: datetime | None = None

    @property
    def under_review(self) -> Returned | None:
        """The return that the desk has yet to uphold or refuse."""
        last = self.returned[-1] if self.returned else None
        return last if last is not None and last.upheld is None else None

    @property
    def departments(self) -> tuple[str, ...]:
        """Who has returned it, first come first, each once."""
        return tuple(dict.fromkeys(one.department for one in self.returned))

    @property
    def named_back(self) -> bool:
        """Whether the last to return it names one who has returned it already."""
        *earlier, last = self.returned or (None,)
        return last is not None and last.suggested_owner in {one.department for one in earlier if one}


NONE = Quarrel()


def returned(quarrel: Quarrel, one: Returned, review_at: datetime | None) -> Quarrel:
    return Quarrel((*quarrel.returned, one), review_at)


def settled(quarrel: Quarrel, upheld: bool) -> Quarrel:
    """The last return has been judged."""
    *earlier, last = quarrel.returned
    return Quarrel((*earlier, replace(last, upheld=upheld)))
