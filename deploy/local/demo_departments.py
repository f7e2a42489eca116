"""Department programs: each reads its assignments, answers with commands on its own topic, and never speaks for another.

Most are quick, some slow, one is usually late, and some return what is not theirs; the desk gives that to somebody else
and closes what is resolved. All of them live in one process here; in a city each would be a program of its own.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.contracts import topics
from services.contracts.city import City

CASES = topics.CASES
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a department works: when it accepts and resolves (city time, least and most), how often it returns."""

    accepts: tuple[timedelta, timedelta]
    resolves: tuple[timedelta, timedelta]
    returns: float = 0.0
    names_handler: float = 1.0


PROMPT = Manner((2 * MINUTE, 12 * MINUTE), (1 * HOUR, 6 * HOUR))
PICKY = Manner((2 * MINUTE, 12 * MINUTE), (1 * HOUR, 6 * HOUR), returns=0.25)
SLOW = Manner((8 * MINUTE, 36 * MINUTE), (4 * HOUR, 11 * HOUR))
LATE = Manner((25 * MINUTE, 150 * MINUTE), (8 * HOUR, 20 * HOUR), names_handler=0.6)
USUALLY_LATE = "transport"
AGAIN_S = 0.5
TURN = (PROMPT, PROMPT, SLOW, PROMPT, PICKY)


def manner(city: City, slug: str) -> Manner:
    if slug == USUALLY_LATE:
        return LATE
    return TURN[list(city.department_by_slug).index(slug) % len(TURN)]


