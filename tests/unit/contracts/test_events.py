"""Events written and made the fast way say what the model says."""

import types
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, JsonValue

from services.chassis import files
from services.contracts import city as cities
from services.contracts.events import EVENTS, CaseRegistered, Event, SubmissionReceived, unchecked
from services.contracts.plans import Plan
from services.contracts.values import ChannelKind, Holder, Kind, Segment, State

CITY = Path("deploy/city/pingshan")
NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    AwareDatetime: st.datetimes(timezones=st.just(UTC)),
    timedelta: st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    int: st.integers(-(2**70), 2**70),
    float: st.floats(allow_nan=False, allow_infinity=False),
    type(None): st.none(),
    JsonValue: st.recursive(st.none() | TEXT | st.integers(), lambda inner: st.lists(inner, max_size=3)),
}


@cache
def plans() -> list[Plan]:
    city = files.load_all(CITY, cities.MODELS, cities.assemble, cities.problems).value
    return list(city.plans.by_name.values())


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation; constraints do not matter to who writes them."""
    if kind in LEAVES:
        return LEAVES[kind]
    if kind is Plan:
        return st.deferred(lambda: st.sampled_from(plans()))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return fields(kind).map(lambda said: kind.model_construct(**said))
    inner, origin = get_args(kind), get_origin(kind)
    if origin in (types.UnionType, Union):
        return st.one_of([some(one) for one in inner])
    if origin is Annotated:
        return some(inner[0])
    if origin is tuple:
        return st.lists(some(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(some(inner[0]), some(inner[1]), max_size=3)
    return st.from_type(kind)


def fields(kind: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: some(field.annotation) for name, field in kind.model_fields.items()})


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS)
@settings(max_examples=30)
@given(data=st.data())
def test_written_fast_is_the_models_own_json(kind: type[Event], data: st.DataObject) -> None:
    event = unchecked(kind)(**data.draw(fields(kind)))
    assert event.written() == event.model_dump_json().encode()


def registered() -> dict[str, Any]:
    return {
        "number": "20261123-0000-0000", "at": NINE, "state": State.REGISTERED, "version": 1, "actor": "router",
        "holder": Holder(unit="desk", is_desk=True), "channel": "app", "channel_kind": ChannelKind.APP,
        "received_at": NINE, "kind": Kind.HELP, "segment": Segment.CITIZEN, "plan": plans()[0],
    }  # fmt: skip


def test_made_unchecked_is_made() -> None:
    made, checked = unchecked(CaseRegistered)(**registered()), CaseRegistered(**registered())
    assert made == checked
    assert made.written() == checked.model_dump_json().encode()
    assert list(made.__dict__) == list(checked.__dict__)
    assert made.model_copy(update={"bare": True}).bare


def test_a_plan_that_travels_is_read_once() -> None:
    written = CaseRegistered(**registered()).written()
    first, second = CaseRegistered.model_validate_json(written), CaseRegistered.model_validate_json(written)
    assert first.plan == plans()[0]
    assert first.plan is second.plan


def test_a_plan_that_travels_is_looked_through_when_it_is_new() -> None:
    bad = CaseRegistered(**registered()).written().replace(b'"percent":100', b'"percent":101')
    with pytest.raises(ValueError, match="a rung at 100"):
        CaseRegistered.model_validate_json(bad)


def test_said_otherwise_is_written_otherwise() -> None:
    sent = SubmissionReceived(
        number="n", channel="app", channel_kind=ChannelKind.APP, request_key="k", received_at=NINE, text="井盖", match_text="井盖",
        extra={"many": 2**80},
    )  # fmt: skip
    kept = sent.written(match_text="")
    assert kept == sent.model_copy(update={"match_text": ""}).model_dump_json().encode()
    assert SubmissionReceived.model_validate_json(kept).extra == {"many": 2**80}
