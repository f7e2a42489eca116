"""Templates: named slots only, both languages complete, no free text into an SMS, and the example city's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import ValidationError

from services.chassis.files import BadFile
from services.contracts import plans
from services.contracts.values import Audience, Locale, Medium, ResolutionKind
from services.notify import book, slots, wording
from services.notify.slots import Subject
from services.notify.wording import Template, TemplatesFile
from tests.unit.notify import sample

SMS: dict[str, Any] = {
    "event": "case.registered", "audience": "citizen", "medium": "sms",
    "text": {"zh": "编号{number}。", "en": "Number {number}."}, "slots": ["number"],
}  # fmt: skip


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as bad:
        Template.model_validate(SMS | changes)
    return str(bad.value)


def test_a_sound_template() -> None:
    template = Template.model_validate(SMS)
    subject = Subject("20261122-7K3M-9QX2", sample.NOON, "urban-management")
    assert template.render(subject, sample.bylaw().city, Locale.EN) == "Number 20261122-7K3M-9QX2."
    assert template.on_unknown == "drop"  # the default for what nobody can say


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"slots": ["number", "phone"]}, "no such slot"),
        ({"text": {"zh": "编号{number}{area}。", "en": "Number {number}."}}, "which its slots do not list"),
        ({"text": {"zh": "编号{number}。", "en": "Number."}}, "does not say {number}"),
        ({"text": {"zh": "编号{number。", "en": "Number {number}."}}, "brace is not closed"),
        ({"text": {"zh": "编号{number!r}。", "en": "Number {number}."}}, "which its slots do not list"),
        ({"slots": ["number", "number"]}, "listed twice"),
        ({"event": "case.eaten"}, "no event of ours"),
        ({"text": {"zh": "编号{number}。" + "长" * 400, "en": "Number {number}."}}, "SMS parts"),
        ({"audience": "head", "quiet_hours": True}, "only citizens have quiet hours"),
        ({"free": "text"}, "Extra inputs"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in refused(**changes)


def test_free_text_never_goes_into_an_sms() -> None:
    both = {
        "event": "case.resolved",
        "text": {"zh": "{public_text}", "en": "{public_text}"},
        "slots": ["public_text"],
    }
    assert "free text never goes into an SMS" in refused(**both)
    assert Template.model_validate(SMS | both | {"medium": "app"}).medium is Medium.APP


def test_what_fills_a_slot_is_not_read_again() -> None:
    app = Template.model_validate(SMS | {
        "event": "case.resolved", "medium": "app", "slots": ["public_text"],
        "text": {"zh": "{public_text}", "en": "{public_text}"},
    })  # fmt: skip
    subject = Subject("n", sample.NOON, "urban-management", public_text="{number} {0.__class__}")
    assert app.render(subject, sample.bylaw().city, Locale.ZH) == "{number} {0.__class__}"


def test_every_slot_has_a_value_when_nothing_is_known() -> None:
    bare = Subject("n", sample.NOON, "no-such-department")
    for name, slot in slots.SLOTS.items():
        for locale in Locale:
            found = slot.fill(bare, sample.bylaw().city, locale)
            assert found or name == "public_text"


def test_no_slot_is_longer_than_it_says() -> None:
    city = sample.bylaw().city
    subjects = [Subject("n", sample.NOON, unit, "/".join((path,)), area) for unit, path, area in zip(
        city.department_by_slug, city.category_by_path, city.area_by_code, strict=False)]  # fmt: skip
    for name in ("department", "category", "area", "at"):
        slot = slots.SLOTS[name]
        assert (
            max(len(slot.fill(subject, city, locale)) for subject in subjects for locale in Locale)
            <= slot.longest
        )


def test_the_citizen_reads_words_not_codes() -> None:
    template = sample.bylaw().templates.by_key["case.resolved", Audience.CITIZEN, Medium.SMS]
    subject = Subject(sample.NUMBER, sample.NOON, "urban-management", kind=ResolutionKind.FIXED)
    text = template.render(subject, sample.bylaw().city, Locale.ZH)
    assert "区城市管理和综合执法局" in text
    assert "已解决" in text
    assert "fixed" in template.render(subject, sample.bylaw().city, Locale.EN)


def test_a_rejection_code_is_said_in_words() -> None:
    template = sample.bylaw().templates.by_key["case.rejected", Audience.CITIZEN, Medium.SMS]
    subject = Subject(sample.NUMBER, sample.NOON, "dispatch-desk", reason_code="some_code_of_the_desk")
    assert "some_code" not in template.render(subject, sample.bylaw().city, Locale.EN)


def test_the_example_city_passes_its_published_schema() -> None:
    raw = yaml.safe_load((sample.CITY / wording.FILE).read_text(encoding="utf-8"))
    jsonschema.validate(raw, wording.json_schemas()["templates.json"])


def test_the_same_template_twice_and_a_promise_without_one_are_refused() -> None:
    rows = [row.model_dump(mode="json") for row in sample.bylaw().templates.templates]
    with pytest.raises(ValidationError, match="earlier template"):
        TemplatesFile.model_validate({"templates": [*rows, rows[0]]})
    with pytest.raises(ValidationError, match=r"no template tells the citizen of case\.registered by sms"):
        TemplatesFile.model_validate({"templates": rows[1:]})


def test_a_rung_nobody_would_be_told_of_is_a_fault() -> None:
    law = sample.bylaw()
    kept = [
        row
        for row in law.templates.templates
        if row.event != "clock.breached" or row.audience is not Audience.HEAD
    ]
    faults = list(wording.problems(law.city, TemplatesFile(templates=tuple(kept))))
    assert [fault.reason for fault in faults] == [
        "a plan's ladder tells the head of clock.breached: no template does"
    ]


def test_a_bad_file_is_refused_with_line_and_reason(tmp_path: Path) -> None:
    for name in wording.MODELS:
        (tmp_path / name).write_text((sample.CITY / name).read_text(encoding="utf-8"), encoding="utf-8")
    path = tmp_path / wording.FILE
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "slots: [number, due_response, tracking]", "slots: [number, mobile]"
        )
    )
    with pytest.raises(
        BadFile, match=r"templates\.yaml:\d+: templates\[0\]\.slots\[1\]: this event has no such slot"
    ):
        book.load(tmp_path, "22:00-07:00")


def test_rungs_have_the_templates_names() -> None:
    assert {wording._event_of(rung) for rung in sample.plan().ladder} == {
        "clock.warned", "clock.breached", "clock.escalated",
    }  # fmt: skip
    assert isinstance(sample.plan(), plans.Plan)


def test_the_link_leads_to_the_page_or_says_the_code() -> None:
    city = sample.bylaw().city
    subject = Subject("20261122-7K3M-9QX2", sample.NOON, "transport", tracking="7K3M9-QX2AB")
    link = slots.SLOTS["link"].fill(subject, city, Locale.ZH)
    assert link == "https://pingshan.example/r/20261122-7K3M-9QX2/7K3M9-QX2AB"
    longest = f"https://{'x' * 52}/r/{subject.number}/{subject.tracking}"
    assert len(longest) <= slots.SLOTS["link"].longest
    nowhere = replace(city, file=city.file.model_copy(update={"public_url": None}))
    assert slots.SLOTS["link"].fill(subject, nowhere, Locale.ZH) == "查询码7K3M9-QX2AB"
    assert slots.SLOTS["link"].fill(subject, nowhere, Locale.EN) == "code 7K3M9-QX2AB"
