"""A town small enough to be read, and things sent to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.contracts import ids
from services.contracts.city import (
    Area,
    AreaLevel,
    Category,
    Channel,
    City,
    CityFile,
    Department,
    DepartmentLevel,
    Name,
)
from services.contracts.disputes import Disputes, Returns
from services.contracts.events import SubmissionReceived
from services.contracts.ids import CaseId
from services.contracts.plans import Plans
from services.contracts.values import ChannelKind, Contact, Place
from services.router import decide, registration
from services.router.case import Case
from services.router.decide import Law
from services.router.rules import DutyList, Rules
from services.router.verdicts import Done

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday, 09:00 in the town
DESK, STREET, PARKS, ROADS = "desk", "biling-street", "parks", "roads"


def after(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def name(text: str) -> Name:
    return Name(zh=text, en=text)


def area(code: str, zh: str, level: str, fallback: str, *aliases: str) -> Area:
    return Area(code=code, level=level, name=Name(zh=zh, en=code), aliases=aliases, fallback=fallback)


AREAS = (
    area("ps", "坪山区", AreaLevel.DISTRICT, DESK),
    area("ps/biling", "碧岭街道", AreaLevel.STREET, STREET, "碧岭"),
    area("ps/biling/shahu", "沙湖社区", AreaLevel.COMMUNITY, STREET, "沙湖"),
    area("ps/pingshan", "坪山街道", AreaLevel.STREET, DESK, "坪山"),
)


def department(slug: str, level: DepartmentLevel = DepartmentLevel.DISTRICT) -> Department:
    return Department(
        slug=slug, name=Name(zh=f"{slug}局", en=slug.title()), short=slug, level=level, duties="…"
    )


PLANS = {
    "plans": [
        {
            "name": plan, "title": {"zh": plan, "en": plan}, "response": {"target": response},
            "close": {"target": "PT24H"}, "ladder": [{"percent": 100, "audience": ["head"]}],
            "when": {"category": ["公园"]} if plan == "parks" else {},
        }
        for plan, response in (("standard", "PT30M"), ("parks", "PT20M"), ("special", "PT10M"))
    ],
    "default": "standard",
}  # fmt: skip
CATEGORIES = ("公园", "公园/草坪", "道路", "道路/坑洞")


def city(returns: Returns | None = None, disputes: Disputes | None = None) -> City:
    return City(
        file=CityFile(
            name=name("town"),
            slug="town",
            timezone="Asia/Shanghai",
            desk=DESK,
            supervision=DESK,
            returns=returns or Returns(),
            disputes=disputes or Disputes(),
        ),
        areas=AREAS,
        departments=(
            department(DESK, DepartmentLevel.DESK),
            department(STREET, DepartmentLevel.STREET),
            department(PARKS),
            department(ROADS),
        ),
        roster={},
        categories=tuple(Category(path=path, en=path, evidence=path == "道路/坑洞") for path in CATEGORIES),
        channels=(Channel(id="app", kind=ChannelKind.APP, name=name("app"), rate_per_minute=1),),
        plans=Plans.model_validate(PLANS),
    )


def rule(id_: str, when: dict[str, Any], **then: Any) -> dict[str, Any]:
    return {"id": id_, "note": "because", "when": when, "then": then}


RULES: tuple[dict[str, Any], ...] = (
    rule("parks", {"category": ["公园"]}, lead=PARKS),
    rule("lawns-biling", {"category": ["公园/草坪"], "area": ["ps/biling"]}, lead=STREET, assists=[PARKS]),
    rule(
        "holes",
        {"words": {"any": ["坑洞", "塌陷"], "none": ["演练"]}},
        lead=ROADS,
        **{"class": "special", "plan": "special"},
    ),
    rule("roads", {"category": ["道路"]}, lead=ROADS),
    rule("nobody", {"category": ["道路"], "words": {"all": ["归谁管"]}}, lead=DESK),
)


def law(*rules: dict[str, Any], returns: Returns | None = None, disputes: Disputes | None = None) -> Law:
    return decide.law(DutyList(city(returns, disputes), Rules.model_validate({"rules": rules or RULES})))


def sent(text: str = "草坪坏了", **more: Any) -> SubmissionReceived:
    fields: dict[str, Any] = {
        "number": "20261123-0000-0000", "channel": "app", "channel_kind": "app", "request_key": "1",
        "received_at": NINE, "text": text, "match_text": text.casefold(),
        "contact": Contact(masked_name="王**", masked_phone="138****8000"),
    }  # fmt: skip
    return SubmissionReceived(**(fields | more))


def at(address: str | None = None, code: str | None = None) -> Place:
    return Place(address=address, area=code)


CASE_ID: CaseId = ids.case_id("app", "1")


def registered(submission: SubmissionReceived, now: datetime = NINE, the_law: Law | None = None) -> Done:
    the_law = the_law or law()
    return registration.register(
        the_law.city, CASE_ID, submission, decide.route(the_law, submission), now, bare=False
    )


def case_of(submission: SubmissionReceived, now: datetime = NINE) -> Case:
    return registered(submission, now).case
