"""templates.yaml: what is said, to whom, by what. Named slots only; a template that could say more is refused.

A template is written once in Chinese and once in English, and both say the same things: every slot it lists, and no
other. How long it may get as an SMS is known before anybody is written to.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, JsonValue, model_validator

from services.contracts import city as cities
from services.contracts import faults, schemas
from services.contracts.city import City, Row
from services.contracts.faults import Fault
from services.contracts.plans import BREACH, NOTHING, Rung, Text
from services.contracts.values import Audience, Locale, Medium
from services.notify import sms
from services.notify.slots import BY_EVENT, SLOTS, Subject

FILE = "templates.yaml"
MOST_PARTS = 5
_BRACES = re.compile(r"\{([^{}]*)\}")
OnUnknown = Literal["resend", "drop"]
Key = tuple[str, Audience, Medium]

# Whom the product promises to tell, by what. A set without one of these is refused.
PROMISED: tuple[Key, ...] = tuple(
    (event, Audience.CITIZEN, medium)
    for event in (
        "case.registered",
        "case.dispatched",
        "case.responded",
        "case.resolved",
        "case.closed",
        "case.rejected",
    )
    for medium in (Medium.SMS, Medium.APP)
)


class Template(Row):
    """`on_unknown`: what is done when nobody can say whether it went out. `quiet_hours`: it waits for the morning.

    `first_only`: of a step that comes again, as a dispatch after a return or a further answer, only the first is told so.
    """

    event: Annotated[str, Field(json_schema_extra={"enum": list(BY_EVENT)})]
    audience: Audience
    medium: Medium
    text: Text
    slots: tuple[Annotated[str, Field(json_schema_extra={"enum": list(SLOTS)})], ...] = ()
    on_unknown: OnUnknown = "drop"
    quiet_hours: bool = False
    first_only: bool = False

    @model_validator(mode="after")
    def _says_only_slots(self) -> Self:
        self._known()
        for locale in Locale:
            self._complete(locale)
        if self.medium is Medium.SMS:
            self._fits_sms()
        if self.quiet_hours and self.audience is not Audience.CITIZEN:
            reason = "only citizens have quiet hours"
            raise faults.fault(reason, "只有市民有免打扰时段", ("quiet_hours",))
        return self

    def _known(self) -> None:
        offered = BY_EVENT.get(self.event)
        if offered is None:
            raise faults.fault("no event of ours is told under this name", "没有这个事件", ("event",))
        if places := [("slots", place) for place, name in enumerate(self.slots) if name not in offered]:
            raise faults.fault("this event has no such slot", "该事件没有这个变量", *places)
        if len(set(self.slots)) != len(self.slots):
            raise faults.fault("a slot is listed twice", "变量重复", ("slots",))

    def _complete(self, locale: Locale) -> None:
        text = self.words(locale)
        named = _BRACES.findall(text)
        if "{" in _BRACES.sub("", text) or "}" in _BRACES.sub("", text):
            raise faults.fault("a brace is not closed", "花括号不成对", ("text", locale.value))
        if unknown := sorted(set(named) - set(self.slots)):
            reason = f"says {{{unknown[0]}}}, which its slots do not list"
            raise faults.fault(reason, f"用了未列出的变量 {unknown[0]}", ("text", locale.value))
        if missing := sorted(set(self.slots) - set(named)):
            reason = f"does not say {{{missing[0]}}}, which its slots list"
            raise faults.fault(reason, f"缺少变量 {missing[0]}", ("text", locale.value))

    def _fits_sms(self) -> None:
        if places := [("slots", place) for place, name in enumerate(self.slots) if not SLOTS[name].sms]:
            raise faults.fault("free text never goes into an SMS", "短信不得含自由文本", *places)
        for locale in Locale:
            if (most := self.longest(locale)) > MOST_PARTS:
                reason = f"may take {most} SMS parts; {MOST_PARTS} are the limit"
                raise faults.fault(
                    reason, f"最长 {most} 条短信，超过 {MOST_PARTS} 条", ("text", locale.value)
                )

    def words(self, locale: Locale) -> str:
        return self.text.zh if locale is Locale.ZH else self.text.en

    def name(self, locale: Locale) -> str:
        """How events and the table of notices call it: `case.registered/citizen/sms/zh`."""
        return f"{self.event}/{self.audience}/{self.medium}/{locale}"

    def longest(self, locale: Locale) -> int:
        """SMS parts with every slot at its longest, in letters of the language."""
        letter = "中" if locale is Locale.ZH else "x"
        filled = _BRACES.sub(lambda found: letter * SLOTS[found[1]].longest, self.words(locale))
        return sms.length(filled).parts

    def render(self, subject: Subject, city: City, locale: Locale) -> str:
        """The text as it is read. What fills a slot is never looked at again: a brace in it stays a brace."""
        return _BRACES.sub(
            lambda found: SLOTS[found[1]].fill(subject, city, locale), self.words(locale)
        ).strip()


class TemplatesFile(Row):
    """templates.yaml."""

    templates: Annotated[tuple[Template, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        keys = ((row.event, row.audience, row.medium) for row in self.templates)
        if places := faults.repeated(keys, "templates"):
            reason = "this event, audience and medium have an earlier template"
            raise faults.fault(reason, "该事件、对象与方式已有模板", *places)
        if gone := [key for key in PROMISED if key not in self.by_key]:
            event, audience, medium = gone[0]
            reason = f"no template tells the {audience} of {event} by {medium}"
            raise faults.fault(reason, f"缺少模板：{event} {audience} {medium}", ("templates",))
        return self

    @cached_property
    def by_key(self) -> Mapping[Key, Template]:
        return {(row.event, row.audience, row.medium): row for row in self.templates}

    @cached_property
    def by_event(self) -> Mapping[str, tuple[Template, ...]]:
        """In the order of the file, which is the order in which people are told."""
        return {event: tuple(row for row in self.templates if row.event == event) for event in BY_EVENT}


def problems(city: City, templates: TemplatesFile) -> Iterator[Fault]:
    """Rungs of the city's plans that nobody would be told of."""
    told = {(event, audience) for event, audience, _ in templates.by_key}
    wanted = {
        (_event_of(rung), audience)
        for plan in city.plans.plans
        for rung in plan.ladder
        for audience in rung.audience
    }
    for event, audience in sorted(wanted - told):
        at = ("templates",)
        yield Fault(
            FILE,
            at,
            f"a plan's ladder tells the {audience} of {event}: no template does",
            "阶梯所指对象没有模板",
        )


def _event_of(rung: Rung) -> str:
    if rung.percent == BREACH:
        return "clock.breached"
    before = rung.offset < NOTHING if rung.offset else rung.percent is not None and rung.percent < BREACH
    return "clock.warned" if before else "clock.escalated"


MODELS: dict[str, type[BaseModel]] = {**cities.MODELS, FILE: TemplatesFile}


def json_schemas() -> dict[str, dict[str, JsonValue]]:
    """The published JSON Schema of templates.yaml, as `templates.json`."""
    return {"templates.json": schemas.json_schema(TemplatesFile)}
