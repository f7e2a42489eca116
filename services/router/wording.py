"""What the router says to people, in Chinese and English: reasons of verdicts, and the answer to why."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.contracts.city import City
from services.contracts.commands import Refusal
from services.contracts.values import Emergency, ReturnReason, State


@dataclass(frozen=True, slots=True)
class Said:
    """The same sentence twice."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


NO_AREA = Said(
    "没有规则认领，地点不明，由分拨台处理", "no rule claims it and its place is unknown: the desk has it"
)
NO_OWNER = Said("没有规则认领，所在区域由分拨台兜底", "no rule claims it and its area falls back to the desk")
BARE = Said("系统未能判断，已立案由分拨台处理", "our rules could not decide: registered, the desk has it")
NO_TIME = Said("记录未带服务端写入时间", "the record carries no append time of the broker's")
UNKNOWN_CASE = Said(
    "没有这个工单；若刚提交，请稍后再试", "no such case; just submitted? try again in a few seconds"
)
PARKED = Said(
    "该工单暂挂，待运维处理后重试", "this case is set aside until an operator has looked; try again later"
)
KEPT = Said(
    "该工单暂挂；命令已收下，运维处理后按原送达时间执行，不必重发",
    "this case is set aside; your command is kept and is executed, as of when it came, once an operator has looked: "
    "do not send it again",
)
COULD_NOT_DECIDE = Said(
    "系统未能处理该命令，工单暂挂；命令已收下，运维处理后按原送达时间执行，不必重发",
    "we could not decide this command and have set its case aside; it is kept and is executed, as of when it came, "
    "once an operator has looked: do not send it again",
)
REPEATED = Said("同一 command_id 曾用于另一内容", "this command_id was used for another body")
NOT_YOURS = Said("本部门没有该工单的在办任务", "your department has no open assignment on this case")
STALE = Said("派单版本已变，请以现状为准", "the assignment has changed since; see the present state")
COUNTED = Said("；送达在先，响应时间照计", "; it was sent in time and counts for the response clock")
SILENT = Said("期满无异议，自动结案", "silent for the agreed time: closed")
CLOSED = Said("分拨台结案", "closed by the desk")
REJECTED = Said("不予受理", "rejected")
WITHDRAWN = Said("市民撤诉", "withdrawn by the citizen")
RETURNED = Said("已退单", "returned")
REASSIGNED = Said("已改派", "reassigned by the desk")
TRANSFERRED = Said("已转出", "transferred to another system")
ASSIGNED = Said("分拨台派单", "assigned by the desk")
HAS_IT = Said("已由该单位主办", "that department has it already")
NOTHING_SAID = Said("公开答复须有 public_text，联系记录须有 contact_note",
                    "a public message needs public_text, a logged contact needs contact_note")  # fmt: skip
NOT_SILENT_YET = Said("静默期未满", "the silent period is not over")
RETURN_REFUSED = Said("退单不成立，退回原单位", "the return was refused: back to the same owner")
NOT_UNDER_REVIEW = Said("没有待审核的退单", "no return is under review")
REVIEW_NOT_OVER = Said("退单审核时限未到", "the time for its review is not over")
NEVER_RETURNED = Said("尚无部门退单", "no department has returned it")
FORCED = Said(
    "裁定强制派单，不可退回；可申诉（appeal）",
    "a ruling has forced it: it cannot be returned; you may appeal",
)
NOT_FORCED = Said("不是裁定派单，可退单而非申诉", "no ruling has forced it: return it instead")
DISPUTED = Said("进入权责争议", "disputed")
ACT_FIRST = Said("先办后议：争议期间由贵单位先行处置", "act first, argue later: yours until the ruling")
RULED = Said("按裁定强制派单", "sent on by a ruling, forced")
PART_WAIVED = Said("父单已免除此部分", "this part need not be done any more")
PARENT_ENDED = Said("父单已结", "the case it is a part of has ended")
CONFIRMED = Said("移交已确认", "the hand-off is confirmed")
UNMERGED = Said("撤销并单，恢复独立办理", "unmerged: it stands for itself again")
NOT_ABSORBED = Said("目标工单已办结，未能并单", "the other case had ended: not merged")
NO_OTHER = Said("没有要并入的另一工单", "there is no other case to merge it into")
HAS_CHILDREN = Said(
    "已拆分的工单不可并入其他工单", "a case that has been split cannot be merged into another"
)

