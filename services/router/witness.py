"""A request for which two rules both hold: made from what they state, then asked of the law itself. Pure.

It is the smallest that could be made: the words of one of them if these do for both, else the words of each. No witness
is no proof that there is none: of a pattern only plain words can be made into a text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, product
from typing import Any

from services.contracts.plans import within
from services.contracts.values import ChannelKind, Kind, Segment, TriageClass
from services.router import explaining, overlaps, patterns, reference
from services.router.facts import Facts
from services.router.reference import Claim
from services.router.specificity import Row
from services.router.wording import Said

TRIED = 100  # texts with words of each, before we give up
DAYS_TRIED = 800  # the days that a season and a weekday take to meet
NEW_YEAR = date(2026, 1, 1)
NOON = 12 * 60
DAY = (1 << 1440) - 1
META = frozenset(r"\.^$|?*+()[]{}")
DEFAULTS: dict[str, Any] = {
    "channel": "any", "channel_kind": ChannelKind.HOTLINE, "segment": Segment.CITIZEN, "kind": Kind.COMPLAINT,
    "triage_class": TriageClass.ORDINARY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Witness:
    """`split`: it has words, tags or earlier owners of each that the other does not look for. `stated`: what is asked of it."""

    facts: Facts
    split: bool
    stated: frozenset[str]

    @property
    def request(self) -> dict[str, Any]:
        """What the two ask of it, as JSON-able data."""
        told = {
            name: _plain(getattr(self.facts, FIELDS.get(name, name))) for name in ORDER if name in self.stated
        }
        return told | ({"received_at": f"{self.facts.local:%Y-%m-%dT%H:%M}"} if "time" in self.stated else {})

    def __str__(self) -> str:
        return str(self.said)

    @property
    def said(self) -> Said:
        zh, en = [], []
        for name, value in self.request.items():
            shown = ",".join(map(str, value)) if isinstance(value, list) else value
            label = NAMES.get(name) or explaining.CONDITIONS[name]
            zh.append(f"{label.zh}“{shown}”")
            en.append(f'{label.en} "{shown}"')
        return Said("、".join(zh) or "任何诉求", ", ".join(en) or "any request")


ORDER = (
    "text",
    "category",
    "area",
    "channel",
    "channel_kind",
    "segment",
    "kind",
    "class",
    "tags",
    "returned_by",
    "bounces",
)
FIELDS = {"class": "triage_class"}
NAMES = {"text": Said("文本", "text"), "received_at": Said("收到时间", "received at")}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def of(one: Row, other: Row) -> Witness | None:
    """None: there is none, or none could be made."""
    if not overlaps.may_meet(one, other) or (found := _text(one, other)) is None:
        return None
    if (local := _moment(one, other)) is None:
        return None
    text, split = found
    tags, apart = _some(one.rule.when.tags, other.rule.when.tags)
    returned_by, strangers = _some(one.rule.when.returned_by, other.rule.when.returned_by)
    facts = Facts(
        text=text, local=local, category=_deeper(one.categories, other.categories),
        area=_deeper(one.areas, other.areas), tags=tags, returned_by=returned_by, bounces=_bounces(one, other),
        **{name: _shared(one, other, name) for name in overlaps.ONE_OF},
    )  # fmt: skip
    if any(reference.lacking(_claim(row), facts) for row in (one, other)):
        return None
    return Witness(facts, split or apart or strangers, frozenset(_stated(one, other, text)))


def _claim(row: Row) -> Claim:
    return Claim(row.rank, row.place, row.rule, tuple(row.categories), tuple(row.areas))


def _text(one: Row, other: Row) -> tuple[str, bool] | None:
    """The text, and whether it took words of each."""
    for text in (*_texts(one), *_texts(other)):
        if _fits(one, text) and _fits(other, text):
            return text, False
    both = (f"{a} {b}".strip() for a, b in product(_texts(one), tuple(_texts(other))))
    return next(
        ((text, True) for text in islice(both, TRIED) if _fits(one, text) and _fits(other, text)), None
    )


def _texts(row: Row) -> Iterator[str]:
    """The least that it finds its words in, with each of `any` in turn."""
    for pattern in [one for one in row.rule.when.pattern if META.isdisjoint(one)][:1] or [""]:
        for word in row.any or ("",):
            yield " ".join(filter(None, dict.fromkeys((word, *row.all, pattern))))


def _fits(row: Row, text: str) -> bool:
    stated = row.rule.when.pattern
    return (
        (not row.any or any(word in text for word in row.any))
        and all(word in text for word in row.all)
        and not any(word in text for word in row.none)
        and (not stated or any(patterns.spans(one, text) for one in stated))
    )


def _deeper(some: Iterable[str], others: Iterable[str]) -> str | None:
    """A path that both hold for."""
    some, others = sorted(some), sorted(others)
    if not some or not others:
        return next(iter(some or others), None)
    return next((max(a, b, key=len) for a in some for b in others if within(a, b) or within(b, a)), None)


def _shared(one: Row, other: Row, name: str) -> Any:
    stated, also = getattr(one.rule.when, name), getattr(other.rule.when, name)
    values = [value for value in stated if value in also] if stated and also else stated or also
    return next(iter(values), DEFAULTS[name])


def _some(stated: tuple[str, ...], also: tuple[str, ...]) -> tuple[frozenset[str], bool]:
    """Of values of which a case may have several: the fewest, and whether it took some of each."""
    if shared := sorted(set(stated).intersection(also)):
        return frozenset(shared[:1]), False
    return frozenset((*stated[:1], *also[:1])), bool(stated and also)


def _bounces(one: Row, other: Row) -> int:
    return max(stated.min if (stated := row.rule.when.bounces) else 0 for row in (one, other))


def _moment(one: Row, other: Row) -> datetime | None:
    """The first moment at which both may hold; noon where the hours do not matter."""
    begins = max(overlaps.valid(one)[0], overlaps.valid(other)[0])
    ends = min(overlaps.valid(one)[1], overlaps.valid(other)[1])
    minutes = overlaps.minutes(one) & overlaps.minutes(other)
    first = begins or min(NEW_YEAR.toordinal(), ends - 366)
    for ordinal in range(first, min(ends, first + DAYS_TRIED) + 1):
        day = date.fromordinal(ordinal)
        today = minutes >> day.weekday() * 1440 & DAY
        seasons = (row.season for row in (one, other) if row.season is not None)
        if today and all(_in_season(season, (day.month, day.day)) for season in seasons):
            minute = NOON if today >> NOON & 1 else (today & -today).bit_length() - 1
            return datetime.combine(day, time(), UTC) + timedelta(minutes=minute)
    return None


def _in_season(season: tuple[tuple[int, int], tuple[int, int]], day: tuple[int, int]) -> bool:
    first, last = season
    return first <= day <= last if first <= last else day >= first or day <= last


def _stated(one: Row, other: Row, text: str) -> Iterator[str]:
    for row in (one, other):
        when = row.rule.when
        parts = {
            "text": text, "category": row.categories, "area": row.areas, "channel": when.channel,
            "channel_kind": when.channel_kind, "segment": when.segment, "kind": when.kind, "class": when.triage_class,
            "tags": when.tags, "returned_by": when.returned_by, "bounces": _bounces(one, other),
            "time": when.time or row.valid,
        }  # fmt: skip
        yield from (name for name, stated in parts.items() if stated)
