"""The answer to why, in Chinese and English: from a verdict's parts to sentences. Nothing of it is stored."""

from collections.abc import Callable, Iterable, Mapping

from services.contracts.city import City
from services.router import wording
from services.router.facts import Match, NearMiss
from services.router.wording import Said

CONDITIONS: Mapping[str, Said] = {
    "category": Said("类别", "category"),
    "area": Said("区域", "area"),
    "channel": Said("渠道", "channel"),
    "channel_kind": Said("渠道类型", "kind of channel"),
    "segment": Said("对象", "segment"),
    "kind": Said("诉求性质", "kind"),
    "class": Said("分级", "class"),
    "tags": Said("标签", "tags"),
    "returned_by": Said("退过此件的单位", "returned by"),
    "bounces": Said("退单次数", "number of returns"),
    "time": Said("时段", "time"),
    "valid": Said("有效期", "in force"),
    "words": Said("词语", "word"),
    "pattern": Said("模式", "pattern"),
}
LACKING: Mapping[str, Said] = {
    "category": Said("类别不符", "the category is another"),
    "area": Said("区域不符或不明", "the area is another or unknown"),
    "channel": Said("渠道不符", "the channel is another"),
    "channel_kind": Said("渠道类型不符", "the kind of channel is another"),
    "segment": Said("对象不符", "the segment is another"),
    "kind": Said("诉求性质不符", "the kind is another"),
    "class": Said("分级不符", "the class is another"),
    "tags": Said("没有所列标签", "none of its tags"),
    "returned_by": Said("所列单位未退过此件", "none of the units it names has returned it"),
    "bounces": Said("退单次数不符", "the number of returns is another"),
    "time": Said("时段不符", "the time is another"),
    "valid": Said("不在有效期", "not in force on that day"),
    "words.any": Said("没有所列词语", "none of its words is there"),
    "words.all": Said("词语不全", "one of its words is missing"),
    "words.none": Said("含排除词", "a word it excludes is there"),
    "pattern": Said("模式不符", "its pattern is not found"),
}
LESS: Mapping[str, Said] = {
    "returned_by": Said("条件成立，但该单位已退过此件", "it holds, but its lead has returned this case"),
    "prohibited": Said("条件成立，但该事项不得下派给它", "it holds, but this must not be pushed down to its lead"),
    "emergency": Said("条件也成立，但不移交应急", "it holds too, but hands to no emergency service"),
    "bounces": Said("条件也成立，但未限定退单", "it holds too, but says nothing of returns"),
    "danger": Said("条件也成立，但不是特事", "it holds too, but its class is not special"),
    "category": Said("条件也成立，但类别较宽", "it holds too, but its category is wider"),
    "area": Said("条件也成立，但区域较宽", "it holds too, but its area is wider"),
    "words": Said("条件也成立，但词语条件较少", "it holds too, but asks for less in the text"),
    "channel": Said("条件也成立，但未限定渠道", "it holds too, but names no channel"),
    "channel_kind": Said("条件也成立，但未限定渠道类型", "it holds too, but names no kind of channel"),
    "tags": Said("条件也成立，但未限定标签", "it holds too, but names no tag"),
    "segment": Said("条件也成立，但未限定对象", "it holds too, but names no segment"),
    "kind": Said("条件也成立，但未限定诉求性质", "it holds too, but names no kind"),
    "class": Said("条件也成立，但未限定分级", "it holds too, but names no class"),
    "time": Said("条件也成立，但未限定时段", "it holds too, but names no time"),
    "valid": Said("条件也成立，但不是限期规则", "it holds too, but is not for a limited time"),
    "precedence": Said("条件也成立，同样具体，但 precedence 较小", "it holds too and is as specific, but its precedence is lower"),
    "file": Said("条件也成立，同样具体，但排在后面", "it holds too and is as specific, but stands later in the file"),
}  # fmt: skip


def _by_unit(zh: str, en: str) -> Callable[[str, City], Said]:
    def said(slug: str, city: City) -> Said:
        name = wording.unit(slug, city)
        return Said(zh.format(name.zh), en.format(name.en))

    return said


def _by_area(code: str, city: City) -> Said:
    area = city.area_by_code.get(code)
    zh, en = (area.name.zh, area.name.en) if area else (code, code)
    return Said(f"查{zh}的兜底单位", f"{en} was asked for its fallback owner")


def _plain(zh: str, en: str) -> Callable[[str, City], Said]:
    return lambda what, _: Said(zh.format(what), en.format(what))


STEPS: Mapping[str, Callable[[str, City], Said]] = {
    "given": _plain("规则 {} 先行分级、加标签或限定", "rule {} gave class, tags or limits"),
    "rule": _plain("规则 {} 成立", "rule {} holds"),
    "climbed": _by_unit("上交{}", "up to {}"),
    "no_rule": _plain("没有规则认领", "no rule claims it"),
    "no_area": _plain("区域不明", "its area is unknown"),
    "area": _by_area,
    "returned": _by_unit("{}已退过此件", "{} has returned it"),
    "prohibited": _by_unit("不得下派{}", "it must not be pushed down to {}"),
    "desk": _plain("交分拨台", "the desk has it"),
    "could_not_decide": _plain("系统未能判断", "our rules could not decide"),
}


def matched(one: Match) -> Said:
    name = CONDITIONS.get(one.condition, Said(one.condition, one.condition))
    where = "、".join(f"{first + 1}–{last}" for first, last in one.spans)
    zh = f"{name.zh}“{one.value}”" + (f"（第 {where} 字）" if where else "")
    en = f'{name.en} "{one.value}"' + (f" (characters {where.replace('、', ', ')})" if where else "")
    return Said(zh, en)


def nearly(one: NearMiss) -> Said:
    reasons = LESS if one.holds else LACKING
    reason = reasons.get(one.lacking, Said(one.lacking, one.lacking))
    return Said(f"{one.rule_id}：{reason.zh}", f"{one.rule_id}: {reason.en}")


def step(one: str, city: City) -> Said:
    name, _, what = one.partition(":")
    return STEPS[name](what, city) if name in STEPS else Said(one, one)


def sentences(
    reason: Said, matches: Iterable[Match], near: Iterable[NearMiss], steps: Iterable[str], city: City
) -> Said:
    """Who and by which rule; what matched; the way there where it took more than the rule; what came near."""
    taken = list(steps)
    way = taken if len(taken) > 1 else []
    parts = (
        (Said("依据", "Because of"), [matched(one) for one in matches]),
        (Said("经过", "Steps"), [step(one, city) for one in way]),
        (Said("相近规则", "Nearly"), [nearly(one) for one in near]),
    )
    zh, en = reason.zh + "。", _capital(reason.en) + "."
    for head, told in parts:
        if told:
            zh += f"{head.zh}：{'；'.join(one.zh for one in told)}。"
            en += f" {head.en}: {'; '.join(one.en for one in told)}."
    return Said(zh, en)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
