"""A history through a duty list: who would get what, and how often that is who got it. Pure.

Agreement is right ÷ all cases whose owner is known: a list that stays silent is wrong there. Coverage stands beside it:
the share of cases that the list gives to anybody at all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from services.contracts.events import SubmissionReceived
from services.contracts.values import ChannelKind, Place
from services.router import decide
from services.router.history import Past
from services.router.names import Names
from services.router.rules import DutyList

NOBODY = ""
EXAMPLES = 3  # kept for each pair of units
UNDATED = datetime(2000, 1, 3, 12, tzinfo=UTC)  # a Monday noon: rules about nights and weekends do not hold
_BLANK = SubmissionReceived(
    number="", channel="history", channel_kind=ChannelKind.SYSTEM, request_key="", received_at=UNDATED, text="", match_text="",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """Cases that went to `source` and would go to `target` (NOBODY: to no unit), with lines of the history."""

    source: str
    target: str
    cases: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A case of the running system: what was sent, and who has it or had it last; None: nobody but the desk."""

    number: str
    sent: SubmissionReceived
    owner: str | None


@dataclass(slots=True)
class Outcome:
    """What came of a replay. `rows` had an owner; `unowned` had none and are not judged."""

    rows: int = 0
    right: int = 0
    decided: int = 0
    unowned: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def agreement(self) -> float:
        return self.right / self.rows if self.rows else 0.0

    @property
    def coverage(self) -> float:
        return self.decided / self.rows if self.rows else 0.0

    @property
    def nobody(self) -> int:
        return self.rows - self.decided

    @property
    def moved(self) -> int:
        """To somebody else; those that would go to nobody are counted apart."""
        return self.decided - self.right

    def matrix(self) -> list[Moved]:
        """The largest moves first."""
        ordered = sorted(self.pairs.items(), key=lambda pair: (-pair[1], pair[0]))
        return [Moved(*pair, cases, tuple(self.examples[pair])) for pair, cases in ordered]

    def note(self, went: str, goes: str, where: str) -> None:
        self.rows += 1
        self.right += went == goes
        self.decided += goes != NOBODY
        if went != goes:
            self.pairs[went, goes] += 1
            seen = self.examples.setdefault((went, goes), [])
            if len(seen) < EXAMPLES:
                seen.append(where)


def history(duty: DutyList, names: Names, cases: Iterable[Past]) -> Outcome:
    """Each case by its category, its area and, where the history has them, its text and its time."""
    outcome, desk = Outcome(), duty.city.file.desk
    owner_of = _remembered(duty, names)
    for case in cases:
        if not case.owner:
            outcome.unowned += 1
            continue
        went = names.owner(case.owner)
        outcome.note(NOBODY if went == desk else went, owner_of(case), f"line {case.line}")
    return outcome


def cases(duty: DutyList, kept: Iterable[Kept]) -> Outcome:
    """Cases as the router kept them: with text, place and time, as they came."""
    outcome, law = Outcome(), decide.law(duty)
    for case in kept:
        if case.owner is None:
            outcome.unowned += 1
        else:
            outcome.note(case.owner, decide.route(law, case.sent).lead or NOBODY, case.number)
    return outcome


def _remembered(duty: DutyList, names: Names) -> Callable[[Past], str]:
    """Whom a case would go to. Cases that look the same to the rules are asked about once."""
    law, known = decide.law(duty), dict[object, str]()
    timed = any(rule.when.time is not None or rule.validity for rule in duty.rules.rules)

    def owner_of(case: Past) -> str:
        looks = (case.category, case.area, case.text, case.at if timed else None)
        if (found := known.get(looks)) is None:
            found = known[looks] = decide.route(law, sent(names, case)).lead or NOBODY
        return found

    return owner_of


def sent(names: Names, case: Past) -> SubmissionReceived:
    """The case as the router would have received it, as far as the history tells."""
    said = {
        "request_key": str(case.line), "received_at": case.at or UNDATED, "text": case.text,
        "category": names.category(case.category), "place": _place(names.area(case.area)),
    }  # fmt: skip
    return _BLANK.model_copy(update=said)  # a third of what validating 100,000 of them takes


@lru_cache(maxsize=10_000)
def _place(area: str | None) -> Place:
    return Place(area=area)


def summary(outcome: Outcome, top: int | None = None) -> Mapping[str, object]:
    """As JSON: shares as numbers between 0 and 1."""
    return {
        "rows": outcome.rows,
        "coverage": round(outcome.coverage, 6),
        "agreement": round(outcome.agreement, 6),
        "right": outcome.right,
        "moved": outcome.moved,
        "nobody": outcome.nobody,
        "without_owner": outcome.unowned,
        "matrix": [
            {"from": one.source, "to": one.target or None, "cases": one.cases, "examples": one.examples}
            for one in outcome.matrix()[:top]
        ],
    }
