"""The lifecycle of a case, as a table: who may do what in which state, where it leads, and why.

One line is one edge. What no line allows is refused with the legal moves. `docs/lifecycle.md` is drawn from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from services.contracts.values import State

S = State


class Who(StrEnum):
    """In what capacity somebody acts on this very case."""

    LEAD = "lead"  # the department whose assignment is open, 主办
    ASSIST = "assist"  # a department that helps, 协办
    DESK = "desk"  # the dispatcher's desk, 分拨台
    CITIZEN = "citizen"  # by an act through the channel
    RULES = "rules"  # the router itself, by the duty list
    TIMER = "timer"  # time, by a clock or a silent period


@dataclass(frozen=True, slots=True)
class Edge:
    """`to` None: the state stays. `guard` names a condition in guards.GUARDS that is asked after the table."""

    command: str
    states: tuple[State, ...]
    to: State | None
    who: tuple[Who, ...]
    zh: str
    en: str
    guard: str = ""


def _edge(command: str, states: str, to: str, who: str, zh: str, en: str, guard: str = "") -> Edge:
    named = tuple(S(one) for one in states.split())
    return Edge(command, named, S(to) if to else None, tuple(Who(one) for one in who.split()), zh, en, guard)


AT_WORK = "dispatched accepted in_progress"
OPEN = "registered dispatched accepted in_progress suspended disputed awaiting_children"

EDGES: tuple[Edge, ...] = tuple(_edge(*row) for row in (
    # command         from                                      to                   who              中文, English, guard
    ("register",     "received",                               "registered",        "rules",         "受理即立案", "what was received is a case"),
    ("dispatch",     "registered",                             "dispatched",        "rules",         "按事项清单派单", "the duty list names its owner"),
    ("assign",       "registered",                             "dispatched",        "desk",          "分拨台派单", "the desk names its owner", "known_units"),
    ("accept",       "dispatched",                             "accepted",          "lead",          "签收", "the department signs for it"),
    ("accept",       "dispatched",                             "accepted",          "timer",         "期满默认签收", "silence is acceptance by its plan", "silent_accept"),
    ("start",        "accepted",                               "in_progress",       "lead",          "开始办理", "work begins"),
    ("respond",      f"{AT_WORK} suspended",                   "",                  "lead",          "响应市民", "the citizen has been answered", "said_or_noted"),
    ("respond",      "registered",                             "",                  "desk",          "分拨台响应市民", "the desk answers while it holds the case", "said_or_noted"),
    ("return",       AT_WORK,                                  "registered",        "lead",          "退单", "not ours: back to the desk", "returnable"),
    ("resolve",      "accepted in_progress",                   "resolved",          "lead",          "办结", "done, provisionally until closed", "complete"),
    ("close",        "resolved",                               "closed",            "desk",          "结案", "the desk closes it"),
    ("close",        "resolved",                               "closed",            "timer",         "期满无异议自动结案", "silence has lasted long enough", "silent"),
    ("reject",       "registered dispatched",                  "rejected",          "desk",          "不予受理", "not a matter for this house", "not_a_child"),
    ("withdraw",     OPEN,                                     "withdrawn",         "desk",          "撤诉", "the citizen takes it back", "not_a_child"),
    ("withdraw",     OPEN,                                     "withdrawn",         "citizen rules", "撤诉；父单已撤，子单随之", "the citizen takes it back; its parts with it"),
    ("urge",         OPEN,                                     "",                  "citizen",       "市民催办", "the citizen asks to hurry"),
    ("supplement",   f"{OPEN} resolved verifying",             "",                  "citizen",       "市民补充", "the citizen adds something"),
    ("rate",         "resolved verifying closed",              "",                  "citizen",       "市民评价", "the citizen rates it"),
    ("uphold",       "registered",                             "",                  "desk timer",    "退单成立", "the return was right", "under_review"),
    ("refuse",       "registered",                             "dispatched",        "desk",          "退单不成立，退回原单位", "the return was wrong: back to the same owner", "refusable"),
    ("dispute",      "registered",                             "disputed",          "rules",         "退单达上限或互相推诿", "the limit of returns, or one that returned it is named"),
    ("dispute",      "registered",                             "disputed",          "desk",          "权责争议", "owners disagree", "returned_once"),
    ("meet",         "disputed",                               "",                  "desk",          "会商", "those who disagree have met"),
    ("accept",       "disputed",                               "",                  "lead",          "先办后议：签收", "who acts meanwhile signs for it"),
    ("respond",      "disputed",                               "",                  "lead desk",     "争议期间响应市民", "the citizen is answered all the same", "said_or_noted"),
    ("resolve",      "disputed",                               "resolved",          "lead",          "先办后议：办结", "who acts meanwhile has done it", "complete"),
    ("rule",         "disputed",                               "dispatched",        "desk",          "裁定，强制派单", "a ruling sends it on, forced", "known_units"),
    ("appeal",       f"{AT_WORK} suspended",                   "",                  "lead",          "对裁定申诉", "recorded; nothing waits for it", "forced"),
    ("split",        "registered disputed",                    "awaiting_children", "desk",          "拆分为子单", "children carry the parts", "whole"),
    ("respond",      "awaiting_children",                      "",                  "desk rules",    "父单响应市民", "the parent answers for its children", "said_or_noted"),
    ("resolve",      "awaiting_children",                      "resolved",          "rules",         "子单全部办结", "the last child has resolved"),
    ("redo",         "resolved verifying closed",              "awaiting_children", "rules",         "拆分的工单重办，待其子单", "a split case done again waits for its parts"),
    ("waive",        "awaiting_children",                      "",                  "desk",          "免除子单", "a part need not be done", "part_waivable"),
    ("close",        "resolved verifying",                     "closed",            "rules",         "父单已结，子单随之", "its parent is closed"),
    ("merge",        OPEN,                                     "merged",            "desk",          "并单", "another case stands for it", "same_matter"),
    ("unmerge",      "merged",                                 "registered",        "desk rules",    "撤销并单", "it stands for itself again"),
    ("hand_off",     f"registered {AT_WORK}",                  "handed_off",        "desk rules",    "移交应急", "it cannot wait for a department", "stands_alone"),
    ("confirm",      "handed_off",                             "",                  "desk",          "确认移交", "the emergency service has taken it", "unconfirmed"),
    ("urge",         OPEN,                                     "",                  "desk",          "分拨台催办", "the desk asks to hurry"),
    ("supervise",    OPEN,                                     "",                  "desk",          "督办", "supervision watches it"),
    ("reclassify",   f"registered {AT_WORK}",                  "",                  "desk",          "改类；时限只可趋紧", "category or class changes; plans only tighten", "something_new"),
    ("reassign",     f"{AT_WORK} suspended",                   "dispatched",        "desk",          "改派", "the desk names another owner", "elsewhere"),
    ("refuse",       f"{AT_WORK} suspended awaiting_children", "",                  "desk",          "不同意所请", "what was asked for is not granted", "asked_for"),
    ("pause",        "accepted in_progress",                   "",                  "lead",          "申请暂停计时", "the clock may rest, for a listed reason", "listed_reason"),
    ("shelve",       "accepted in_progress",                   "",                  "lead desk",     "申请挂账", "to be kept for later, named and capped", "listed_reason"),
    ("suspend",      "accepted in_progress",                   "suspended",         "rules",         "准予即暂停", "granted, or no approver is needed: the clock rests"),
    ("resume",       "suspended",                              "in_progress",       "lead desk",     "恢复计时", "the reason is gone"),
    ("resume",       "suspended",                              "in_progress",       "timer",         "期满自动恢复计时", "the cap is reached", "cap_reached"),
    ("extend",       f"{AT_WORK} suspended",                   "",                  "lead",          "申请延期", "asks for a later due", "before_due"),
    ("extend",       "awaiting_children",                      "",                  "desk",          "为全部子单申请延期", "asks for a later due for the whole", "before_due"),
    ("approve",      f"{AT_WORK} suspended awaiting_children", "",                  "desk",          "批准所请", "a pause or an extension is granted", "asked_for"),
    ("whistle",      "accepted in_progress",                   "",                  "lead",          "吹哨", "calls departments to the spot", "may_whistle"),
    ("arrive",       "accepted in_progress suspended",         "",                  "assist",        "报到", "a called department is there", "called"),
    ("score",        "accepted in_progress suspended",         "",                  "lead",          "一事一考", "who whistled scores each that was called", "to_score"),
    ("report",       f"{AT_WORK} suspended",                   "",                  "assist",        "协办反馈", "an assisting department reports its part"),
    ("waive",        f"{AT_WORK} suspended",                   "",                  "lead desk",     "免除协办", "an assisting department need not report", "waivable"),
    ("raise",        f"{AT_WORK} suspended",                   "",                  "lead",          "上报上一级", "a level above takes part", "has_above"),
    ("raise",        f"{AT_WORK} suspended",                   "",                  "timer",         "超时上报上一级", "overdue: a level above takes part", "has_above"),
    ("supervise",    OPEN,                                     "",                  "timer",         "超时督办", "overdue: supervision watches it", "still_theirs"),
    ("verify",       "resolved",                               "verifying",         "desk",          "回访核查", "the citizen is asked", "not_a_child"),
    ("verify",       "resolved",                               "verifying",         "timer",         "抽样回访", "it is one of those that are asked", "verify_due"),
    ("rate",         "resolved verifying",                     "",                  "desk",          "回访评价", "the desk's call brings the rating", "not_a_child"),
    ("close",        "verifying",                              "closed",            "desk",          "结案", "the desk closes it"),
    ("close",        "verifying",                              "closed",            "timer",         "回访期满无异议自动结案", "silence has lasted long enough", "silent"),
    ("redo",         "resolved verifying",                     "in_progress",       "desk",          "重办", "it was not well done: do it again", "parts_named"),
    ("again",        "resolved verifying closed",              "in_progress",       "rules",         "评价不满意，或父单重办：重办", "rated badly, or its parent is done again"),
    ("reopen",       "resolved verifying closed",              "in_progress",       "citizen",       "市民称未办好，或又发生", "the citizen says that it is not done, or is back", "within_window"),
    ("reopen",       "closed",                                 "in_progress",       "desk",          "重启", "within the window it comes back", "within_window"),
    ("transfer_out", "registered dispatched",                  "transferred_out",   "desk",          "转出", "another authority's matter", "stands_alone"),
))  # fmt: skip

COMMANDS: tuple[str, ...] = tuple(dict.fromkeys(edge.command for edge in EDGES))
FINAL: frozenset[State] = frozenset(
    {S.CLOSED, S.REJECTED, S.MERGED, S.WITHDRAWN, S.TRANSFERRED_OUT, S.HANDED_OFF}
)


@dataclass(frozen=True, slots=True)
class Moved:
    """The table allows it; the edge's guard, if any, is still to be asked."""

    edge: Edge
    state: State


