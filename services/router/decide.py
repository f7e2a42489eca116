"""Whose is it? From what a citizen sent to an owner, by the duty list: pure, total, and never nobody.

The steps: the area (areas.py) → classifying rules → the most specific rule that decides (ruleset.py) → the fallback
owner of the area, or of one above it → the dispatcher's desk. Who has returned the case is passed over, and who must
not have it is climbed past. Every verdict says which step found the owner, and what nearly did.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from services.contracts import plans, spelling
from services.contracts.city import City
from services.contracts.events import SubmissionReceived
from services.contracts.plans import Plan
from services.contracts.values import Emergency, TriageClass
from services.router import areas, ruleset, wording
from services.router.areas import Areas
from services.router.facts import Chosen, Facts, Given, Match, NearMiss, NoRule
from services.router.rules import DutyList, Rule
from services.router.ruleset import RuleSet
from services.router.wording import Said


@dataclass(frozen=True)
class Law:
    """What is in force in a city, ready to be asked. `chosen` remembers plans: the same few hundred facts come again."""

    city: City
    areas: Areas
    rules: RuleSet
    zone: ZoneInfo
    chosen: dict[plans.Facts, Plan] = field(default_factory=dict, compare=False, repr=False)

    @property
    def desk(self) -> str:
        return self.city.file.desk


@dataclass(frozen=True, slots=True)
class Routed:
    """Whose it is and why. `lead` None: nobody claims it, the desk holds it; `reason` says so either way.

    `steps` are the steps taken (wording.STEPS), the last one found the owner. `matched` and `near` are for the question
    why. `hold`: a rule wants the desk to decide. `emergency`: it is handed to that service at once, whoever follows it
    up. `prohibited`: departments, or levels of them, that it must not be given to later either.
    """

    lead: str | None
    assists: tuple[str, ...]
    area: str | None
    area_by: str | None
    category: str | None
    triage_class: TriageClass
    plan: Plan
    rule_id: str | None
    digest: str
    matched: tuple[Match, ...]
    near: tuple[NearMiss, ...]
    steps: tuple[str, ...]
    reason: Said
    tags: tuple[str, ...] = ()
    hold: bool = False
    emergency: Emergency | None = None
    prohibited: tuple[str, ...] = ()


def law(duty: DutyList) -> Law:
    rules = ruleset.compiled(duty.rules, duty.city.departments)
    return Law(duty.city, areas.index(duty.city, duty.shapes), rules, duty.city.zone)


def route(
    law: Law,
    submission: SubmissionReceived,
    bounces: int = 0,
    returned_by: Iterable[str] = (),
    point: str | None = None,
    prohibited: Iterable[str] = (),
) -> Routed:
    """The owner, the class and the plan of a case. Never raises for data that passed the door.

    `returned_by`: departments that have returned this case; none of them is chosen again, unless a rule says so.
    `point`: the area whose polygon holds the place's point; `law.areas.points` finds it for a batch at a time.
    `prohibited`: units, or levels of them, that it must not be given to, whatever the rules say now.
    """
    facts, area_by = facts_of(law, submission, bounces, returned_by, point)
    if prohibited:
        facts = facts._replace(prohibited=frozenset(prohibited))
    found = ruleset.judge(law.rules, facts)
    facts = _classified(facts, found.given)
    match found:
        case Chosen():
            return _by_rule(law, facts, area_by, found)
        case NoRule():
            return _by_fallback(law, facts, area_by, found)


def facts_of(
    law: Law,
    submission: SubmissionReceived,
    bounces: int = 0,
    returned_by: Iterable[str] = (),
    point: str | None = None,
) -> tuple[Facts, str | None]:
    """What rules are asked with, and what told us the area."""
    text = areas.fold(submission.match_text or spelling.for_matching(submission.title, submission.text))
    where = law.areas.locate(submission.place, text, point, submission.preset_area)
    area, area_by = (where.code, where.by) if isinstance(where, areas.Known) else (None, None)
    facts = Facts(
        text=text,
        local=submission.received_at.astimezone(law.zone),
        category=law.city.known_category(submission.category),
        area=area,
        channel=submission.channel,
        channel_kind=submission.channel_kind,
        segment=submission.segment,
        kind=submission.kind,
        bounces=bounces,
        returned_by=frozenset(returned_by),
        tags=_tags(submission),
    )
    return facts, area_by


def _tags(submission: SubmissionReceived) -> frozenset[str]:
    """What the channel has tagged it with: `extra.tags`, a list of words."""
    given = submission.extra.get("tags")
    return frozenset(one for one in given if isinstance(one, str)) if isinstance(given, list) else frozenset()


def _classified(facts: Facts, given: Given) -> Facts:
    if not given.rules:
        return facts
    return facts._replace(triage_class=given.triage_class, tags=given.tags, prohibited=given.prohibited)


def _by_rule(law: Law, facts: Facts, area_by: str | None, found: Chosen) -> Routed:
    rule, then = found.rule, found.rule.then
    triage = then.triage_class or facts.triage_class
    lead = None if found.owner == law.desk else found.owner
    assists = tuple(unit for unit in then.assists if unit != lead) if lead else ()
    steps = [*_given_by(found.given), f"rule:{rule.id}"]
    if found.owner != then.lead:
        steps.append(f"climbed:{found.owner}")
    return Routed(
        lead, assists, facts.area, area_by, facts.category, triage, _plan(law, facts, triage, then.plan), rule.id,
        law.rules.digest, found.matched, found.near, tuple(steps), _said(law, rule, found.owner),
        tuple(sorted(facts.tags.union(then.tags))), then.hold, then.emergency,
        tuple(sorted(facts.prohibited.union(then.prohibited))),
    )  # fmt: skip


def _given_by(given: Given) -> tuple[str, ...]:
    return tuple(f"given:{rule_id}" for rule_id in given.rules)


def _said(law: Law, rule: Rule, owner: str | None) -> Said:
    if rule.then.emergency is not None:
        return wording.to_emergency(rule.id, rule.then.emergency)
    if rule.then.hold:
        return wording.held(rule.id)
    if owner != rule.then.lead:
        return wording.climbed(rule.id, rule.then.lead or law.desk, owner or law.desk, law.city)
    return wording.by_rule(rule.id, owner or law.desk, law.city)


def _by_fallback(law: Law, facts: Facts, area_by: str | None, found: NoRule) -> Routed:
    """No rule: the owner of the area or of one above it; the desk when it is theirs or the area is unknown."""
    lead, steps, reason = (
        _fallback(law, facts) if facts.area else (None, ("no_area", "desk"), wording.NO_AREA)
    )
    return Routed(
        lead, (), facts.area, area_by, facts.category, facts.triage_class,
        _plan(law, facts, facts.triage_class, None), None, law.rules.digest, (), found.near,
        (*_given_by(found.given), "no_rule", *steps), reason, tuple(sorted(facts.tags)),
        prohibited=tuple(sorted(facts.prohibited)),
    )  # fmt: skip


def _fallback(law: Law, facts: Facts) -> tuple[str | None, tuple[str, ...], Said]:
    """Up the tree from the case's area, past owners that have returned it or must not have it: (owner, steps, reason)."""
    steps: list[str] = []
    for code in areas.above(facts.area or ""):
        steps.append(f"area:{code}")
        owner = law.areas.fallback(code)
        if owner == law.desk:
            break
        if owner and (step := _barred(law, facts, owner)):
            steps.append(step)
        elif owner:
            return owner, tuple(steps), wording.by_area(code, owner, law.city)
    return None, (*steps, "desk"), wording.NO_OWNER


def _barred(law: Law, facts: Facts, owner: str) -> str | None:
    """The step that passes over this owner; None: it may have the case."""
    if owner in facts.returned_by:
        return f"returned:{owner}"
    return f"prohibited:{owner}" if law.rules.units.prohibited(owner, facts.prohibited) else None


def bare(law: Law) -> Routed:
    """When our own rules cannot decide: the desk has it, by the default plan, and the clocks run (delivery rule 9)."""
    plan = law.city.plans.by_name[law.city.plans.default]
    return Routed(None, (), None, None, None, TriageClass.ORDINARY, plan, None, law.rules.digest, (), (),
                  ("could_not_decide", "desk"), wording.BARE)  # fmt: skip


def _plan(law: Law, facts: Facts, triage: TriageClass, named: str | None) -> Plan:
    """The plan a rule names wins over plans.yaml."""
    if named is not None:
        return law.city.plans.by_name[named]
    area = facts.area if law.city.plans.asks_area else None
    asked = plans.Facts(facts.category, triage, facts.segment, facts.kind, area, facts.channel_kind)
    if (plan := law.chosen.get(asked)) is None:
        plan = law.chosen[asked] = plans.choose(law.city.plans, asked)
    return plan
