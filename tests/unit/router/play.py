"""Several cases at once, without a store: commands by anybody, and what cases do to one another, at once and in order."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from services.contracts.commands import COMMAND
from services.contracts.events import Event, SubmissionReceived
from services.contracts.ids import CaseId
from services.router import commands, kinship
from services.router.case import Case
from services.router.decide import Law
from services.router.follow_ups import FollowUp, OpenChild
from services.router.records import Dossier
from services.router.verdicts import Asked, Done, Verdict
from tests.unit.router.town import DESK, after

ALICE = "desk:alice"  # a person of the desk's


@dataclass
class Play:
    law: Law
    cases: dict[CaseId, Case] = field(default_factory=dict)
    sent: dict[CaseId, SubmissionReceived] = field(default_factory=dict)
    log: dict[CaseId, list[Event]] = field(default_factory=dict)
    waiting: deque[FollowUp] = field(default_factory=deque)
    minute: float = 4
    done: list[Done] = field(default_factory=list)

    def enter(self, case: Case, sent: SubmissionReceived) -> CaseId:
        self.cases[case.id], self.sent[case.id], self.log[case.id] = case, sent, []
        return case.id

    def say(self, case_id: CaseId, command: str, by: str = DESK, minute: float = 1, **fields: Any) -> Verdict:
        """A command, `minute` after the one before; its follow-ups wait."""
        return self.said(case_id, command, by, minute, fields)

    def said(self, case_id: CaseId, command: str, by: str, minute: float, fields: dict[str, Any]) -> Verdict:
        """The same; a field may have any name."""
        self.minute += minute
        case = self.cases[case_id]
        body = {"command": command, "command_id": "c", "case": str(case_id), **fields}
        asked = Asked(
            by, None if by in ("timer", ALICE) else by, by in (DESK, ALICE), COMMAND.validate_python(body), after(self.minute),
            timer=by == "timer",
        )  # fmt: skip
        if command == "merge":
            asked = replace(asked, other=self.cases.get(CaseId(COMMAND.validate_python(body).into)))  # type: ignore[union-attr]
        verdict = commands.decide(self.law, case, Dossier(self.sent[case_id]), asked)
        if isinstance(verdict, Done):
            self._take(verdict)
        return verdict

    def do(self, case_id: CaseId, command: str, by: str = DESK, minute: float = 1, **fields: Any) -> Case:
        """A command that is accepted, and everything that follows from it."""
        verdict = self.say(case_id, command, by, minute, **fields)
        assert isinstance(verdict, Done), verdict
        self.settle()
        return self.cases[case_id]

    def settle(self) -> None:
        while self.waiting:
            self.follow()

    def follow(self) -> None:
        """The oldest follow-up, under its own case's lock."""
        told = self.waiting.popleft()
        case_id = CaseId(told.to)
        before = self.cases.get(case_id)
        dossier = Dossier(self.sent[case_id]) if case_id in self.sent else None
        done = kinship.decide(self.law, before, dossier, told, after(self.minute))
        if done is None:
            return
        if isinstance(told, OpenChild):
            self.sent[case_id], self.log[case_id] = told.submission, []
        self._take(kinship.with_follow_ups(before, done) if before else done)

    def _take(self, done: Done) -> None:
        self.cases[done.case.id] = done.case
        self.log[done.case.id] += done.events
        self.waiting += done.follow_ups
        self.done.append(done)

    def types(self, case_id: CaseId) -> list[str]:
        return [event.TYPE for event in self.log[case_id] if event.TYPE.startswith("case.")]
