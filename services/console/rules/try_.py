"""`rules try`: one request through the rules, and why."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.chassis import clock
from services.console.rules.columns import Usage
from services.contracts.city import City
from services.contracts.events import SubmissionReceived
from services.contracts.values import ChannelKind, Kind, Place, Segment
from services.router import decide, drafts, explaining, history, wording
from services.router.decide import Law, Routed
from services.router.wording import Said

ANY_CHANNEL = "try"
Find = Callable[[history.Path], str | None]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="what a citizen would write 诉求内容")
    parser.add_argument(
        "--rules",
        type=Path,
        metavar="FILE",
        help="rules.yaml, or what `learn` wrote; the city's own when not given",
    )
    parser.add_argument("--category", metavar="PATH", help="类别, as 市政设施/路灯")
    parser.add_argument("--area", metavar="CODE|NAME", help="区域, by code or name")
    parser.add_argument("--address", help="地址; looked up in the city's names of places")
    parser.add_argument("--channel", default=ANY_CHANNEL, metavar="ID", help="渠道")
    parser.add_argument("--kind", type=Kind, choices=list(Kind), default=Kind.COMPLAINT, help="性质")
    parser.add_argument(
        "--segment", type=Segment, choices=list(Segment), default=Segment.CITIZEN, help="对象"
    )
    parser.add_argument("--at", metavar="TIME", help="when it comes, in the city's time (default: now)")
    parser.add_argument(
        "--bounces", type=int, default=0, metavar="N", help="how often it has been returned 退单次数"
    )
    parser.add_argument("--json", action="store_true")


def main(asked: argparse.Namespace) -> int:
    if not asked.text.strip() or not _is_text(asked.text):
        raise Usage("the text is empty, or not text 诉求内容为空或不是文字")
    if asked.bounces < 0:
        raise Usage("--bounces is 0 or more 退单次数不得为负")
    draft = drafts.load(asked.rules or asked.city / "rules.yaml", asked.city)
    law = decide.law(draft.duty)
    routed = decide.route(law, _sent(asked, law, draft.names.area), asked.bounces)
    if asked.json:
        json.dump(as_json(routed, law.city), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        show(routed, law)
    return 0


def _is_text(text: str) -> bool:
    """No NUL and no half of a character, as a broken paste leaves them."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def _sent(asked: argparse.Namespace, law: Law, area_named: Find) -> SubmissionReceived:
    channel = law.city.channel_by_id.get(asked.channel)
    if channel is None and asked.channel != ANY_CHANNEL:
        raise Usage(f"no channel has the id {asked.channel} 没有这个渠道")
    return SubmissionReceived(
        number="", channel=asked.channel, channel_kind=channel.kind if channel else ChannelKind.SYSTEM, request_key="try",
        received_at=_at(asked.at, law), text=asked.text, match_text="", category=_category(asked.category, law.city),
        kind=asked.kind, segment=asked.segment, place=Place(address=asked.address, area=_area(asked.area, law, area_named)),
    )  # fmt: skip


def _at(text: str | None, law: Law) -> datetime:
    if text is None:
        return clock.wall_now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Usage(f"--at {text} is not a time; write 2026-11-23T09:00 时间格式有误") from wrong
    return found if found.tzinfo else found.replace(tzinfo=law.zone)


def _category(path: str | None, city: City) -> str | None:
    if path is not None and city.known_category(path) is None:
        raise Usage(f"no category has the path {path} 没有这个类别")
    return path


def _area(name: str | None, law: Law, area_named: Find) -> str | None:
    if name is None or name in law.city.area_by_code:
        return name
    if (code := area_named(tuple(name.split("/")))) is None:
        raise Usage(f"no area has the code or name {name} 没有这个区域")
    return code


def _why(routed: Routed, city: City) -> Said:
    return explaining.sentences(routed.reason, routed.matched, routed.near, routed.steps, city)


def as_json(routed: Routed, city: City) -> dict[str, object]:
    why = _why(routed, city)
    return {
        "lead": routed.lead, "assists": routed.assists, "rule": routed.rule_id, "class": routed.triage_class,
        "plan": routed.plan.name, "category": routed.category, "area": routed.area, "area_by": routed.area_by,
        "hold": routed.hold, "emergency": routed.emergency, "tags": routed.tags, "prohibited": routed.prohibited,
        "matched": [one._asdict() for one in routed.matched], "near": [one._asdict() for one in routed.near], "steps": routed.steps,
        "why": {"zh": why.zh, "en": why.en},
    }  # fmt: skip


def show(routed: Routed, law: Law) -> None:
    why = _why(routed, law.city)
    desk = wording.unit(law.desk, law.city)
    lead = wording.unit(routed.lead, law.city) if routed.lead else desk
    to = wording.EMERGENCIES[routed.emergency] if routed.emergency else lead
    style = "bold red" if routed.emergency else "bold green" if routed.lead else "bold yellow"
    table = Table(show_header=False, box=None, title=str(to), title_style=style)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _lines(routed, law.city):
        if value:
            table.add_row(name, value)
    table.add_row("why 为什么", f"{why.zh}\n{why.en}")
    Console(highlight=False).print(table)


def _lines(routed: Routed, city: City) -> list[tuple[str, str]]:
    area = city.area_by_code.get(routed.area) if routed.area else None
    follows = routed.emergency is not None and routed.lead is not None
    return [
        ("follows up 跟进", str(wording.unit(routed.lead or "", city)) if follows else ""),
        ("held 留分拨台", "a person decides 人工研判" if routed.hold else ""),
        ("assists 协办", "、".join(str(wording.unit(slug, city)) for slug in routed.assists)),
        ("rule 规则", routed.rule_id or ""),
        ("class 分级", routed.triage_class),
        ("plan 时限方案", f"{routed.plan.title.zh} / {routed.plan.title.en}"),
        ("category 类别", routed.category or "unknown 未知"),
        ("area 区域", f"{area.name.zh} / {area.name.en} ({routed.area_by})" if area else "unknown 未知"),
        ("matched 依据", "\n".join(str(explaining.matched(one)) for one in routed.matched)),
        ("nearly 相近", "\n".join(str(explaining.nearly(one)) for one in routed.near)),
        ("tags 标签", "、".join(routed.tags)),
        ("not to 禁派", "、".join(routed.prohibited)),
        ("steps 步骤", " → ".join(routed.steps)),
    ]
