"""A duty list as a large city might have it, and its cases: written by a seed, so that every run measures the same.

312 categories in three levels, 3,000 areas, 158 channels, 46 departments. Of a hundred rules 60 name a category and mostly
an area, 25 a category and words, 5 words alone, 10 a category and a channel, a segment, a kind or hours. Categories, areas
and channels of cases are unevenly spread, as requests are; two texts in five hold a word that some rule looks for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from services.contracts import spelling
from services.contracts.values import ChannelKind, Kind, Segment
from services.router.facts import Facts
from services.router.rules import Rules

SEED = 20261122
FAMILIES, KINDS_OF, LEAVES = 12, 5, 4  # 12 + 60 + 240 = 312 categories
STREETS, COMMUNITIES = 60, 49  # 60 + 2,940 = 3,000 areas
CHANNELS, DEPARTMENTS = 158, 46
MONDAY = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Shanghai"))
FIRST, SECOND = (
    "路灯井盖噪音垃圾积水电梯油烟违建停车树木欠薪食品",
    "损坏缺失扰民堆放严重困人排放搭建占道倒伏拖欠过期",
)
COMMON = "您好我想反映一下附近的问题已经持续很久了晚上尤其影响居民休息和出行打过电话没有人处理请尽快安排到现场看谢谢"
HOURS = ("22:00-06:00", "09:00-18:00", "12:00-14:00")


def categories() -> list[str]:
    found = []
    for family in range(FAMILIES):
        found.append(f"大类{family}")
        for kind in range(KINDS_OF):
            found.append(f"大类{family}/中类{kind}")
            found += [f"大类{family}/中类{kind}/小类{leaf}" for leaf in range(LEAVES)]
    return found


def areas() -> list[str]:
    found = [f"city/s{street}" for street in range(STREETS)]
    return found + [f"{street}/c{one}" for street in found for one in range(COMMUNITIES)]


def vocabulary(rng: Random, many: int, first: str = FIRST, second: str = SECOND) -> list[str]:
    """Words of three and four characters."""
    found: set[str] = set()
    while len(found) < many:
        found.add("".join(rng.choices(first, k=2) + rng.choices(second, k=rng.randint(1, 2))))
    return sorted(found)


def usual(many: int) -> str:
    """Characters of the first plane of GB 2312, which has the usual ones."""
    rows = (
        bytes((row, cell))
        for row in range(0xB0, 0xD8)
        for cell in range(0xA1, 0xFF)
        if (row, cell) < (0xD7, 0xFA)
    )
    return "".join(Random(SEED).sample([one.decode("gb2312") for one in rows], many))


def spread(rng: Random, values: Sequence[str]) -> str:
    """The first of them far more often than the last."""
    return values[int(len(values) * rng.random() ** 2.5)]


class City:
    """`rules` of them, and as many different cases as asked for. `characters`: of which words, and half of the texts, are

    made in place of the few.
    """

    def __init__(self, rules: int, characters: str = "") -> None:
        self._rng = Random(SEED)
        self._categories, self._areas = categories(), areas()
        self._rng.shuffle(self._categories)
        self._rng.shuffle(self._areas)
        many = max(40, min(1200, rules // 5))
        self._words = vocabulary(self._rng, many, *([characters] * 2 if characters else ()))
        self._common = COMMON + characters[: len(COMMON)]
        self._channels = [f"channel-{number}" for number in range(CHANNELS)]
        self.rules = Rules.model_validate({"rules": [self._rule(number) for number in range(rules)]})

    def _rule(self, number: int) -> dict[str, Any]:
        then = {"lead": f"unit-{self._rng.randrange(DEPARTMENTS)}"}
        return {"id": f"r{number}", "note": "bench", "when": self._when(), "then": then}

    def _when(self) -> dict[str, Any]:
        rng, kind = self._rng, self._rng.random()
        category = {"category": [rng.choice(self._categories)]}
        if kind < 0.60:
            return category | ({"area": [rng.choice(self._areas)]} if rng.random() < 0.9 else {})
        words = {
            "words": {"any": rng.sample(self._words, 3)}
            | ({"none": [rng.choice(self._words)]} if rng.random() < 0.3 else {})
        }
        if kind < 0.85:
            return category | words
        if kind < 0.90:
            return words | {"kind": ["complaint", "help"]}
        more: list[dict[str, Any]] = [
            {"channel": rng.sample(self._channels, 3)},
            {"segment": ["enterprise"]},
            {"kind": ["report"]},
            {"time": {"hours": rng.choice(HOURS)}},
        ]
        return category | rng.choice(more)

    def cases(self, many: int) -> list[Facts]:
        rng = Random(SEED + 1)
        return [self._case(rng) for _ in range(many)]

    def _case(self, rng: Random) -> Facts:
        return Facts(
            text=self._text(rng),
            local=MONDAY + timedelta(minutes=rng.randrange(7 * 1440)),
            category=spread(rng, self._categories) if rng.random() < 0.9 else None,
            area=spread(rng, self._areas) if rng.random() < 0.8 else None,
            channel=spread(rng, self._channels),
            channel_kind=ChannelKind.HOTLINE,
            segment=Segment.ENTERPRISE if rng.random() < 0.1 else Segment.CITIZEN,
            kind=rng.choices(tuple(Kind), (60, 20, 10, 4, 2, 4))[0],
        )  # fmt: skip

    def _text(self, rng: Random) -> str:
        """About 60 characters, the median of a short request."""
        plain = ["".join(rng.choices(self._common, k=rng.randint(8, 14))) for _ in range(5)]
        if rng.random() < 0.4:
            plain.insert(rng.randrange(5), spread(rng, self._words))
        return spelling.folded(",".join(plain))
