"""Whatever is said in whatever order: what must hold of every case after every step."""

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.contracts.events import ActReceived, CaseEvent, CaseReclassified
from services.contracts.ids import CaseId
from services.contracts.values import ActKind, State
from services.router import acts, dues, kinship, lifecycle, moves, overdue, records
from services.router import case as cases
from services.router.case import Case
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.verdicts import Done
from tests.unit.router import talk, town
from tests.unit.router.play import ALICE, Play
from tests.unit.router.town import CASE_ID, DESK, PARKS, ROADS, STREET, after, case_of, sent

UNITS = (PARKS, ROADS, STREET, talk.POLICE, talk.SHAHU)
ACTORS = (*UNITS, DESK, ALICE)
UNIT = st.sampled_from(UNITS)
TEXT = {"reason": st.just("x")}
FIXED = {
    "kind": st.just("fixed"),
    "public_text": st.just("好"),
    "evidence": st.just(["photo_before:1", "photo_after:2"]),
}
DONE = {"kind": "fixed", "public_text": "好", "evidence": ["photo_before:1", "photo_after:2"]}
# The words of an opening: who says them (the lead, else a person of the desk), with what.
FIELDS: dict[str, tuple[bool, dict[str, Any]]] = {
    "return": (True, {"reason_code": "other", "grounds": "x"}),
    "accept": (True, {"handler": talk.LI}),
    "resolve": (True, DONE),
    "pause": (True, {"reason": "awaiting_citizen", "grounds": "x"}),
    "extend": (True, {"by": "PT5H", "grounds": "x"}),
    "approve": (False, {}),
    "dispute": (False, {"reason": "x"}),
    "rule": (False, {"authority": "a", "basis": "b", "text": "t", "department": STREET}),
    "verify": (False, {}),
    "rate": (False, {"rating": 4}),
    "redo": (False, {"reason": "x"}),
}
MINUTES = st.sampled_from([5, 0.5, 60, 600])
LENGTH = st.sampled_from(["PT30M", "PT5H", "P1D", "P3D"])
PARTS = st.lists(UNIT, min_size=2, max_size=3, unique=True).map(
    lambda units: [{"scope": unit, "department": unit} for unit in units]
)
NAMED = st.none() | st.lists(UNIT, max_size=2, unique=True)
RULED = {"authority": st.just("a"), "basis": st.just("b"), "text": st.just("t")}

# What may be said, with what it needs; who may say it is not asked here.
SAID: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "accept": {"handler": st.sampled_from([None, talk.LI])},
    "start": {},
    "respond": {"basis": st.just("public_message"), "public_text": st.just("好")},
    "return": {"reason_code": st.just("other"), "grounds": st.just("x"), "suggested_owner": st.none() | UNIT},
    "resolve": FIXED,
    "pause": {"reason": st.sampled_from(["awaiting_citizen", "awaiting_third_party"]), "grounds": st.just("x")},
    "shelve": {"grounds": st.just("x")},
    "resume": {},
    "extend": {"by": LENGTH, "grounds": st.just("x")},
    "approve": {"by": st.none() | LENGTH},
    "refuse": TEXT,
    "uphold": {},
    "report": {"text": st.just("x"), "done": st.booleans()},
    "waive": {"department": UNIT, **TEXT},
    "whistle": {"departments": st.lists(UNIT, min_size=1, max_size=3), **TEXT},
    "arrive": {},
    "score": {"department": UNIT, "score": st.integers(1, 5)},
    "raise": TEXT,
    "assign": {"department": UNIT, "assists": st.lists(UNIT, max_size=2), **TEXT},
    "reassign": {"department": UNIT, "assists": st.lists(UNIT, max_size=2), **TEXT},
    "reclassify": {
        "category": st.none() | st.sampled_from(town.CATEGORIES),
        "triage_class": st.none() | st.sampled_from(["special", "urgent", "ordinary"]),
        **TEXT,
    },
    "urge": {},
    "supervise": TEXT,
    "verify": {"ask": st.sampled_from(["message", "call"])},
    "rate": {"rating": st.integers(1, 5)},
    "redo": {**TEXT, "parts": NAMED},
    "reopen": {**TEXT, "parts": NAMED},
    "close": {},
    "dispute": TEXT,
    "rule": {**RULED, "department": UNIT},
    "split": {**RULED, "parts": PARTS},
    "appeal": {"grounds": st.just("x")},
}  # fmt: skip
# Seldom, or a history is over before it has begun.
ENDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "withdraw": TEXT,
    "reject": {"reason_code": st.just("spam"), "public_text": st.just("x")},
    "transfer_out": {"system": st.just("s"), "their_number": st.just("1"), "public_text": st.just("x")},
    "hand_off": {"service": st.just("fire"), **TEXT},
}


