"""Slots: the few named things a template may say, what fills each, and where each may be said.

None holds free text but `public_text`, the department's own words to the citizen, which no SMS carries. A slot always
has a value: what is not known is said in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.contracts.city import City
from services.contracts.values import (
    ClockKind,
    Emergency,
    Kind,
    Locale,
    PauseReason,
    ResolutionKind,
    ResponseBasis,
    ReturnReason,
    TriageClass,
)

Said = tuple[str, str]  # Chinese, English


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about, as far as it is known. Instants are city time, aware; `unit` a department slug."""

    number: str
    at: datetime
    unit: str
    category: str | None = None
    area: str | None = None
    handler_name: str | None = None
    received_at: datetime | None = None
    due_response_at: datetime | None = None
    due_close_at: datetime | None = None
    due_at: datetime | None = None
    triage_class: TriageClass = TriageClass.ORDINARY
    request_kind: Kind | None = None
    tracking: str | None = None
    kind: ResolutionKind | ClockKind | None = None
    percent: int | None = None
    reason_code: str | None = None
    basis: ResponseBasis | None = None
    public_text: str | None = None
    into: str | None = None
    service: Emergency | None = None
    parts: int | None = None


Fill = Callable[[Subject, City, Locale], str]


@dataclass(frozen=True, slots=True)
class Slot:
    """`longest` in characters counts an SMS before it is written; `sms` says whether one may carry it."""

    zh: str
    en: str
    longest: int
    fill: Fill
    sms: bool = True


KINDS: Mapping[ResolutionKind | ClockKind | None, Said] = {
    ResolutionKind.FIXED: ("已解决", "fixed"),
    ResolutionKind.EXPLAINED: ("已解释说明", "explained"),
    ResolutionKind.NOT_POSSIBLE: ("暂无法解决", "not possible"),
    ResolutionKind.DUPLICATE: ("重复诉求", "a duplicate"),
    ResolutionKind.WITHDRAWN: ("已撤诉", "withdrawn"),
    ClockKind.RESPONSE: ("响应", "response"),
    ClockKind.CLOSE: ("办结", "close"),
    ClockKind.ACCEPT: ("签收", "accept"),
    ClockKind.DISPATCH: ("派单", "dispatch"),
    ClockKind.REVIEW: ("退单审核", "review"),
    ClockKind.DISPUTE: ("争议处理", "dispute"),
    ClockKind.VERIFY: ("回访", "verify"),
    ClockKind.REDO: ("重办", "redo"),
    ClockKind.ARRIVAL: ("报到", "arrival"),
    ClockKind.SUPERVISION: ("督办", "supervision"),
    None: ("处理", "handling"),
}
REQUESTS: Mapping[Kind | None, Said] = {
    Kind.COMPLAINT: ("投诉", "complaint"),
    Kind.HELP: ("求助", "request for help"),
    Kind.CONSULT: ("咨询", "question"),
    Kind.SUGGESTION: ("建议", "suggestion"),
    Kind.PRAISE: ("表扬", "praise"),
    Kind.REPORT: ("举报", "report"),
    None: ("诉求", "request"),
}
SERVICES: Mapping[Emergency | None, Said] = {
    Emergency.POLICE: ("110公安", "the police (110)"),
    Emergency.FIRE: ("119消防", "the fire brigade (119)"),
    Emergency.MEDICAL: ("120急救", "the ambulance (120)"),
    Emergency.TRAFFIC: ("122交警", "the traffic police (122)"),
    None: ("应急部门", "the emergency services"),
}
CLASSES: Mapping[TriageClass, Said] = {
    TriageClass.SPECIAL: ("特事", "special"),
    TriageClass.URGENT: ("急事", "urgent"),
    TriageClass.ORDINARY: ("普件", "ordinary"),
}
# Codes of a return, and those a desk may reject with; another code is said as OTHER_REASON, never as the code.
REASONS: Mapping[str, Said] = {
    ReturnReason.WRONG_JURISDICTION: ("非本单位管辖", "not in that unit's jurisdiction"),
    ReturnReason.WRONG_CATEGORY: ("类别不符", "the category is wrong"),
    ReturnReason.DUPLICATE: ("重复诉求", "a duplicate"),
    ReturnReason.INSUFFICIENT_INFORMATION: ("信息不全", "information is missing"),
    ReturnReason.OUTSIDE_POWERS: ("超出职权", "outside the city's powers"),
    "out_of_scope": ("不属受理范围", "outside what we handle"),
    "not_a_request": ("无具体诉求", "nothing is asked for"),
    "in_litigation": ("已进入法定程序", "it is before a court or another authority"),
    PauseReason.AWAITING_CITIZEN: ("等待市民补充", "waiting for you"),
    PauseReason.AWAITING_THIRD_PARTY: ("等待第三方", "waiting for somebody else"),
    PauseReason.WEATHER_OR_SEASON: ("天气或季节原因", "the weather or the season"),
    PauseReason.LEGAL_PROCEDURE: ("法定程序", "a procedure of law"),
    PauseReason.SHELVED: ("暂缓办理", "kept for later"),
    "bounces": ("多次退单", "returned too often"),
    "redos": ("多次重办", "redone too often"),
    "spam": ("无效信息", "not a genuine request"),
    "abusive": ("内容不当", "improper content"),
}
OTHER_REASON: Said = ("详见说明", "see the explanation")
BASES: Mapping[ResponseBasis | None, Said] = {
    ResponseBasis.ACCEPT_WITH_HANDLER: ("已签收并指定经办人。", "It has been accepted and an officer named."),
    ResponseBasis.PUBLIC_MESSAGE: ("", ""),
    ResponseBasis.LOGGED_CONTACT: ("承办单位已与您联系。", "The department has been in touch with you."),
    None: ("", ""),
}


