"""`make demo STORY=bridge`: the lights under the bridge 桥下的灯, with real processes, Kafka and PostgreSQL.

Reported by WeChat; seven departments refuse; a dispute, a meeting, a ruling; three parts with three leads; the whole
closes with the last of them; the citizen hears each public step under one number; the time adds up; and from the ruling
comes a rule, so that the next such report goes straight to its owner. The end-to-end test plays the same story.
"""

import itertools
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.markup import escape

from deploy.local import Broken
from deploy.local.stack import CITY, ROOT, Stack, end_on_signals

T = TypeVar("T")
JSON = dict[str, Any]
DESK = "desk:duty"
CHANNEL = "channel:wechat-mini"
REFUSING = (
    ("urban-management", "灯杆在桥体上，不属本局路灯台账"),
    ("transport", "桥梁养护不含照明"),
    ("power-grid", "电表后线路非供电局资产"),
    ("housing", "不在物业小区红线内"),
    ("water-affairs", "桥下河道管理范围不含照明"),
    ("traffic-police", "不影响交通信号"),
    ("pingshan-street", "街道无照明维护经费"),
)
PARTS = (
    ("transport", "桥体照明设施的产权与长期养护", "桥体灯架已加固，纳入日常养护。"),
    ("urban-management", "更换损坏的灯具", "12 盏灯具已更换并亮灯。"),
    ("power-grid", "接通并检修供电线路", "供电线路已接通。"),
)
MEETING: JSON = {
    "place": "区政府 301 会议室", "present": ["城管和综合执法局", "交通运输局", "供电局", "坪山街道"],
    "minutes": "桥下照明由交通运输局牵头，灯具、线路分别由城管局、供电局负责。", "authority": "区政府办",
}  # fmt: skip
RULING: JSON = {
    "authority": "区政府专题会议", "basis": "会议纪要〔2026〕17 号", "text": "交通运输局牵头，三家分工办理。",
}  # fmt: skip
REPORT: JSON = {
    "text": "坪山大道立交桥下面的灯全都不亮，晚上走路漆黑一片，老人孩子都不敢过。",
    "category": "市政设施/公用部件/路灯", "place": {"area": "pingshan/pingshan"},
    "reporter": {"name": "林女士", "phone": "13912345670", "app_user": "u-bridge"},
}  # fmt: skip
RETURNS = "returns: {limit: 7, named_back: false, again: false}  # the story's own: seven may refuse\n"
PUBLIC = ("case.registered", "case.dispatched", "case.disputed", "case.split", "case.responded", "case.resolved", "case.closed")  # fmt: skip
RATE = 360.0
WAIT_S, LOOK_S = 40.0, 0.1
console = Console(highlight=False)


@dataclass
class Told:
    """What came of it, for who judges."""

    case: str = ""
    number: str = ""
    children: tuple[JSON, ...] = ()
    account: JSON = field(default_factory=dict)
    clocks: dict[str, JSON] = field(default_factory=dict)
    heard: tuple[JSON, ...] = ()
    refusals: tuple[JSON, ...] = ()
    precedent: str = ""
    next_owner: str = ""


def city(folder: Path) -> Path:
    """The example city, where seven may refuse."""
    shutil.copytree(CITY, folder, dirs_exist_ok=True)
    with (folder / "city.yaml").open("a", encoding="utf-8") as file:
        file.write(RETURNS)
    return folder


