"""Whose is it? From what a citizen sent to an owner, by the duty list: pure, total, and never nobody.

The steps: the area (areas.py) → classifying rules → the most specific rule that decides (ruleset.py) → the fallback
owner of the area → the dispatcher's desk. Every verdict says which step found the owner, and what nearly did.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from services.contracts import plans, spelling
from services.contracts.city import City
from services.contracts.events import SubmissionReceived
from services.contracts.plans import Plan
from services.contracts.values import Emergency, TriageClass
from services.router import areas, ruleset, wording
from services.router.areas import Areas
from services.router.rules import DutyList, Rule
from services.router.ruleset import Chosen, Facts, NearMiss, NoRule, RuleSet
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

    `steps` are the steps taken, the last one found the owner: `rule:<id>`, `area:<code>`, `desk`; `no_rule`, `no_area`
    and `returned:<department>` are steps that found nobody. `matched` and `near` are for the question why. `hold`: a
    rule wants the desk to decide. `emergency`: it is handed to that service at once, whoever follows it up.
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
    matched: tuple[str, ...]
    near: tuple[NearMiss, ...]
    steps: tuple[str, ...]
    reason: Said
    tags: tuple[str, ...] = ()
    hold: bool = False
    emergency: Emergency | None = None


def law(duty: DutyList) -> Law:
    return Law(duty.city, areas.index(duty.city, duty.shapes), ruleset.compiled(duty.rules), duty.city.zone)


def route(
    law: Law,
    submission: SubmissionReceived,
    bounces: int = 0,
    returned_by: Iterable[str] = (),
    point: str | None = None,
) -> Routed:
    """The owner, the class and the plan of a case. Never raises for data that passed the door.

    `returned_by`: departments that have returned this case; none of them is chosen again, unless a rule says so.
    `point`: the area whose polygon holds the place's point; `law.areas.points` finds it for a batch at a time.
    """
    text = areas.fold(submission.match_text or spelling.for_matching(submission.title, submission.text))
    where = law.areas.locate(submission.place, text, point, submission.preset_area)
    area, area_by = (where.code, where.by) if isinstance(where, areas.Known) else (None, None)
    facts = Facts(
        category=law.city.known_category(submission.category),
        area=area,
        channel=submission.channel,
        channel_kind=submission.channel_kind,
        segment=submission.segment,
        kind=submission.kind,
        text=text,
        local=submission.received_at.astimezone(law.zone),
        bounces=bounces,
        returned_by=frozenset(returned_by),
        tags=_tags(submission),
    )
    classed = _classify(law.rules, facts)
    found = ruleset.match(law.rules.deciding, classed)
    match found:
        case Chosen(rule, matched, near):
            return _by_rule(law, classed, area_by, rule, matched, near)
        case NoRule(near):
            return _by_fallback(law, classed, area_by, near)


def _tags(submission: SubmissionReceived) -> frozenset[str]:
    """What the channel has tagged it with: `extra.tags`, a list of words."""
    given = submission.extra.get("tags")
    return frozenset(one for one in given if isinstance(one, str)) if isinstance(given, list) else frozenset()


def _classify(rules: RuleSet, facts: Facts) -> Facts:
    found = ruleset.first(rules.classifying, facts)
    if found is None:
        return facts
    triage = found.then.triage_class or facts.triage_class
    return replace(facts, triage_class=triage, tags=facts.tags.union(found.then.tags))


def _by_rule(
    law: Law,
    facts: Facts,
    area_by: str | None,
    rule: Rule,
    matched: tuple[str, ...],
    near: tuple[NearMiss, ...],
) -> Routed:
    triage = rule.then.triage_class or facts.triage_class
    lead = None if rule.then.lead == law.desk else rule.then.lead
    return Routed(
        lead, rule.then.assists if lead else (), facts.area, area_by, facts.category, triage,
        _plan(law, facts, triage, rule.then.plan), rule.id, law.rules.digest, matched, near, (f"rule:{rule.id}",),
        _said(law, rule), tuple(sorted(facts.tags.union(rule.then.tags))), rule.then.hold, rule.then.emergency,
    )  # fmt: skip


def _said(law: Law, rule: Rule) -> Said:
    if rule.then.emergency is not None:
        return wording.to_emergency(rule.id, rule.then.emergency)
    if rule.then.hold:
        return wording.held(rule.id)
    return wording.by_rule(rule.id, rule.then.lead or law.desk, law.city)


def _by_fallback(law: Law, facts: Facts, area_by: str | None, near: tuple[NearMiss, ...]) -> Routed:
    """No rule: the owner of the area or of one above it; the desk when it is theirs or the area is unknown."""
    lead, steps, reason = (
        _fallback(law, facts) if facts.area else (None, ("no_area", "desk"), wording.NO_AREA)
    )
    return Routed(
        lead, (), facts.area, area_by, facts.category, facts.triage_class,
        _plan(law, facts, facts.triage_class, None), None, law.rules.digest, (), near, ("no_rule", *steps), reason,
        tuple(sorted(facts.tags)),
    )  # fmt: skip


def _fallback(law: Law, facts: Facts) -> tuple[str | None, tuple[str, ...], Said]:
    """Up the tree from the case's area, past owners that have returned it: (owner, steps, reason)."""
    steps: list[str] = []
    for code in areas.above(facts.area or ""):
        steps.append(f"area:{code}")
        owner = law.areas.fallback(code)
        if owner == law.desk:
            break
        if owner and owner not in facts.returned_by:
            return owner, tuple(steps), wording.by_area(code, owner, law.city)
        steps.append(f"returned:{owner}")
    return None, (*steps, "desk"), wording.NO_OWNER


def bare(law: Law) -> Routed:
    """When our own rules cannot decide: the desk has it, by the default plan, and the clocks run (delivery rule 9)."""
    plan = law.city.plans.by_name[law.city.plans.default]
    return Routed(None, (), None, None, None, TriageClass.ORDINARY, plan, None, law.rules.digest, (), (),
                  ("could_not_decide", "desk"), wording.BARE)  # fmt: skip


def _plan(law: Law, facts: Facts, triage: TriageClass, named: str | None) -> Plan:
    """The plan a rule names wins over plans.yaml."""
    if named is not None:
        return law.city.plans.by_name[named]
    asked = plans.Facts(facts.category, triage, facts.segment, facts.kind)
    if (plan := law.chosen.get(asked)) is None:
        plan = law.chosen[asked] = plans.choose(law.city.plans, asked)
    return plan
