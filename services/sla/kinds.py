"""Every clock a case can have, one a line: what starts it, what stops it, what pauses it. Pure; read by `decide`.

A clock instance is case + clock + the assignment, stay, attendance or redo it belongs to (`instance`: the field of the
event that starts it which says so). A plan names the clocks it promises beside response and close; one it does not
name is not kept.
"""

from dataclasses import dataclass

from services.contracts.values import ClockKind

RECEIPT = ("case.registered",)
DESK = ("(at the desk)",)  # whatever puts the case on the desk starts it, whatever takes it off stops it
ENDS = ("case.rejected", "case.withdrawn", "case.merged", "case.transferred_out", "case.handed_off")
RESOLVED = ("case.resolved", "case.closed")


@dataclass(frozen=True, slots=True)
class Row:
    """`from_` is the field the clock starts at; `due` one that gives the due itself, else the plan's target counts.

    `mine`: an event stops or cancels only the instance it names. `pauses`: rests and extensions move it.
    """

    kind: ClockKind
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    cancels: tuple[str, ...] = ()
    instance: str = ""
    each: str = ""
    from_: str = "at"
    due: str = ""
    mine: bool = False
    pauses: bool = False
    zh: str = ""
    en: str = ""


TABLE = (
    Row(ClockKind.RESPONSE, RECEIPT, ("case.responded", *RESOLVED), from_="received_at", zh="响应", en="response"),
    Row(ClockKind.CLOSE, RECEIPT, RESOLVED, from_="received_at", pauses=True, zh="办结", en="close"),
    Row(ClockKind.ACCEPT, ("case.dispatched",), ("case.accepted",), ("case.returned", "case.ruled", "case.split", *RESOLVED),
        instance="assignment_id", zh="签收", en="accept"),
    Row(ClockKind.DISPATCH, DESK, DESK, RESOLVED, instance="version", zh="派单", en="dispatch"),
    Row(ClockKind.REVIEW, ("case.returned",), ("case.return_reviewed",), ("case.disputed", *RESOLVED),
        instance="assignment_id", zh="退单审核", en="review of a return"),
    Row(ClockKind.DISPUTE, ("case.disputed",), ("case.ruled", "case.split"), RESOLVED, instance="version",
        zh="争议", en="dispute"),
    Row(ClockKind.VERIFY, ("case.verification_asked",), ("case.verified", "case.closed", "case.reopened"),
        instance="version", due="silent_until", zh="回访", en="verify"),
    Row(ClockKind.REDO, ("case.reopened",), RESOLVED, instance="redo_count", pauses=True, zh="重办", en="redo"),
    Row(ClockKind.ARRIVAL, ("case.whistled",), ("case.arrived",), ("case.scored", *RESOLVED), each="calls",
        instance="attendance_id", due="arrive_by", mine=True, zh="报到", en="arrival"),
    Row(ClockKind.SUPERVISION, ("case.supervised",), ("case.responded", *RESOLVED), instance="version", due="answer_by",
        zh="督办", en="supervision"),
)  # fmt: skip

OF: dict[ClockKind, Row] = {row.kind: row for row in TABLE}
TWO = (OF[ClockKind.RESPONSE], OF[ClockKind.CLOSE])
OTHERS = tuple(row for row in TABLE if row not in TWO)
