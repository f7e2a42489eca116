"""What the router tells of itself, counted after the commit. Labels are closed: steps, commands, codes; never a case."""

import collections
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Counter, Gauge

from services.contracts import events
from services.contracts.events import CommandAccepted, CommandRefused, Event
from services.router import lifecycle
from services.router.decide import Routed

REGISTERED = Counter(
    "suban_router_registered_total",
    "Cases registered, by what found their owner: rule, area, desk, bare",
    ["by"],
)
RETURNED = Counter(
    "suban_router_returned_total", "Cases that departments gave back 退单, by reason code", ["reason"]
)
COMMANDS = Counter("suban_router_commands_total", "Commands answered for the first time: accepted, or the refusal's code",
                   ["command", "verdict"])  # fmt: skip
REPEATS = Counter(
    "suban_router_command_repeats_total", "Commands that had been answered and got the same reply again"
)
LATE_RESPONSES = Counter(
    "suban_router_late_responses_total", "Responses taken late by us that still count for the clock"
)
ACTS = Counter(
    "suban_router_acts_total",
    "What citizens added: done, kept, or waiting for its submission",
    ["kind", "outcome"],
)
TIMERS = Counter(
    "suban_router_timers_total", "What time alone did: accept, resume, verify, close", ["command"]
)
SOLVED = Counter(
    "suban_router_solved_total", "Cases resolved, by the highest level that took part", ["level"]
)
FLAGGED = Counter(
    "suban_router_flagged_total", "Cases flagged 问题工单, by what they had too many of", ["why"]
)
FOLLOWED = Counter(
    "suban_router_follow_ups_total",
    "What cases did to one another, done under the other's lock, by kind",
    ["kind"],
)
FOLLOW_UPS = Gauge("suban_router_follow_ups_waiting", "Follow-ups written and not yet done")
DISPUTED = Counter(
    "suban_router_disputed_total",
    "Cases disputed 争议: limit of returns, named back, by the desk",
    ["ground"],
)
REVIEWED = Counter(
    "suban_router_returns_reviewed_total", "Returns judged, by verdict and by who judged", ["upheld", "by"]
)
UNCONFIRMED = Gauge(
    "suban_router_emergencies_unconfirmed", "Emergencies handed off that the desk has not confirmed"
)
UNCONFIRMED_AGE = Gauge(
    "suban_router_emergency_unconfirmed_seconds", "Age of the oldest hand-off that is not confirmed; 0: none"
)
RULES = Gauge("suban_router_rules", "Rules of the duty list in force")
SHADOW = Counter(
    "suban_router_shadow_total",
    "Cases also put to the candidate that runs beside the rules in force: same, moved, nobody, failed",
    ["outcome"],
)

METRICS = (
    REGISTERED, RETURNED, COMMANDS, REPEATS, LATE_RESPONSES, ACTS, TIMERS, SOLVED, FLAGGED, RULES, FOLLOWED, FOLLOW_UPS,
    DISPUTED, REVIEWED, UNCONFIRMED, UNCONFIRMED_AGE, SHADOW,
)  # fmt: skip


TOLD: Mapping[type[Event], Callable[[Any], None]] = {
    events.CaseReturned: lambda told: RETURNED.labels(told.reason_code).inc(),
    events.CaseDisputed: lambda told: DISPUTED.labels(told.ground).inc(),
    events.CaseReturnReviewed: lambda told: REVIEWED.labels(str(told.upheld).lower(), told.by).inc(),
    events.CaseResolved: lambda told: None if told.parent else SOLVED.labels(told.level or "unknown").inc(),
    events.CaseFlagged: lambda told: FLAGGED.labels(told.why).inc(),
    events.CaseResponded: lambda told: LATE_RESPONSES.inc() if told.late_taken else None,
}
"""What is counted of the events of a verdict, once they are committed."""


def count_routed(routed: Iterable[Routed]) -> None:
    for step, many in collections.Counter(map(_found_by, routed)).items():
        REGISTERED.labels(step).inc(many)


def _found_by(routed: Routed) -> str:
    if routed.rule_id is not None:
        return "rule"
    if routed.lead is not None:
        return "area"
    return "bare" if routed.steps[0] == "could_not_decide" else "desk"


def count_reply(reply: CommandAccepted | CommandRefused) -> None:
    command = reply.command if reply.command in lifecycle.COMMANDS else "unreadable"
    COMMANDS.labels(command, reply.code if isinstance(reply, CommandRefused) else "accepted").inc()
