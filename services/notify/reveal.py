"""Who may see a citizen's contact: the department whose assignment is open, the desk, one case at a time, for a purpose.

The reporter of a 举报 is never shown to a department, which might be the one complained of; nor is one who wants to stay
anonymous. The desk makes such contacts. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.contracts.values import Kind


class Why(StrEnum):
    """The verdicts that are audited and counted."""

    GRANTED = "granted"
    NOT_A_DEPARTMENT = "not_a_department"
    UNKNOWN_CASE = "unknown_case"
    NOT_YOURS = "not_yours"
    REPORTER_PROTECTED = "reporter_protected"
    NO_CONTACT = "no_contact"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Facts:
    """`holder`: the department whose assignment is open. `asked`: how often this principal asked within the minute."""

    known: bool
    kind: Kind | None
    holder: str | None
    has_contact: bool
    anonymous: bool
    asked: int


@dataclass(frozen=True, slots=True)
class Granted:
    reason: Why = Why.GRANTED


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Why


def decide(principal: str, facts: Facts, desk: str, most_per_minute: int) -> Granted | Refused:
    """`principal` is `department:<slug>` or `desk:<name>`; the department `desk` is the desk."""
    role, _, slug = principal.partition(":")
    if role not in ("department", "desk"):
        return Refused(Why.NOT_A_DEPARTMENT)
    if facts.asked >= most_per_minute:
        return Refused(Why.TOO_MANY)
    if not facts.known:
        return Refused(Why.UNKNOWN_CASE)
    is_desk = role == "desk" or slug == desk
    if not is_desk and facts.holder != slug:
        return Refused(Why.NOT_YOURS)
    if not is_desk and (facts.kind is Kind.REPORT or facts.anonymous):
        return Refused(Why.REPORTER_PROTECTED)
    if not facts.has_contact:
        return Refused(Why.NO_CONTACT)
    return Granted()


# What is not theirs does not exist for them: one answer, word for word. The audit knows which it was.
SAID_AS = {Why.NOT_YOURS: Why.UNKNOWN_CASE}

# (status, (title zh, en), (detail zh, en))
ANSWERS: dict[Why, tuple[int, tuple[str, str], tuple[str, str]]] = {
    Why.NOT_A_DEPARTMENT: (403, ("无权查看联系方式", "Not for this key"),
                           ("仅承办单位与分拨台可查看联系方式。", "Contacts are shown to departments and the desk only.")),
    Why.UNKNOWN_CASE: (404, ("没有这个工单", "No such case"),
                       ("联系方式仅对在办单位开放；若刚派单，请几秒后再试。",
                        "A contact is shown while your assignment is open. Just dispatched? Try again in a few seconds.")),
    Why.REPORTER_PROTECTED: (403, ("诉求人信息受保护", "The reporter is protected"),
                             ("举报人与匿名诉求人不向承办单位公开，请由分拨台联系。",
                              "The reporter of a 举报, or an anonymous one, is not shown to departments: ask the desk.")),
    Why.NO_CONTACT: (404, ("未留联系方式", "No contact was left"),
                     ("诉求人未留联系方式或选择匿名。", "The reporter left no contact, or is anonymous.")),
    Why.TOO_MANY: (429, ("查看过于频繁", "Too many reveals"),
                   ("请稍后逐件查看。", "Ask again in a minute, one case at a time.")),
}  # fmt: skip