DISPUTE_GROUNDS = {
    "limit": Said("退单达到上限", "the limit of returns is reached"),
    "named_back": Said("建议单位已退过此件", "the unit it names has returned it already"),
    "desk": Said("分拨台提起", "opened by the desk"),
}
RETURN_REASONS = {
    ReturnReason.WRONG_JURISDICTION: Said("非本单位管辖", "not in our jurisdiction"),
    ReturnReason.WRONG_CATEGORY: Said("类别不符", "the category is wrong"),
    ReturnReason.DUPLICATE: Said("重复件", "a duplicate"),
    ReturnReason.INSUFFICIENT_INFORMATION: Said("信息不全", "information is missing"),
    ReturnReason.OUTSIDE_POWERS: Said("超出职权", "outside the city's powers"),
    ReturnReason.OTHER: Said("其他", "another reason"),
}
TITLES: dict[Refusal, tuple[str, str]] = {
    Refusal.UNREADABLE: ("命令无法读取", "The command cannot be read"),
    Refusal.UNKNOWN_CASE: ("没有这个工单", "No such case"),
    Refusal.ILLEGAL_MOVE: ("当前状态不允许", "Not a legal move in this state"),
    Refusal.NOT_YOURS: ("不是本部门的工单", "Not your case"),
    Refusal.STALE_VERSION: ("派单版本已过期", "Stale assignment version"),
    Refusal.REPEATED_OTHERWISE: ("命令编号已用于其他内容", "Command id used for another body"),
    Refusal.UNKNOWN_DEPARTMENT: ("没有这个部门", "No such department"),
    Refusal.PARKED: ("工单暂挂，待运维处理", "The case is set aside until an operator has looked"),
    Refusal.COULD_NOT_DECIDE: ("系统未能处理", "We could not decide"),
    Refusal.NO_APPEND_TIME: ("缺少写入时间", "No append time"),
    Refusal.EVIDENCE_MISSING: ("办结凭证不全", "Evidence is missing"),
    Refusal.PROHIBITED: ("该事项不得下派", "Must not be pushed down"),
}


def unit(slug: str, city: City) -> Said:
    """A department by name; by slug when the city no longer has it."""
    row = city.department_by_slug.get(slug)
    return Said(row.name.zh, row.name.en) if row else Said(slug, slug)


def by_rule(rule_id: str, lead: str, city: City) -> Said:
    name = unit(lead, city)
    return Said(f"按事项清单 {rule_id}，由{name.zh}主办", f"duty list {rule_id}: {name.en} leads")


SPLIT_LATER = Said(
    "已拆分的工单不可并入更早收到的诉求",
    "a case that has been split cannot stand for one that was received earlier",
)

EMERGENCIES = {
    Emergency.POLICE: Said("公安 110", "the police, 110"),
    Emergency.FIRE: Said("消防 119", "the fire service, 119"),
    Emergency.MEDICAL: Said("急救 120", "the ambulance, 120"),
    Emergency.TRAFFIC: Said("交警 122", "the traffic police, 122"),
}


def to_emergency(rule_id: str, service: Emergency) -> Said:
    name = EMERGENCIES[service]
    return Said(f"按事项清单 {rule_id}，紧急情形立即移交{name.zh}",
                f"duty list {rule_id}: an emergency, handed to {name.en} at once")  # fmt: skip


def held(rule_id: str) -> Said:
    return Said(f"按事项清单 {rule_id}，由分拨台人工研判", f"duty list {rule_id}: the desk decides")


def climbed(rule_id: str, lead: str, owner: str, city: City) -> Said:
    name, up = unit(lead, city), unit(owner, city)
    return Said(f"按事项清单 {rule_id}，该事项不得下派{name.zh}，由上级{up.zh}主办",
                f"duty list {rule_id}: this must not be pushed down to {name.en}, so {up.en} above it leads")  # fmt: skip


def by_area(code: str, lead: str, city: City) -> Said:
    name, area = unit(lead, city), city.area_by_code[code].name
    return Said(f"没有规则认领，由{area.zh}兜底单位{name.zh}主办",
                f"no rule claims it; {name.en} is the fallback owner of {area.en}")  # fmt: skip


def by_desk(reason: str) -> Said:
    return Said(f"分拨台派单：{reason}", f"assigned by the desk: {reason}")


def returned(department: str, code: ReturnReason, grounds: str, suggested: str | None, city: City) -> Said:
    name, why = unit(department, city), RETURN_REASONS[code]
    hint = unit(suggested, city) if suggested else None
    return Said(
        f"{name.zh}退单（{why.zh}）：{grounds}" + (f"；建议{hint.zh}" if hint else ""),
        f"returned by {name.en} ({why.en}): {grounds}" + (f"; suggests {hint.en}" if hint else ""),
    )