@st.composite
def said(draw: st.DrawFn, words: dict[str, dict[str, st.SearchStrategy[Any]]]) -> tuple[str, dict[str, Any]]:
    word = draw(st.sampled_from(sorted(words)))
    fields = {name: draw(value) for name, value in words[word].items()}
    return word, {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True)
class Seen:
    """What of a case may only grow, or never change."""

    case: Case
    lines: int


# What the openings alone put to the test.
WANTED = {
    "case.returned", "case.disputed", "case.ruled", "case.split", "case.child_done", "case.paused", "case.extended",
    "case.resolved", "case.verified", "case.reopened", "case.flagged", "case.closed",
}  # fmt: skip


class History(RuleBasedStateMachine):
    # How it begins: anyhow, at the desk, at work, done, disputed.
    OPENINGS: tuple[tuple[str, ...], ...] = (
        (), ("return",), ("accept",), ("accept", "resolve"), ("return", "dispute"), ("return", "dispute", "rule"),
        ("accept", "pause"), ("accept", "extend", "approve"), ("accept", "resolve", "verify"),
        ("accept", "resolve", "verify", "rate"), ("accept", *("resolve", "redo") * 3),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(talk.LAW)
        self.before: dict[CaseId, Seen] = {}
        self.late = False

    @initialize(
        category=st.sampled_from(["公园", "道路", "道路/路灯"]), which=st.integers(0, 21), parts=PARTS
    )
    def a_case(self, category: str, which: int, parts: list[dict[str, Any]]) -> None:
        submission = sent(category=category)
        done = town.registered(submission, after(4), talk.LAW)
        self.play.enter(done.case, submission)
        self.play.log[CASE_ID] += done.events
        assert done.case == case_of(submission, after(4)) or done.case.id == CASE_ID
        for word in self.OPENINGS[which % len(self.OPENINGS)]:
            self._opens(word, parts)

    def _opens(self, word: str, parts: list[dict[str, Any]]) -> None:
        case = self.play.cases[CASE_ID]
        if word == "split":
            self.it_is_split(parts)
        elif word in FIELDS:
            by_lead, fields = FIELDS[word]
            self.play.said(CASE_ID, word, case.holder.unit if by_lead else ALICE, 1, fields)
        else:
            for which in range(3):
                self.a_part_goes_on(which, 2, 5)
        self._settle()

    def _one(self, which: int) -> CaseId:
        return list(self.play.cases)[which % len(self.play.cases)]

    @rule(
        which=st.integers(0, 3),
        by=st.sampled_from(ACTORS),
        word=said(SAID),
        minute=MINUTES,
    )
    def anybody_says_something(
        self, which: int, by: str, word: tuple[str, dict[str, Any]], minute: float
    ) -> None:
        self.play.said(self._one(which), word[0], by, minute, word[1])
        self._settle()

    @rule(
        which=st.integers(0, 3),
        who=st.integers(0, 5),
        pick=st.integers(0, 40),
        data=st.data(),
        minute=MINUTES,
    )
    def whoever_may_says_what_is_legal(
        self, which: int, who: int, pick: int, data: st.DataObject, minute: float
    ) -> None:
        case_id = self._one(which)
        case = self.play.cases[case_id]
        everybody = [
            *((one.department, records.ROLES[one.role]) for one in case.open),
            (DESK, Who.DESK),
            (ALICE, Who.DESK),
        ]
        by, role = everybody[who % len(everybody)]
        legal = [word for word in moves.legal(case, role) if word in SAID]
        if legal:
            word = legal[pick % len(legal)]
            fields = data.draw(st.fixed_dictionaries(SAID[word]), word)
            given = {name: value for name, value in fields.items() if value is not None}
            self.play.said(case_id, word, by, minute, given)
            self._settle()

    @rule(who=st.integers(0, 5), pick=st.integers(0, 40), data=st.data(), minute=MINUTES)
    def and_of_the_first_case_more_often(
        self, who: int, pick: int, data: st.DataObject, minute: float
    ) -> None:
        self.whoever_may_says_what_is_legal(which=0, who=who, pick=pick, data=data, minute=minute)

    @rule(parts=PARTS)
    def it_is_split(self, parts: list[dict[str, Any]]) -> None:
        """Often, or few histories would have parts."""
        case = self.play.cases[CASE_ID]
        if case.state in {State.REGISTERED, State.DISPUTED}:
            fields = {"authority": "a", "basis": "b", "text": "t", "parts": parts}
            assert isinstance(self.play.said(CASE_ID, "split", DESK, 1, fields), Done)
            self._settle()

    @rule(which=st.integers(0, 2), steps=st.integers(1, 3), minute=MINUTES)
    def a_part_goes_on(self, which: int, steps: int, minute: float) -> None:
        """Its lead signs for it and does it."""
        children = self.play.cases[CASE_ID].family.children
        if not children or (case_id := children[which % len(children)].case_id) not in self.play.cases:
            return
        for _ in range(steps):
            case = self.play.cases[case_id]
            match case.state:
                case State.DISPATCHED:
                    self.play.said(case_id, "accept", case.holder.unit, minute, {"handler": talk.LI})
                case State.ACCEPTED | State.IN_PROGRESS:
                    self.play.said(case_id, "resolve", case.holder.unit, minute, DONE)
        self._settle()

    @rule(late=st.booleans())
    def what_follows_is_late(self, late: bool) -> None:
        """Follow-ups are done under another lock, at another time."""
        self.late = late
        self._settle()

    def _settle(self) -> None:
        if not self.late:
            self.play.settle()

    @rule(which=st.integers(0, 3), word=said(ENDS), sure=st.integers(0, 30))
    def it_ends(self, which: int, word: tuple[str, dict[str, Any]], sure: int) -> None:
        if sure == 7:
            self.play.say(self._one(which), word[0], DESK, **word[1])
            self._settle()

    @rule(
        which=st.integers(0, 3),
        kind=st.sampled_from(ActKind),
        rating=st.integers(1, 5),
        sure=st.integers(0, 30),
    )
    def the_citizen_acts(self, which: int, kind: ActKind, rating: int, sure: int) -> None:
        if kind is ActKind.WITHDRAW and sure != 3:
            return
        case_id, now = self._one(which), after(self.play.minute)
        if self.play.cases[case_id].family.parent is not None:
            return  # a citizen knows of the parent alone
        act = ActReceived(act_id="a", channel="app", kind=kind, received_at=now, text="x", rating=rating)
        found = acts.decide(talk.LAW, self.play.cases[case_id], act, now, Dossier(self.play.sent[case_id]))
        if isinstance(found, Done):
            self.play._take(found)
        self._settle()

    @rule(days=st.sampled_from([0.1, 1, 3, 16]))
    def time_passes(self, days: float) -> None:
        self.play.minute += days * talk.DAY
        now = after(self.play.minute)
        for case_id in list(self.play.cases):
            before = self.play.cases[case_id]
            for done, _ in overdue.overdue(talk.LAW, before, now, now):
                self.play._take(kinship.with_follow_ups(before, done) if not done.follow_ups else done)
                before = done.case
        self._settle()

    @invariant()
    def every_line_of_the_log_is_numbered(self) -> None:
        for case_id, log in self.play.log.items():
            lines = [event for event in log if isinstance(event, CaseEvent)]
            assert [line.version for line in lines] == list(range(1, len(lines) + 1)), self.play.types(
                case_id
            )
            assert all(line.actor and line.state for line in lines)
            assert lines[-1].version == self.play.cases[case_id].version

    @invariant()
    def somebody_is_accountable(self) -> None:
        for case in self.play.cases.values():
            leads = [one for one in case.open if one.role != cases.ASSIST]
            if case.state is State.HANDED_OFF:
                assert [one.role for one in case.open] in ([], [cases.DESK]), "the desk has to confirm"
            elif case.state in lifecycle.FINAL:
                assert not list(case.open), case.state
            elif case.state is not State.DISPUTED:
                assert [one.department for one in leads] == [case.holder.unit], case.state
            assert len({one.department for one in case.open}) == len(list(case.open))

    @invariant()
    def what_stands_fits_the_state(self) -> None:
        for case in self.play.cases.values():
            standing = case.standing
            assert (standing.pause is not None) == (case.state is State.SUSPENDED), case.state
            if standing.request is not None:
                assert case.state not in {State.REGISTERED, State.RESOLVED, State.VERIFYING}
            if standing.verify_at is not None:
                assert case.state not in {State.DISPATCHED, State.ACCEPTED, State.IN_PROGRESS}
            if case.state is State.CLOSED:
                assert case.last_in(State.RESOLVED) is not None

    @invariant()
    def children_and_parent_agree(self) -> None:
        if self.play.waiting:
            return
        for case in self.play.cases.values():
            if case.family.children and case.state in {State.RESOLVED, State.VERIFYING, State.CLOSED}:
                children = [self.play.cases[CaseId(one.case_id)] for one in case.family.children]
                at_work = [
                    one.state
                    for one in children
                    if one.state not in lifecycle.FINAL | {State.RESOLVED, State.VERIFYING}
                ]
                assert at_work == [], case.state

    @invariant()
    def a_part_is_never_due_later_than_its_whole(self) -> None:
        at = after(self.play.minute)
        for case in self.play.cases.values():
            if case.family.parent is not None and case.state not in lifecycle.FINAL:
                parent = self.play.cases[case.family.parent.case_id]
                assert dues.close_due(case, at) <= dues.close_due(parent, at), case.state

    @invariant()
    def a_whole_knows_its_parts(self) -> None:
        """What counts as done has resolved or is waived; who waits is at work; no part waits and the whole does not."""
        if self.play.waiting:
            return
        for case in self.play.cases.values():
            for child in case.family.children:
                there = self.play.cases[child.case_id]
                rests = there.state in {State.RESOLVED, State.VERIFYING, *lifecycle.FINAL}
                assert child.done == rests or case.state in lifecycle.FINAL, (child, there.state)
            if case.state is State.AWAITING_CHILDREN:
                assert case.family.waiting
                assert case.family.parts

    @invariant()
    def what_may_only_grow_grows(self) -> None:
        for case_id, now in self.play.cases.items():
            seen = self.before.get(case_id)
            if seen is not None:
                then = seen.case
                assert now.bounces >= then.bounces
                assert now.standing.redos >= then.standing.redos
                assert now.standing.flagged >= then.standing.flagged
                assert (now.received_at, now.id, now.number) == (then.received_at, then.id, then.number)
                self._clocks_go_on(seen, now)
            self.before[case_id] = Seen(now, len(self.play.log[case_id]))

    def _clocks_go_on(self, seen: Seen, now: Case) -> None:
        """Nothing moves the response but a tighter plan; nothing brings the close forward but one."""
        at = after(self.play.minute)
        new = self.play.log[now.id][seen.lines :]
        tightened = any(isinstance(event, CaseReclassified) and event.plan_changed for event in new)
        assert dues.response_due(now) <= dues.response_due(seen.case)
        if not tightened:
            assert dues.response_due(now) == dues.response_due(seen.case)
            assert dues.close_due(now, at) >= dues.close_due(seen.case, seen.case.changed_at)


class WithParts(History):
    """The same of a case that is split, or whose parts are done."""

    OPENINGS = (("return", "split"), ("return", "split", "done"))


History.TestCase.settings = settings(
    max_examples=120, stateful_step_count=50, deadline=None, derandomize=True
)
WithParts.TestCase.settings = History.TestCase.settings
TestHistory = History.TestCase
TestWithParts = WithParts.TestCase


def test_the_openings_are_what_they_say() -> None:
    """Without luck: each opening happens, and everything holds after it."""
    seen = set[str]()
    parts = [{"scope": unit, "department": unit} for unit in (PARKS, ROADS)]
    for opening in (*History.OPENINGS, *WithParts.OPENINGS):
        machine = History()
        machine.OPENINGS = (opening,)
        machine.a_case(category="公园", which=0, parts=parts)
        machine.every_line_of_the_log_is_numbered()
        machine.somebody_is_accountable()
        machine.what_stands_fits_the_state()
        machine.children_and_parent_agree()
        machine.a_part_is_never_due_later_than_its_whole()
        machine.a_whole_knows_its_parts()
        seen |= {event.TYPE for log in machine.play.log.values() for event in log}
    assert seen >= WANTED, WANTED - seen