def _pick(said: Said, locale: Locale) -> str:
    return said[0] if locale is Locale.ZH else said[1]


def _number(subject: Subject, _city: City, _locale: Locale) -> str:
    return subject.number


def _department(subject: Subject, city: City, locale: Locale) -> str:
    known = city.department_by_slug.get(subject.unit)
    return _pick((known.name.zh, known.name.en), locale) if known else subject.unit


def _category(subject: Subject, city: City, locale: Locale) -> str:
    known = city.category_by_path.get(city.known_category(subject.category) or "")
    return (
        _pick((known.path.rpartition("/")[2], known.en), locale)
        if known
        else _pick(("未分类", "no category"), locale)
    )


def _area(subject: Subject, city: City, locale: Locale) -> str:
    known = city.area_by_code.get(subject.area or "")
    return (
        _pick((known.name.zh, known.name.en), locale)
        if known
        else _pick(("地点未明", "place not known"), locale)
    )


def _handler(subject: Subject, _city: City, locale: Locale) -> str:
    return subject.handler_name or _pick(("待指定", "to be named"), locale)


def _tracking(subject: Subject, _city: City, locale: Locale) -> str:
    return subject.tracking or _pick(("见受理回执", "on your receipt"), locale)


def _link(subject: Subject, city: City, locale: Locale) -> str:
    """To the rating page of intake; without an address of the city's, the tracking code for the channel's own."""
    if city.file.public_url is None or subject.tracking is None:
        return _pick(("查询码", "code "), locale) + _tracking(subject, city, locale)
    return f"{city.file.public_url}/r/{subject.number}/{subject.tracking}"


def _instant(of: Callable[[Subject], datetime | None]) -> Fill:
    """Local time, as people say it: the year is left out, as nothing here is a year away."""

    def fill(subject: Subject, city: City, locale: Locale) -> str:
        at = of(subject)
        if at is None:
            return _pick(("时限内", "the time agreed"), locale)
        local = at.astimezone(city.zone)
        return (
            f"{local.month}月{local.day}日{local:%H:%M}" if locale is Locale.ZH else f"{local:%-d %b %H:%M}"
        )

    return fill


def _word(of: Callable[[Subject], Said]) -> Fill:
    return lambda subject, _city, locale: _pick(of(subject), locale)


def _percent(subject: Subject, _city: City, _locale: Locale) -> str:
    return str(subject.percent if subject.percent is not None else 100)


def _public_text(subject: Subject, _city: City, locale: Locale) -> str:
    return subject.public_text or _pick(BASES[subject.basis], locale)


