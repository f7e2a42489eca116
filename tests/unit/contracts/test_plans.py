from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.contracts import plans
from services.contracts.calendars import Calendar
from services.contracts.plans import Close, Facts, Measure, Plan, Plans, Rung
from services.contracts.values import Audience, ChannelKind, Kind, ResponseBasis, Segment, TriageClass

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def row(name: str, **when: object) -> dict[str, object]:
    return {
        "name": name,
        "title": {"zh": name, "en": name},
        "when": when,
        "response": {"target": "PT30M", "counts": ["accept_with_handler"]},
        "close": {"target": "PT24H"},
        "ladder": [{"percent": 50, "audience": ["handler"]}, {"percent": 100, "audience": ["head"]}],
    }


CITY = Plans.model_validate(
    {
        "default": "standard",
        "plans": [
            row("standard"),
            row("by-kind", kind=["consult"]),
            row("by-segment", segment=["enterprise"]),
            row("by-class", **{"class": ["urgent"]}),
            row("noise", category=["环保水务"]),
            row("building-noise", category=["环保水务/建筑施工噪声"], **{"class": ["ordinary"]}),
            row("named-only"),
            row("by-channel", channel_kind=["sensor"]),
            row("by-area", area=["pingshan/biling"]),
            row("by-smaller-area", area=["pingshan", "pingshan/biling/shahu"]),
        ],
    }
)


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (Facts(), "standard"),
        (Facts(kind=Kind.CONSULT), "by-kind"),
        (Facts(kind=Kind.CONSULT, segment=Segment.ENTERPRISE), "by-segment"),
        (Facts(segment=Segment.ENTERPRISE, triage_class=TriageClass.URGENT), "by-class"),
        (Facts("环保水务/工业噪声", TriageClass.URGENT), "noise"),
        (Facts("环保水务/建筑施工噪声/超时施工"), "building-noise"),
        (Facts("环保水务/建筑施工噪声", TriageClass.URGENT), "noise"),
        (Facts("环保水务二"), "standard"),
        (Facts(channel_kind=ChannelKind.SENSOR), "by-channel"),
        (Facts(kind=Kind.CONSULT, channel_kind=ChannelKind.SENSOR), "by-channel"),
        (Facts(area="pingshan/biling/other", channel_kind=ChannelKind.SENSOR), "by-area"),
        (Facts(area="pingshan/biling/shahu"), "by-smaller-area"),
        (Facts(area="pingshan/bilingual"), "by-smaller-area"),
        (Facts(area="pingshan/biling", segment=Segment.ENTERPRISE), "by-segment"),
        (Facts("环保水务", area="pingshan/biling/shahu"), "noise"),
    ],
)
def test_the_most_specific_row_is_chosen(facts: Facts, name: str) -> None:
    assert plans.choose(CITY, facts).name == name


def test_a_row_without_conditions_is_never_chosen_by_facts() -> None:
    everything = [
        Facts(None, triage, segment, kind) for triage in TriageClass for segment in Segment for kind in Kind
    ]
    assert "named-only" not in {plans.choose(CITY, facts).name for facts in everything}
    assert CITY.by_name["named-only"].name == "named-only"


def test_among_equals_the_first_in_the_file_is_chosen() -> None:
    rows = [row("standard"), row("first", kind=["help"]), row("second", kind=["help", "consult"])]
    both = Plans.model_validate({"default": "standard", "plans": rows})
    assert plans.choose(both, Facts(kind=Kind.HELP)).name == "first"


def test_the_snapshot_in_an_event_has_the_promise_and_not_the_conditions() -> None:
    chosen = plans.choose(CITY, Facts(kind=Kind.CONSULT))
    assert "when" not in chosen.model_dump()
    read = Plan.model_validate_json(chosen.model_dump_json())
    assert read == chosen
    assert read.response.counts == (ResponseBasis.ACCEPT_WITH_HANDLER,)
    assert read.ladder[1].audience == (Audience.HEAD,)


def test_a_newer_senders_field_in_a_snapshot_is_ignored() -> None:
    snapshot = CITY.by_name["standard"].model_dump(mode="json") | {"currency": "minutes"}
    assert Plan.model_validate(snapshot) == CITY.by_name["standard"]


def close(target: timedelta) -> Measure:
    return Close(target=target)


def rung(percent: int) -> Rung:
    return Rung(percent=percent, audience=(Audience.HEAD,))