@dataclass
class Departments:
    """All department programs and the desk's, until `stop`. `rate`: city seconds in a wall second.

    `answers` is the share of assignments that anybody acts on at all. `trouble`: they pause, ask for more time, quarrel
    about what they returned, and share work by a ruling, as often as it takes to see all of it in a few hundred cases.
    """

    bootstrap: str
    city: City
    rate: float
    shards: int
    answers: float = 1.0
    trouble: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _heard: set[str] = field(default_factory=set)
    _suggested: dict[str, str | None] = field(default_factory=dict)
    _emergencies: set[str] = field(default_factory=set)
    _refused_by: dict[str, set[str]] = field(default_factory=dict)
    _producer: AIOKafkaProducer | None = None
    _at_home: bool = False

    @property
    def idle(self) -> bool:
        return not self._tasks

    async def run(self) -> None:
        """Until cancelled."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.bootstrap, acks="all", linger_ms=0
        ) as self._producer:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, fetch_max_wait_ms=100)
            async with consumer:
                await self._read(consumer)

    def stop(self) -> None:
        """Nobody does anything any more; what is not done stays open."""
        self._at_home = True
        for task in self._tasks:
            task.cancel()

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        places = [TopicPartition(topics.assignments(slug), 0) for slug in self.city.department_by_slug]
        consumer.assign([*places, *(TopicPartition(CASES, number) for number in range(self.shards))])
        await consumer.seek_to_beginning()
        async for record in consumer:
            if not self._at_home:
                self._hear(record)

    def _hear(self, record: ConsumerRecord) -> None:
        """A repeat is the same letter and is answered once."""
        headers = dict(record.headers)
        kind, case = headers["ce_type"].decode(), record.key.decode()
        if headers["ce_id"].decode() in self._heard:
            return
        self._heard.add(headers["ce_id"].decode())
        if kind in ("assignment.opened", "assignment.forced"):
            letter = json.loads(record.value)
            self._begin(
                self._at_the_desk(case, letter) if letter["role"] == "desk" else self._at_work(case, letter)
            )
        elif kind == "case.returned":
            told = json.loads(record.value)
            self._suggested[case] = told["suggested_owner"]
            self._refused_by.setdefault(case, set()).add(told["department"])
        elif kind == "case.handed_off":
            self._emergencies.add(case)
            self._begin(self._confirm(case))
        elif kind == "case.resolved" and not json.loads(record.value).get("parent"):
            self._begin(self._close(case))

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _at_work(self, case: str, letter: dict[str, Any]) -> None:
        """A department from the letter to the resolution; an assisting one reports its part."""
        if letter["role"] == "assist":
            seen = {"assignment_version": letter["assignment_version"]}
            return await self._say(
                letter["department"], case, "report", **seen, text="已派员协助，本单位部分已完成。"
            )
        if letter["role"] != "lead":
            return
        slug, dice = letter["department"], random.Random(letter["assignment_id"])
        way = manner(self.city, slug)
        if dice.random() >= self.answers:
            return
        hurry = 0.3 if letter["triage_class"] != "ordinary" and way is not LATE else 1.0
        await self._pass(_between(dice, *way.accepts) * hurry)
        seen = {"assignment_version": letter["assignment_version"]}
        often = max(way.returns, 0.2) if self.trouble else way.returns
        if dice.random() < often and letter["assignment_version"] == 1:
            return await self._say(slug, case, "return", **seen, reason_code="wrong_jurisdiction",
                                   grounds="经核实不属于本单位职责。", suggested_owner=self._neighbour(slug, dice))  # fmt: skip
        await self._accept(slug, case, letter, dice.random() < way.names_handler, seen)
        if self.trouble:
            await self._delay(slug, case, dice)
        await self._pass(_between(dice, *way.resolves) * hurry)
        await self._say(
            slug, case, "respond", **seen, basis="public_message", public_text="已安排人员到现场处理。"
        )
        await self._say(slug, case, "resolve", **seen, kind="fixed", public_text="已现场处理完毕，感谢您的反映。",
                        evidence=_photographs(letter["number"]))  # fmt: skip

    async def _accept(
        self, slug: str, case: str, letter: dict[str, Any], named: bool, seen: dict[str, int]
    ) -> None:
        officer = self.city.roster[slug].shifts[0].handlers[0]
        handler = {"id": officer.id, "name": officer.name} if named else None
        if letter["plan"] in ("special", "report"):  # a name alone is no response where lives are at stake
            await self._say(
                slug, case, "respond", **seen, basis="logged_contact", contact_note="已电话联系报告人。"
            )
        await self._say(slug, case, "accept", **seen, handler=handler)
        await self._say(slug, case, "start", **seen)

    async def _delay(self, slug: str, case: str, dice: random.Random) -> None:
        """Some wait for the citizen for a while, some ask for more time."""
        lot = dice.random()
        if lot < 0.2:
            await self._say(slug, case, "pause", reason="awaiting_citizen", grounds="等待市民补充照片。")
            await self._pass(_between(dice, 5 * MINUTE, 30 * MINUTE))
            await self._say(slug, case, "resume")
        elif lot < 0.4:
            await self._say(slug, case, "extend", by="PT2H", grounds="配件未到。")
            await self._say(self.city.file.desk, case, "approve")

    def _not_below(self, refused: set[str]) -> str:
        """Where what must not be pushed down to a street finds an owner."""
        bureaus = (row.slug for row in self.city.departments if row.level == "district")
        return next(slug for slug in bureaus if slug not in refused and slug != self.city.file.supervision)

    async def _quarrel(self, case: str, dice: random.Random, streets: list[str], refused: set[str]) -> None:
        """The desk opens a dispute about what was returned; a ruling sends it on, or shares it."""
        await self._say(self.city.file.desk, case, "dispute", reason="权责不清。")
        await self._pass(_between(dice, 1 * MINUTE, 5 * MINUTE))
        ruling = {"authority": "区政府办", "basis": "三定方案", "text": "按职责办理。"}
        if dice.random() < 0.5:
            await self._say(self.city.file.desk, case, "rule", **ruling, department=dice.choice(streets))
        else:
            parts = [{"scope": f"{slug}辖区部分", "department": slug} for slug in dice.sample(streets, 2)]
            await self._say(self.city.file.desk, case, "split", **ruling, parts=parts)
        await self._pass(MINUTE)  # still disputed: a street must not have it
        await self._say(
            self.city.file.desk, case, "rule", "-up", **ruling, department=self._not_below(refused)
        )

    async def _at_the_desk(self, case: str, letter: dict[str, Any]) -> None:
        """Nobody's, or returned: to whoever was suggested, else to a street office that has not refused it."""
        dice = random.Random(letter["assignment_id"])
        await self._pass(_between(dice, 1 * MINUTE, 4 * MINUTE))
        if case in self._emergencies:
            return
        refused = self._refused_by.get(case, set())
        streets = [
            row.slug for row in self.city.departments if row.level == "street" and row.slug not in refused
        ]
        if self.trouble and refused:
            return await self._quarrel(case, dice, streets, refused)
        owner = self._suggested.get(case)
        if owner is None or owner in refused:
            owner = dice.choice(streets)
        seen = {"assignment_version": letter["assignment_version"]}
        desk = letter["department"]
        await self._say(desk, case, "assign", **seen, department=owner, reason="按职责改派。")
        await self._pass(MINUTE)  # still here: a street must not have it
        up = self._not_below(refused)
        await self._say(desk, case, "assign", "-up", **seen, department=up, reason="不得下派街道。")

    async def _confirm(self, case: str) -> None:
        """The desk rings the service: has it arrived?"""
        await self._pass(_between(random.Random(case), timedelta(seconds=10), timedelta(seconds=50)))
        await self._say(self.city.file.desk, case, "confirm")

    async def _close(self, case: str) -> None:
        dice = random.Random(case)
        await self._pass(_between(dice, 30 * MINUTE, 3 * HOUR))
        await self._say(self.city.file.desk, case, "close")

    def _neighbour(self, slug: str, dice: random.Random) -> str | None:
        others = [row.slug for row in self.city.departments if row.level == "street" and row.slug != slug]
        return dice.choice(others) if dice.random() < 0.7 else None

    async def _pass(self, city_time: timedelta) -> None:
        await asyncio.sleep(city_time.total_seconds() / self.rate)

    async def _say(self, slug: str, case: str, command: str, which: str = "", /, **fields: Any) -> None:
        """Again until the broker has it. The id is the same each time, so that it is one command."""
        assert self._producer is not None
        command_id = f"{case}-{fields.get('assignment_version', 0)}-{command}{which}"
        body = {"command": command, "case": case, "command_id": command_id, **fields}
        value = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        while True:
            try:
                await (await self._producer.send(topics.commands(slug), value, case.encode()))
                return
            except KafkaError:
                await asyncio.sleep(AGAIN_S)


def _photographs(number: str) -> list[dict[str, str]]:
    return [{"kind": kind, "ref": f"{number}/{kind}.jpg"} for kind in ("photo_before", "photo_after")]


def _between(dice: random.Random, least: timedelta, most: timedelta) -> timedelta:
    return least + (most - least) * dice.random()