def raised(name: Said, reason: str) -> Said:
    return Said(f"{name.zh}上报，请协同处置：{reason}", f"raised by {name.en}, please take part: {reason}")


def came_back(department: str, why: Said, city: City) -> Said:
    """Why the desk holds it, for the log: without anybody's typed grounds."""
    name = unit(department, city)
    return Said(f"{name.zh}退单：{why.zh}", f"returned by {name.en}: {why.en}")


def by_suggestion(slug: str, city: City) -> Said:
    name = unit(slug, city)
    return Said(f"按退单建议改派{name.zh}", f"sent on to {name.en}, as was suggested")


def disputed(ground: str, departments: Iterable[str], city: City) -> Said:
    """Why the desk (or whoever acts first) holds a disputed case."""
    why, names = DISPUTE_GROUNDS[ground], [unit(one, city) for one in departments]
    return Said(f"权责争议（{why.zh}）：{'、'.join(one.zh for one in names)}",
                f"disputed ({why.en}): {', '.join(one.en for one in names)}")  # fmt: skip


def ruled(authority: str, basis: str, text: str) -> Said:
    return Said(f"{authority}裁定：{text}（依据：{basis}）", f"ruled by {authority}: {text} (basis: {basis})")


def split_into(count: int) -> Said:
    return Said(
        f"已拆分为 {count} 件子单，由主办单位分别办理", f"split into {count} parts, each with its lead"
    )


def parts_again(count: int) -> Said:
    return Said(f"{count} 件子单重办", f"{count} of its parts are done again")


def part_of(number: str) -> Said:
    return Said(f"{number} 裁定拆分的子单", f"a part of {number}, split by a ruling")


def part_only(number: str) -> Said:
    return Said(f"这是 {number} 的子单，请对父单操作", f"this is a part of {number}: act upon that case")


def stands_for(number: str) -> Said:
    return Said(f"{number} 已并入本单，请先撤销并单", f"{number} is merged into this case: unmerge it first")


def merged_into(number: str) -> Said:
    return Said(f"已并入 {number}", f"merged into {number}")


def not_a_survivor(number: str) -> Said:
    return Said(
        f"{number} 已办结或为子单，不可并入",
        f"{number} has ended or is a part: nothing can be merged into it",
    )


def handed_off(service: Emergency) -> Said:
    name = EMERGENCIES[service]
    return Said(f"已移交{name.zh}，待分拨台确认", f"handed to {name.en}; the desk has to confirm it")


def twice_named(slug: str) -> Said:
    return Said(f"{slug} 重复指定", f"{slug} is named twice")


def illegal(command: str, state: State, legal: Iterable[str]) -> Said:
    moves = "、".join(legal)
    return Said(f"{state} 状态下不可 {command}；可用：{moves or '无'}",
                f"{command} is not legal in {state}; legal: {moves.replace('、', ', ') or 'none'}")  # fmt: skip


def unknown_unit(slug: str) -> Said:
    return Said(f"没有可派的部门 {slug}", f"no department {slug} to assign to")


def pushed_down(lead: str, rules: Iterable[str], city: City) -> Said:
    name, by = unit(lead, city), "、".join(rules)
    return Said(
        f"该事项不得下派{name.zh}" + (f"（规则 {by}）" if by else "") + "，裁定亦不例外：请派给有权单位；归类有误的请先改类",
        f"this must not be pushed down to {name.en}" + (f" (rule {by.replace('、', ', ')})" if by else "")
        + ", not by a ruling either: give it to a unit with the powers, or reclassify it first",
    )  # fmt: skip


def units(slugs: Iterable[str], city: City) -> Said:
    names = [unit(slug, city) for slug in slugs]
    return Said("、".join(one.zh for one in names), ", ".join(one.en for one in names))


def waiting_for(slugs: Iterable[str], city: City) -> Said:
    names = units(slugs, city)
    return Said(f"协办单位尚未反馈：{names.zh}；可免除协办（waive）",
                f"assisting departments have still to report, or to be waived: {names.en}")  # fmt: skip


def to_be_scored(slugs: Iterable[str], city: City) -> Said:
    names = units(slugs, city)
    return Said(f"一事一考未完成：{names.zh}", f"the whistle is open until you have scored: {names.en}")


def window_over(hours: float) -> Said:
    return Said(f"已过 {hours:g} 小时可退期", f"the {hours:g} h for returning it are over")
