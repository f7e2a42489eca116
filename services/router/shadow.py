"""A candidate beside the rules in force: asked about every new case after it was routed, with no effect on it."""

import dataclasses
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from services.chassis import telemetry
from services.chassis.document import BadFile
from services.contracts.events import SubmissionReceived
from services.contracts.ids import CaseId
from services.router import decide, drafts, metrics
from services.router.decide import Law, Routed
from services.router.rulebook import DIFFERENCES_KEPT, Difference, Sums
from services.router.rules import DutyList, Rules

log = telemetry.logger("shadow")
SAME, MOVED, NOBODY, FAILED = "same", "moved", "nobody", "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as the live rules were asked about it, and what they said."""

    case_id: CaseId
    sent: SubmissionReceived
    point: str | None
    routed: Routed


class Shadow:
    """At most one candidate. `digest` is that of the one asked for, whether or not it fits the city."""

    def __init__(self) -> None:
        self.digest: str | None = None
        self._law: Law | None = None
        self._sums: Counter[str] = Counter()
        self._seen: deque[Difference] = deque(maxlen=DIFFERENCES_KEPT)

    def begin(self, wanted: tuple[str, str] | None, live: Law) -> None:
        """(digest, body) of the candidate, or none; one that does not fit the city is said and not asked."""
        law = None
        if wanted is not None:
            beside = DutyList(live.city, Rules.model_construct(rules=()))
            try:
                listed = drafts.kept(wanted[1], wanted[0], beside)
                law = dataclasses.replace(
                    decide.law(dataclasses.replace(beside, rules=listed)), areas=live.areas
                )
            except BadFile as bad:
                log.error("shadow.does_not_fit", digest=wanted[0], reason=str(bad))
        self._law, self.digest = law, wanted[0] if wanted else None
        self._sums.clear()
        self._seen.clear()

    def compare(self, cases: Iterable[Seen]) -> None:
        """Counts what the candidate says of cases that were routed. Raises nothing: routing goes on whatever it does."""
        law = self._law
        if law is None:
            return
        for case in cases:
            outcome = self._outcome(law, case)
            self._sums[outcome] += 1
            metrics.SHADOW.labels(outcome).inc()

    def _outcome(self, law: Law, case: Seen) -> str:
        try:
            other = decide.route(law, case.sent, point=case.point)
        except Exception as failed:
            log.error("shadow.failed", error=type(failed).__name__)
            return FAILED
        live, candidate = _whose(case.routed), _whose(other)
        if candidate == live:
            return SAME
        self._seen.append(Difference(
            case.case_id, case.sent.number, live, case.routed.rule_id, candidate, other.rule_id
        ))  # fmt: skip
        return NOBODY if candidate is None else MOVED

    def taken(self) -> tuple[str, Sums, list[Difference]] | None:
        """What came together since the last time, and forgotten here; None: nothing."""
        if self.digest is None or not self._sums:
            return None
        sums = Sums(self._sums.total(), self._sums[MOVED], self._sums[NOBODY], self._sums[FAILED])
        seen = list(self._seen)
        self._sums.clear()
        self._seen.clear()
        return self.digest, sums, seen


def _whose(routed: Routed) -> str | None:
    """Who acts on it: the emergency service that it is handed to, whoever follows it up; else the lead."""
    return str(routed.emergency) if routed.emergency is not None else routed.lead