class Story:
    def __init__(self, stack: Stack, say: Callable[[str], None]) -> None:
        self._stack, self._say, self._ids = stack, say, (f"bridge-{n}" for n in itertools.count(1))

    def play(self) -> Told:
        told = Told()
        self._reported(told)
        self._refused(told)
        self._ruled(told)
        self._done(told)
        self._heard(told)
        self._learnt(told)
        return told

    def _reported(self, told: Told) -> None:
        receipt = self._submit(REPORT)
        told.case, told.number = receipt["case_id"], receipt["number"]
        self._say(f"林女士通过微信反映桥下灯不亮，立案 {told.number}。 Reported by WeChat: {told.number}.")
        self._until(lambda: self._in_state(told.case, "dispatched"))

    def _refused(self, told: Told) -> None:
        for place, (department, grounds) in enumerate(REFUSING):
            if self._case(told.case)["holder_is_desk"]:
                self._do(told.case, DESK, "assign", department=department, reason="按职责试派")
            suggested = REFUSING[(place + 1) % len(REFUSING)][0]
            self._do(
                told.case, f"department:{department}", "return", reason_code="wrong_jurisdiction", grounds=grounds,
                suggested_owner=suggested,
            )  # fmt: skip
            self._say(f"  {place + 1}. {department} 退单：{grounds}。 Returned: not ours.")
        page = self._ask("router", "GET", "/v1/disputes", DESK)
        (dispute,) = [one for one in page["disputes"] if one["case_id"] == told.case]
        told.refusals = tuple(dispute["refusals"])
        self._say(f"七家退单，进入权责争议。 Disputed: {len(told.refusals)} have refused it.")

    def _ruled(self, told: Told) -> None:
        held_at = datetime.now(UTC).isoformat()
        self._do(told.case, DESK, "meet", held_at=held_at, **MEETING)
        parts = [{"department": department, "scope": scope} for department, scope, _ in PARTS]
        precedent = {"words": ["桥下", "桥底", "立交桥"]}
        self._do(told.case, DESK, "split", parts=parts, precedent=precedent, **RULING)
        self._say(f"会商后裁定，拆分为三：{RULING['text']} A meeting rules: three parts, three leads.")
        told.children = tuple(self._case(told.case)["children"])

    def _done(self, told: Told) -> None:
        for child, (department, scope, words) in zip(told.children, PARTS, strict=True):
            who, case = f"department:{department}", child["case_id"]
            self._until(lambda case=case: self._in_state(case, "dispatched"))  # type: ignore[misc]
            self._do(case, who, "accept", handler={"id": f"{department}-1", "name": "王工"})
            self._do(case, who, "resolve", kind="fixed", public_text=words, evidence=["photo_after:1"])
            self._say(f"  {department} 办结“{scope}”。 One part is done.")
        self._until(lambda: self._in_state(told.case, "resolved"))
        self._do(told.case, DESK, "close")
        for child in told.children:
            self._until(lambda case=child["case_id"]: self._in_state(case, "closed"))  # type: ignore[misc]
        self._say("最后一件子单办结，父单随之办结、结案。 The last part is done, so the whole is; closed.")

    def _heard(self, told: Told) -> None:
        def feed() -> tuple[JSON, ...] | None:
            page = self._ask("notify", "GET", "/v1/feed/u-bridge", CHANNEL)
            items: tuple[JSON, ...] = tuple(page["items"])
            return items if {"case.closed"} <= {one["event"] for one in items} else None

        told.heard = self._until(feed)
        for one in told.heard:
            self._say(f"    → {one['text']}")

        def settled() -> JSON | None:
            found = self._ask("sla", "GET", f"/v1/clocks/{told.case}", DESK)
            done = all(
                one["state"] != "running" for one in found["clocks"] if one["clock"] in ("response", "close")
            )
            return found if done else None

        found = self._until(settled)
        told.account, told.clocks = found["account"], {one["clock"]: one for one in found["clocks"]}
        self._say(f"时间账：{told.account['line']['zh']} Where the time went: {told.account['line']['en']}")

    def _learnt(self, told: Told) -> None:
        found = self._ask("router", "GET", "/v1/precedents", DESK)["precedents"]
        (mine,) = [one for one in found if one["case_id"] == told.case]
        told.precedent = mine["id"]
        accept(self._stack, told.precedent)
        self._say(
            f"裁定成例：{told.precedent} 写入派单目录。 The ruling becomes a rule, and a person accepts it."
        )

        def straight() -> str | None:
            receipt = self._submit(REPORT | {"text": "龙兴路立交桥下的灯又不亮了，请尽快修。"})
            self._until(lambda: self._in_state(receipt["case_id"], "dispatched"))
            why = self._ask("router", "GET", f"/v1/cases/{receipt['case_id']}/why", DESK)
            return str(why["lead"]) if why["rule_id"] == told.precedent else None

        told.next_owner = self._until(straight)
        self._say(f"下一件桥下灯直接派给 {told.next_owner}。 The next one goes straight to its owner.")

    def _submit(self, fields: JSON) -> JSON:
        return self._ask("intake", "POST", "/v1/requests", CHANNEL, {"request_id": next(self._ids), **fields})

    def _do(self, case: str, who: str, command: str, **fields: Any) -> JSON:
        body = {"command": command, "command_id": next(self._ids), **fields}
        return self._ask("router", "POST", f"/v1/cases/{case}/commands", who, body)

    def _case(self, case: str) -> JSON:
        return self._ask("router", "GET", f"/v1/cases/{case}", DESK)

    def _in_state(self, case: str, state: str) -> JSON | None:
        found = self._ask("router", "GET", f"/v1/cases/{case}", DESK, missing=True)
        return found if found.get("state") == state else None

    def _ask(
        self,
        service: str,
        method: str,
        path: str,
        who: str,
        body: JSON | None = None,
        *,
        missing: bool = False,
    ) -> JSON:
        """An answer that is none raises Broken with what was said; with `missing`, 404 is an empty one."""
        headers = {"Authorization": f"Bearer {self._stack.tokens[who]}"}
        url = self._stack.http(service) + path
        answer = httpx.request(method, url, headers=headers, json=body, timeout=10, trust_env=False)
        if missing and answer.status_code == 404:
            return {}
        if answer.is_error:
            raise Broken(f"{method} {path} as {who}: {answer.status_code} {answer.text}")
        found: JSON = answer.json()
        return found

    def _until(self, look: Callable[[], T | None]) -> T:
        end = time.monotonic() + WAIT_S
        while (found := look()) is None:
            if time.monotonic() > end:
                raise Broken(f"not within {WAIT_S:.0f} s: {look.__qualname__}")
            time.sleep(LOOK_S)
        return found


def accept(stack: Stack, precedent: str) -> None:
    """As an operator would: the proposal goes into the duty list's file, and the file comes into force."""
    city = ("--city", str(stack.city))
    stack.command("router", "rules", "accept", *city, precedent)
    note = f"{RULING['authority']} {RULING['basis']}"
    stack.command("router", "rules", "apply", *city, str(stack.city / "rules.yaml"), "--note", note)


def lines(told: Told) -> Iterator[str]:
    yield f"{told.number}: {len(told.refusals)} refused it, {len(told.children)} shared it; the citizen heard {len(told.heard)} times."
    for one in told.account["holdings"]:
        yield f"  {one['of']}: {one['seconds'] / 60:.0f} min"


def main() -> int:
    end_on_signals()
    folder = city(ROOT / ".suban" / "bridge-city")
    start = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0).isoformat()
    with Stack("bridge", city=folder, rate=RATE, city_start=start, fresh=True, say=_say) as stack:
        told = Story(stack, lambda line: console.print(escape(line), soft_wrap=True)).play()
        for line in lines(told):
            console.print(escape(line), soft_wrap=True)
    return 0


def _say(line: str) -> None:
    console.print(f"[dim]· {escape(line)}[/]")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as failure:
        Console(stderr=True, highlight=False).print(f"[red]✗[/] {escape(str(failure))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