SLOTS: Mapping[str, Slot] = {
    "number": Slot("工单编号", "the public number", 18, _number),
    "department": Slot("承办单位", "the department that has it", 60, _department),
    "category": Slot("类别，末级", "the last part of its category", 40, _category),
    "area": Slot("区域", "the area", 40, _area),
    "at": Slot("发生时间", "when it happened", 12, _instant(lambda subject: subject.at)),
    "received": Slot("收到时间", "when it was received", 12, _instant(lambda subject: subject.received_at)),
    "due_response": Slot("响应时限", "when the response is due", 12, _instant(lambda subject: subject.due_response_at)),
    "due_close": Slot("办结时限", "when the close is due", 12, _instant(lambda subject: subject.due_close_at)),
    "due": Slot("该时限", "until when; of a clock, when it is due", 12, _instant(lambda subject: subject.due_at)),
    "class": Slot("特事 / 急事 / 普件", "triage class", 8, _word(lambda subject: CLASSES[subject.triage_class])),
    "request": Slot("诉求类型", "kind of request", 16, _word(lambda subject: REQUESTS[subject.request_kind])),
    "tracking": Slot("查询码", "the tracking code", 24, _tracking),
    "link": Slot("评价页链接", "the link to the rating page", 95, _link),
    "handler": Slot("经办人，限值班表在册者", "the handler, if in the roster", 64, _handler),
    "kind": Slot("办结方式，或哪个时限", "kind of resolution; of a clock, which", 16, _word(lambda subject: KINDS[subject.kind])),
    "percent": Slot("已用百分比", "how much of the time is used", 4, _percent),
    "reason": Slot("原因（代码对应的话）", "the reason, in words of ours", 40,
                   _word(lambda subject: REASONS.get(subject.reason_code or "", OTHER_REASON))),
    "into": Slot("并入的工单编号", "the case it is merged into", 18,
                 lambda subject, _city, locale: subject.into or _pick(("另一工单", "another case"), locale)),
    "service": Slot("移交的应急部门", "the emergency service", 26, _word(lambda subject: SERVICES[subject.service])),
    "parts": Slot("子单件数", "how many parts", 4, lambda subject, _city, _locale: str(subject.parts or 0)),
    "public_text": Slot("部门公开答复，仅限应用内", "the department's own words; app only", 2000, _public_text, sms=False),
}  # fmt: skip

_CASE = frozenset({
    "number", "department", "category", "area", "at", "received", "due_response", "due_close", "class", "request",
    "handler", "tracking",
})  # fmt: skip
_CLOCK = frozenset({"number", "department", "category", "area", "at", "due", "handler", "kind", "percent"})

# What each event lets a template say. An event that is not here cannot have templates.
BY_EVENT: Mapping[str, frozenset[str]] = {
    "case.registered": _CASE,
    "case.dispatched": _CASE,
    "case.accepted": _CASE,
    "case.started": _CASE,
    "case.responded": _CASE | {"public_text"},
    "case.returned": _CASE | {"reason"},
    "case.resolved": _CASE | {"kind", "public_text"},
    "case.closed": _CASE,
    "case.rejected": _CASE | {"reason", "public_text"},
    "case.withdrawn": _CASE,
    "case.urged": _CASE,
    "case.disputed": _CASE,
    "case.ruled": _CASE,
    "case.split": _CASE | {"parts"},
    "case.merged": _CASE | {"into"},
    "case.unmerged": _CASE,
    "case.handed_off": _CASE | {"service"},
    "case.hand_off_confirmed": _CASE | {"service"},
    "case.appealed": _CASE,
    "case.supervised": _CASE,
    "case.reclassified": _CASE,
    "case.pause_requested": _CASE | {"reason"},
    "case.paused": _CASE | {"reason", "due"},
    "case.pause_refused": _CASE,
    "case.resumed": _CASE | {"reason", "due"},
    "case.extension_requested": _CASE | {"due"},
    "case.extended": _CASE | {"due"},
    "case.extension_refused": _CASE,
    "case.whistled": _CASE | {"due"},
    "case.raised": _CASE,
    "case.verification_asked": _CASE | {"due", "link"},
    "case.reopened": _CASE | {"due"},
    "case.flagged": _CASE | {"reason"},
    "case.transferred_out": _CASE | {"public_text"},
    "assignment.opened": _CASE,
    "clock.warned": _CLOCK,
    "clock.breached": _CLOCK,
    "clock.escalated": _CLOCK,
}
