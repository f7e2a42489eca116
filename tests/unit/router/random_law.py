"""Random duty lists and cases, from a world so small that rules meet, tie, shadow and nearly miss all the time."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.contracts.city import Department, DepartmentLevel, Name
from services.contracts.values import ChannelKind, Emergency, Kind, Segment, TriageClass
from services.router import reference, ruleset
from services.router.facts import Facts
from services.router.rules import Rules

T = TypeVar("T")
CATEGORIES = ("公园", "公园/草坪", "公园/草坪/枯死", "公园/座椅", "道路", "道路/坑洞")
AREAS = ("ps", "ps/biling", "ps/biling/shahu", "ps/pingshan", "lh")
CHANNELS = ("app", "web", "hotline")
WORDS = ("路灯", "不亮", "路灯不亮", "漏水", "ab", "Abc", "燈", "坑")
PIECES = (*WORDS, "灯", "路", "很久", " ", "abc ab", "没有")
MANY = [chr(0x5000 + n) + chr(0x6000 + n) for n in range(200)] + ["没有", "很"]
PATTERNS = ("路灯.{0,3}不亮", "a+b", "^坑", "[燈水]$")
TAGS = ("涉老", "重复", "批量")
SEASONS = ("11-15..03-15", "05-01..09-30", "02-29..02-29", "12-31..01-01")
HOURS = ("00:00-24:00", "22:00-06:00", "09:00-18:00", "23:59-00:01")
DAYS: tuple[Any, ...] = ("daily", "mon-fri", "sat-sun", ["mon", "sun"], ["wed"])
DATES = ("2026-01-01", "2026-11-22", "2026-11-23", "2027-03-01")
START = datetime(2026, 11, 22, 21, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
UNITS = (
    ("desk", "desk", None), ("city-hall", "district", None), ("parks", "district", "city-hall"), ("roads", "district", None),
    ("biling", "street", "city-hall"), ("shahu", "community", "biling"), ("alone", "community", None),
)  # fmt: skip
DEPARTMENTS = tuple(
    Department(
        slug=slug, name=Name(zh=slug, en=slug), short=slug, level=DepartmentLevel(level), parent=parent, duties="…",
    )
    for slug, level, parent in UNITS
)  # fmt: skip
LEADS = tuple(slug for slug, _, _ in UNITS)
BARS = ("street", "community", "parks", "district")


def some(rng: Random, of: tuple[T, ...], most: int = 2) -> list[T]:
    return rng.sample(of, rng.randint(1, min(most, len(of))))


def words(rng: Random) -> dict[str, Any]:
    stated = {kind: some(rng, WORDS) for kind in ("any", "all", "none") if rng.random() < 0.5}
    return stated or {"any": some(rng, WORDS)}


def time(rng: Random) -> dict[str, Any]:
    season = {"season": rng.choice(SEASONS)} if rng.random() < 0.5 else {}
    return {"days": rng.choice(DAYS), "hours": rng.choice(HOURS), **season}


def bounces(rng: Random) -> dict[str, int]:
    least = rng.randint(0, 2)
    return {"min": least} | ({"max": least + rng.randint(0, 1)} if rng.random() < 0.5 else {})


CONDITIONS: tuple[tuple[str, float, Callable[[Random], Any]], ...] = (
    ("category", 0.6, lambda rng: some(rng, CATEGORIES, 3)),
    ("area", 0.35, lambda rng: some(rng, AREAS, 3)),
    ("channel", 0.15, lambda rng: some(rng, CHANNELS)),
    ("channel_kind", 0.1, lambda rng: some(rng, (ChannelKind.APP, ChannelKind.WEB, ChannelKind.SENSOR))),
    ("segment", 0.15, lambda rng: some(rng, tuple(Segment), 1)),
    ("kind", 0.15, lambda rng: some(rng, (Kind.COMPLAINT, Kind.REPORT, Kind.HELP))),
    ("tags", 0.15, lambda rng: some(rng, TAGS)),
    ("returned_by", 0.07, lambda rng: some(rng, LEADS)),
    ("bounces", 0.1, bounces),
    ("time", 0.12, time),
    ("words", 0.35, words),
    ("pattern", 0.08, lambda rng: some(rng, PATTERNS)),
)


def rule(rng: Random, number: int) -> dict[str, Any]:
    when = {name: draw(rng) for name, chance, draw in CONDITIONS if rng.random() < chance}
    row: dict[str, Any] = {"id": f"r{number}", "note": "random", "when": when}
    if rng.random() < 0.15:
        row["valid_from"] = rng.choice(DATES[:3])
    if rng.random() < 0.15:
        row["valid_to"] = rng.choice(DATES[2:])
    if rng.random() < 0.1:
        row["precedence"] = rng.randint(0, 2)
    row["then"] = giving(rng) if rng.random() < 0.2 else deciding(rng, when)
    return row


def giving(rng: Random) -> dict[str, Any]:
    gives = {
        "class": rng.choice(tuple(TriageClass)), "tags": some(rng, TAGS), "prohibited": some(rng, BARS),
    }  # fmt: skip
    return {name: gives[name] for name in some(rng, tuple(gives))}


def deciding(rng: Random, when: dict[str, Any]) -> dict[str, Any]:
    if rng.random() < 0.15:
        when["class"] = some(rng, tuple(TriageClass))
    if rng.random() < 0.05:
        return {"hold": True}
    then: dict[str, Any] = {"lead": rng.choice(LEADS)}
    if rng.random() < 0.05:
        then["emergency"] = rng.choice(tuple(Emergency))
    if rng.random() < 0.1:
        then["class"] = rng.choice(tuple(TriageClass))
    if rng.random() < 0.05:
        then["again"] = True
    return then


def rules(rng: Random) -> Rules:
    """Now and then with so many words that they are read in the other way (reading.FEW)."""
    rows = [rule(rng, number) for number in range(rng.randint(1, 13))]
    if rng.random() < 0.2:
        rows.append({"id": "many", "note": "n", "when": {"words": {"any": MANY}}, "then": {"lead": "parks"}})
    return Rules.model_validate({"rules": rows})


def facts(rng: Random) -> Facts:
    return Facts(
        text="".join(rng.choices(PIECES, k=rng.randint(0, 4))).casefold().replace("燈", "灯"),
        local=START + timedelta(minutes=rng.choice((0, 60, 180, 181, 600, 2000, 150_000, 400_000))),
        category=rng.choice((*CATEGORIES, "公园/草坪/枯死/片", "别的", None)),
        area=rng.choice((*AREAS, "ps/biling/shahu/x", None)),
        channel=rng.choice(CHANNELS),
        channel_kind=rng.choice((ChannelKind.APP, ChannelKind.WEB, ChannelKind.SENSOR)),
        segment=rng.choice(tuple(Segment)),
        kind=rng.choice((Kind.COMPLAINT, Kind.REPORT, Kind.HELP, Kind.PRAISE)),
        bounces=rng.choice((0, 0, 0, 1, 2, 30)),
        returned_by=frozenset(some(rng, LEADS, 3)) if rng.random() < 0.3 else frozenset(),
        tags=frozenset(some(rng, TAGS)) if rng.random() < 0.3 else frozenset(),
    )


def mismatches(seed: int, sets: int, cases: int) -> Iterator[str]:
    """Where the engine and the law as it is written differ, over `sets` duty lists with `cases` cases each."""
    rng = Random(seed)
    for _ in range(sets):
        duty = rules(rng)
        compiled = ruleset.compiled(duty, DEPARTMENTS)
        law = reference.law(duty.rules, DEPARTMENTS)
        for _ in range(cases):
            case = facts(rng)
            said, meant = ruleset.judge(compiled, case), reference.judge(law, case)
            if said != meant:
                yield f"{duty.model_dump(mode='json', exclude_defaults=True)}\n{case}\nengine {said}\nlaw    {meant}"
