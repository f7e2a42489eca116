"""The independent judge: what a client was promised, against what topics and tables hold.

It shares no code with the services and believes none of their counters. Judged by first occurrence of each `ce_id`:
a repeat on a topic is allowed, a second effect is not (delivery.md).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.local import evidence
from deploy.local.evidence import Record, Tables

CASES, CLOCKS = "suban.cases.v1", "suban.clocks.v1"
RUNGS = ("clock.warned", "clock.breached", "clock.escalated")
EXAMPLES = 5

FAULTS = {
    "lost": "answered 202, and not a case in the log and in the router's table",
    "duplicated": "one request became several cases, or one case was registered twice",
    "repeated_effects": "two different events say the same thing happened once",
    "altered": "a repeat of an event is not the same event",
    "disordered": "events of a case, or numbers of an outbox, are not contiguous and in order by first occurrence",
    "repeated_rungs": "a rung of one clock fired twice, or below a higher one",
    "repeated_notices": "somebody was told more often than it happened, by the local provider or the feed",
    "unowned": "a case without an owner, or at the desk without a stated reason",
    "untimed": "a case without its two clocks, or a part of one without its close clock",
    "parked": "a case that a service could not handle",
}
"""Every way to fail, in words. `untimed` and `parked` are seen only where the tables are."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A 202 as the client has it. `sent_at` is wall time, before the request went out; `number` is for people."""

    case_id: str
    channel: str
    request_key: str
    sent_at: datetime
    number: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often each fault was found, with some examples of it."""

    promised: int
    cases: int
    records: int
    counts: Mapping[str, int]
    examples: Mapping[str, tuple[str, ...]]

    @property
    def clean(self) -> bool:
        return not any(self.counts.values())

    def __str__(self) -> str:
        head = f"{self.promised} promised, {self.cases} cases, {self.records} records"
        bad = [
            f"{count} {name} ({FAULTS[name]}): {'; '.join(self.examples[name])}"
            for name, count in self.counts.items()
            if count
        ]
        return "\n  ".join([f"{head}: {'clean' if self.clean else 'NOT CLEAN'}", *bad])


@dataclass(slots=True)
class Case:
    """What the log said of one case so far."""

    version: int = 0
    registered: int = 0
    request: tuple[str, str] | None = None
    holder: Mapping[str, Any] | None = None
    clocks: int = 2


@dataclass
class Ledger:
    """Feed it every record, partition by partition in order; then ask for the verdict."""

    promises: tuple[Promise, ...]
    cases: dict[str, Case] = field(default_factory=lambda: defaultdict(Case))
    records: int = 0
    _faults: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in FAULTS})
    _contents: dict[tuple[str, str], int] = field(default_factory=dict)
    _numbers: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    _said: dict[tuple[str, ...], str] = field(default_factory=dict)
    _rungs: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _happened: Counter[tuple[str, str]] = field(default_factory=Counter)
    _clocks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, record: Record) -> None:
        self.records += 1
        if "number" not in record.headers:  # a command: the sender's own, from no outbox
            return
        self._number(record)
        known = (record.topic, record.id)
        content = hash(record.value)
        if known in self._contents:
            if self._contents[known] != content:
                self._fault("altered", f"{record.type} {record.id} at {record.where}")
            return
        self._contents[known] = content
        self._first(record)

    def verdict(self, tables: Tables | None) -> Verdict:
        """Without tables (a store that is away) only what the log says is judged."""
        self._promised(tables)
        self._owned(tables)
        if tables is not None:
            self._stored(tables)
        counts = {name: len(found) for name, found in self._faults.items()}
        examples = {name: tuple(found[:EXAMPLES]) for name, found in self._faults.items()}
        registered = sum(1 for case in self.cases.values() if case.registered)
        return Verdict(len(self.promises), registered, self.records, counts, examples)

    def _fault(self, name: str, example: str) -> None:
        self._faults[name].append(example)

    def _number(self, record: Record) -> None:
        """Numbers of one outbox rise by one; one that came before is the same event as then."""
        given = self._numbers[record.headers["source"], record.topic, record.headers["shard"]]
        number = int(record.headers["number"])
        if number == len(given) + 1:
            given.append(record.id)
        elif number > len(given) + 1:
            self._fault("disordered", f"{record.where}: number {number} follows {len(given)}")
            given += [""] * (number - len(given) - 1) + [record.id]
        elif given[number - 1] not in ("", record.id):
            self._fault("altered", f"{record.where}: number {number} was another event before")

    def _first(self, record: Record) -> None:
        data = record.data()
        self._happened[data.get("number", ""), record.type] += 1
        if record.topic == CASES:
            self._line(record, data)
        elif record.topic == CLOCKS:
            self._clock(record, data)
        elif record.type == "submission.received":
            self._once(("request", data["channel"], data["request_key"]), record, "duplicated")
            self.cases[record.case].request = (data["channel"], data["request_key"])
        elif record.type in ("assignment.opened", "assignment.forced"):
            self._once(("assignment", data["assignment_id"]), record, "repeated_effects")
        elif record.type.startswith("notice."):
            self._once((record.type, data["notice_id"]), record, "repeated_effects")
        elif record.type == "command.asked":
            self._once((record.type, data["command_id"]), record, "repeated_rungs")

    def _line(self, record: Record, data: dict[str, Any]) -> None:
        case = self.cases[record.case]
        if data["version"] != case.version + 1:
            name = "repeated_effects" if data["version"] == case.version else "disordered"
            self._fault(
                name, f"case {record.case}: {record.type} is version {data['version']} after {case.version}"
            )
        case.version, case.holder = data["version"], data["holder"]
        if record.type == "case.registered":
            case.registered += 1
            case.clocks = 1 if data.get("parent") else 2  # a part answers for the close alone
            self._once(("number", data["number"]), record, "duplicated")

    def _clock(self, record: Record, data: dict[str, Any]) -> None:
        clock = data["clock_id"]
        if record.type in RUNGS:
            before = self._rungs[clock]
            if before and data["percent"] <= before[-1]:
                self._fault(
                    "repeated_rungs",
                    f"case {record.case}: {data['clock']} at {data['percent']} % after {before[-1]} %",
                )
            before.append(data["percent"])
        else:
            # Merged and standing for itself again, a case stops its clock a second time, at another instant.
            self._once((record.type, clock, data.get("stopped_at", "")), record, "repeated_effects")
            self._clocks[record.case].add(data["clock"])

    def _once(self, what: tuple[str, ...], record: Record, fault: str) -> None:
        earlier = self._said.setdefault(what, record.id)
        if earlier != record.id:
            self._fault(fault, f"{' '.join(what)}: {record.type} {earlier} and {record.id}")

    def _promised(self, tables: Tables | None) -> None:
        by_request: dict[tuple[str, str], str] = {}
        for promise in self.promises:
            request = (promise.channel, promise.request_key)
            if by_request.setdefault(request, promise.case_id) != promise.case_id:
                self._fault("duplicated", f"{request} was answered with two case ids")
            case = self.cases.get(promise.case_id)
            if case is None or not case.registered:
                self._fault("lost", f"{promise.case_id} of {promise.channel} is not in the log")
            elif tables is not None and promise.case_id not in tables.cases:
                self._fault("lost", f"{promise.case_id} of {promise.channel} is not in the router's table")
        for case_id, case in self.cases.items():
            if case.registered > 1:
                self._fault("duplicated", f"case {case_id} was registered {case.registered} times")

    def _owned(self, tables: Tables | None) -> None:
        for case_id, case in self.cases.items():
            if case.registered and not _has_owner(case.holder):
                self._fault("unowned", f"case {case_id}: {case.holder}")
        for case_id, row in tables.cases.items() if tables else ():
            if not row.holder or (row.holder_is_desk and not row.holder_reason):
                self._fault("unowned", f"case {case_id} in the router's table")

    def _stored(self, tables: Tables) -> None:
        for case_id in tables.cases.keys() - self.cases.keys():
            self._fault("lost", f"{case_id} is in the router's table and not in the log")
        for (number, event, whom), times in tables.sent.items():
            if times > self._happened[number, event]:
                self._fault(
                    "repeated_notices",
                    f"{event} of {number} happened {self._happened[number, event]} times and was told {times} times to {whom}",
                )
        for case_id, case in self.cases.items():
            if case.registered and (
                len(self._clocks[case_id]) != case.clocks or tables.clocks.get(case_id) != case.clocks
            ):
                self._fault("untimed", f"case {case_id}: {sorted(self._clocks[case_id])}")
        for case_id in tables.parked:
            self._fault("parked", case_id)


def _has_owner(holder: Mapping[str, Any] | None) -> bool:
    return bool(holder and holder["unit"] and (not holder["is_desk"] or holder["reason"]))


async def judge(promises: Iterable[Promise], bootstrap: str, database_url: str) -> Verdict:
    """Read everything and judge. The services should have come to rest, or what is on its way counts as lost.

    Tables first: a clock may go on ticking, and what is told in a table has then happened in the log read after it.
    """
    ledger, tables = Ledger(tuple(promises)), await evidence.tables(database_url)
    for record in evidence.topics(bootstrap):
        ledger.take(record)
    return ledger.verdict(tables)