def test_due_is_elapsed_time() -> None:
    assert plans.due_at(close(timedelta(minutes=30)), START) == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert plans.due_at(close(timedelta(hours=24)), START) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_the_default_ladder_of_a_day() -> None:
    day = close(timedelta(hours=24))
    hours = [
        (plans.rung_at(day, rung(percent), START) - START) / timedelta(hours=1)
        for percent in (50, 80, 100, 150, 200)
    ]
    assert hours == [12, 19.2, 24, 36, 48]


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=365)), st.lists(st.integers(1, 1000), min_size=2))
def test_rungs_come_in_order_and_the_hundredth_is_due(target: timedelta, percents: list[int]) -> None:
    instants = [plans.rung_at(close(target), rung(percent), START) for percent in sorted(percents)]
    assert instants == sorted(instants)
    assert plans.rung_at(close(target), rung(100), START) == plans.due_at(close(target), START)


def office(**more: object) -> dict[str, object]:
    return row("office", **more) | {"calendar": "office"}


def bound(changed: dict[str, object]) -> Plan:
    """A plan of the office as it travels: Monday to Friday, nine to six with two hours at noon."""
    week = (("09:00-12:00", "14:00-18:00"),) * 5 + ((),) * 2
    days = {("office", True): Calendar(name="office", zone="Asia/Shanghai", week=week)}
    city = Plans.model_validate({"default": "office", "plans": [office() | changed]}).bound(days)
    return Plan.model_validate_json(city.by_name["office"].model_dump_json())


def test_what_travels_has_the_days_it_is_counted_by() -> None:
    plan = bound({"response": {"target": "PT4H", "counted": {"by": "working_time"}}})
    friday = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # 16:00 in Shanghai: two hours before the weekend
    assert plans.due_at(plan.response, friday) == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert plans.due_at(plan.close, friday) == friday + timedelta(hours=24)


def test_each_target_is_counted_its_own_way() -> None:
    plan = bound({"close": {"target": "P3D", "counted": {"by": "working_days", "cut_off": "17:00"}}})
    friday = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # 17:30: counts from Monday 09:00
    assert plans.due_at(plan.response, friday) == friday + timedelta(minutes=30)
    assert plans.due_at(plan.close, friday) == datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def test_percents_and_offsets_are_of_the_plans_own_time() -> None:
    ladder = [
        {"percent": 50, "audience": ["handler"]}, {"offset": "-PT1H", "audience": ["handler"]},
        {"percent": 100, "audience": ["head"]}, {"offset": "PT1H", "audience": ["head"]},
    ]  # fmt: skip
    plan = bound({"response": {"target": "PT4H", "counted": {"by": "working_time"}}, "ladder": ladder})
    friday = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    local = [plans.rung_at(plan.response, each, friday) + timedelta(hours=8) for each in plan.ladder]
    assert [f"{at:%a %H:%M}" for at in local] == ["Fri 18:00", "Mon 10:00", "Mon 11:00", "Mon 12:00"]


def test_a_plan_without_the_days_it_is_counted_by_cannot_be_counted() -> None:
    measure = Close.model_validate({"target": "P3D", "counted": {"by": "working_days"}})
    with pytest.raises(ValueError, match="none came with the plan"):
        plans.due_at(measure, START)


def test_working_days_are_whole() -> None:
    with pytest.raises(ValidationError, match="counted whole"):
        Close.model_validate({"target": "PT12H", "counted": {"by": "working_days"}})


def test_an_offset_that_does_not_climb_is_refused() -> None:
    ladder = [{"offset": "-PT30M", "audience": ["head"]}, {"percent": 100, "audience": ["head"]}]
    with pytest.raises(ValidationError, match="a ladder climbs"):
        Plans.model_validate({"default": "standard", "plans": [row("standard") | {"ladder": ladder}]})


@pytest.mark.parametrize("percents", [[50, 50, 100], [100, 50], [50, 80]])
def test_a_ladder_climbs_and_has_a_breach(percents: list[int]) -> None:
    bad = row("standard") | {"ladder": [{"percent": percent, "audience": ["head"]} for percent in percents]}
    with pytest.raises(ValidationError, match="a ladder climbs"):
        Plans.model_validate({"default": "standard", "plans": [bad]})


def test_a_response_is_due_before_the_close() -> None:
    bad = row("standard") | {"response": {"target": "P2D", "counts": ["public_message"]}}
    with pytest.raises(ValidationError, match="no later than the close"):
        Plans.model_validate({"default": "standard", "plans": [bad]})


def test_names_are_unique_and_the_default_exists() -> None:
    with pytest.raises(ValidationError, match="taken by an earlier plan"):
        Plans.model_validate({"default": "standard", "plans": [row("standard"), row("standard")]})
    with pytest.raises(ValidationError, match="no plan has this name"):
        Plans.model_validate({"default": "other", "plans": [row("standard")]})