@dataclass(frozen=True, slots=True)
class Illegal:
    """The table does not. `legal` are the commands this somebody may give now; `who` are those who might, in this state."""

    state: State
    command: str
    legal: tuple[str, ...]
    who: tuple[Who, ...]


@cache
def move(state: State, command: str, who: Who) -> Moved | Illegal:
    """The one way to a new state. Total: every state, every word, everybody."""
    here = [edge for edge in EDGES if edge.command == command and state in edge.states]
    mine = next((edge for edge in here if who in edge.who), None)
    if mine:
        return Moved(mine, state if mine.to is None else mine.to)
    others = tuple(dict.fromkeys(one for edge in here for one in edge.who))
    return Illegal(state, command, legal(state, who), others)


@cache
def legal(state: State, who: Who) -> tuple[str, ...]:
    """What `who` may do in `state`, in the table's order."""
    return tuple(edge.command for edge in EDGES if state in edge.states and who in edge.who)


def diagram() -> str:
    """The table as a mermaid state diagram."""
    return "\n".join(["stateDiagram-v2", "    [*] --> received", *_arrows(), *_ends()])


def _arrows() -> Iterator[str]:
    labels: dict[tuple[State, State], list[str]] = {}
    for edge in EDGES:
        for state in edge.states if edge.to else ():
            assert edge.to is not None
            names = labels.setdefault((state, edge.to), [])
            if edge.command not in names:
                names.append(edge.command)
    return (f"    {start} --> {end}: {', '.join(names)}" for (start, end), names in labels.items())


def _ends() -> Iterator[str]:
    return (f"    {state} --> [*]" for state in State if state in FINAL)


def markdown() -> str:
    """The table as a Markdown table, one edge a row."""
    head = ["| command | from | to | who | guard | reason |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [_row(edge) for edge in EDGES])


def _row(edge: Edge) -> str:
    states, who = ", ".join(edge.states), ", ".join(edge.who)
    guard = f"`{edge.guard}`" if edge.guard else ""
    return (
        f"| `{edge.command}` | {states} | {edge.to or '(stays)'} | {who} | {guard} | {edge.zh} / {edge.en} |"
    )
