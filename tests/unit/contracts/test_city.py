from datetime import datetime

import pytest
from pydantic import ValidationError

from services.contracts import city, shifts
from services.contracts.city import (
    AreasFile,
    CategoriesFile,
    ChannelsFile,
    City,
    CityFile,
    DepartmentsFile,
    RosterFile,
)
from services.contracts.plans import Plans
from services.contracts.shifts import DepartmentRoster

NAME = {"zh": "某", "en": "some"}


def officer(tag: str) -> dict[str, object]:
    return {"id": tag, "name": "林志强", "phone": "+8613700000001"}


def shift(days: str, hours: str) -> dict[str, object]:
    return {
        "name": "班", "days": days, "hours": hours,
        "handlers": [officer("a")], "duty_officer": officer("b"), "head": officer("c"),
    }  # fmt: skip


def files() -> dict[str, dict[str, object]]:
    """The smallest sound city."""
    department = {"name": NAME, "short": "某", "level": "desk", "duties": "受理"}
    channel = {"id": "web", "kind": "web", "name": NAME, "rate_per_minute": 60}
    return {
        "city.yaml": {"name": NAME, "slug": "x", "timezone": "Asia/Shanghai", "desk": "desk", "supervision": "desk"},
        "areas.yaml": {
            "areas": [
                {"code": "x", "level": "district", "name": NAME, "fallback": "desk"},
                {"code": "x/y", "level": "street", "name": NAME, "fallback": "desk", "aliases": ["某街"]},
            ]
        },
        "departments.yaml": {"departments": [{"slug": "desk", **department}]},
        "roster.yaml": {"departments": {"desk": {"shifts": [shift("daily", "00:00-24:00")]}}},
        "categories.yaml": {"categories": [{"path": "甲", "en": "a"}, {"path": "甲/乙", "en": "b"}]},
        "channels.yaml": {"channels": [channel]},
        "plans.yaml": {
            "default": "p",
            "plans": [
                {
                    "name": "p", "title": NAME, "response": {"target": "PT30M", "counts": ["public_message"]},
                    "close": {"target": "PT24H"}, "ladder": [{"percent": 100, "audience": ["head"]}],
                }
            ],
        },
        "policy.yaml": {},
    }  # fmt: skip


def assembled(changed: dict[str, dict[str, object]]) -> City:
    data: dict[str, dict[str, object]] = {name: {} for name in city.MODELS} | files() | changed
    return city.assemble({name: model.model_validate(data[name]) for name, model in city.MODELS.items()})


def test_the_smallest_city_is_sound() -> None:
    assert city.problems(assembled({})) == ()


@pytest.mark.parametrize(
    ("file", "value", "field"),
    [
        ("city.yaml", {"name": NAME, "slug": "x", "timezone": "UTC", "desk": "no", "supervision": "desk"}, "desk"),
        ("areas.yaml", {"areas": [{"code": "x", "level": "street", "name": NAME, "fallback": "no"}]}, "areas[0].fallback"),
        ("roster.yaml", {"departments": {}}, "departments"),
        (
            "roster.yaml",
            {"departments": {"desk": {"shifts": [shift("daily", "00:00-24:00")]}, "no": {"shifts": [shift("daily", "00:00-24:00")]}}},
            "departments.no",
        ),
        ("roster.yaml", {"departments": {"desk": {"shifts": [shift("mon-fri", "00:00-24:00")]}}}, "departments.desk.shifts"),
        (
            "channels.yaml",
            {"channels": [{"id": "w", "kind": "qr", "name": NAME, "rate_per_minute": 1, "preset": {"area": "z"}}]},
            "channels[0].preset.area",
        ),
        (
            "channels.yaml",
            {"channels": [{"id": "w", "kind": "qr", "name": NAME, "rate_per_minute": 1, "preset": {"category": "丙"}}]},
            "channels[0].preset.category",
        ),
    ],
)  # fmt: skip
def test_what_one_file_says_of_another_is_checked(file: str, value: dict[str, object], field: str) -> None:
    (found,) = city.problems(assembled({file: value}))
    assert (found.file, found.field) == (file, field)


def test_a_plan_names_categories_that_exist() -> None:
    data = files()["plans.yaml"]
    assert isinstance(data["plans"], list)
    data["plans"][0]["when"] = {"category": ["甲/丁"]}
    (found,) = city.problems(assembled({"plans.yaml": data}))
    assert found.field == "plans[0].when.category[0]"


@pytest.mark.parametrize(
    ("model", "value", "said"),
    [
        (CityFile, {"name": NAME, "slug": "x", "timezone": "Mars/Olympus", "desk": "d", "supervision": "d"}, "no time zone"),
        (AreasFile, {"areas": [{"code": "x/y", "level": "street", "name": NAME, "fallback": "d"}]}, "code above"),
        (AreasFile, {"areas": [{"code": "x", "level": "street", "name": NAME, "fallback": "d"}] * 2}, "taken"),
        (DepartmentsFile, {"departments": [{"slug": "X_Y", "name": NAME, "short": "x", "level": "desk", "duties": "d"}]}, "pattern"),
        (DepartmentsFile, {"departments": [{"slug": "x", "name": NAME, "short": "x", "level": "desk", "duties": "d", "parent": "n"}]}, "no department"),
        (CategoriesFile, {"categories": [{"path": "甲/乙", "en": "b"}]}, "path above"),
        (ChannelsFile, {"channels": [{"id": "x", "kind": "web", "name": NAME, "rate_per_minute": 1, "mapping": {"text": "t"}}]}, "request_id"),
        (ChannelsFile, {"channels": [{"id": "x", "kind": "fax", "name": NAME, "rate_per_minute": 1}]}, "hotline"),
        (RosterFile, {"departments": {"d": {"shifts": [shift("daily", "18:00-18:00")]}}}, "hours are written"),
        (CityFile, {"name": NAME, "slug": "x", "timezone": "UTC", "desk": "d", "supervision": "d", "moon": 1}, "not permitted"),
    ],
)  # fmt: skip
def test_a_model_refuses_what_is_wrong_in_its_own_file(
    model: type[CityFile], value: object, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        model.model_validate(value)


def test_one_officer_id_is_one_person() -> None:
    other = shift("daily", "00:00-24:00") | {"head": officer("a") | {"name": "别人"}}
    with pytest.raises(ValidationError, match="another officer's"):
        RosterFile.model_validate({"departments": {"d": {"shifts": [other]}}})


def test_a_night_shift_ends_on_the_next_morning() -> None:
    night = DepartmentRoster.model_validate({"shifts": [shift("mon-fri", "18:00-08:30")]}).shifts[0]
    assert night.covers(datetime(2026, 11, 20, 18, 0))  # noqa: DTZ001  local time; a Friday
    assert night.covers(datetime(2026, 11, 21, 8, 29))  # noqa: DTZ001
    assert not night.covers(datetime(2026, 11, 21, 8, 30))  # noqa: DTZ001
    assert not night.covers(datetime(2026, 11, 21, 18, 0))  # noqa: DTZ001


def test_a_shift_runs_past_the_end_of_the_week() -> None:
    covered = shifts.minutes_of("sat-sun", "22:00-06:00")
    assert covered & 1  # Monday 00:00
    assert covered.bit_count() == 2 * 8 * 60


def test_the_first_gap_is_told_in_words() -> None:
    roster = DepartmentRoster.model_validate(
        {"shifts": [shift("mon-fri", "00:00-24:00"), shift("sat-sun", "08:00-24:00")]}
    )
    assert shifts.first_gap(roster.shifts) == "on Saturday at 00:00"


def test_where_two_shifts_cover_a_minute_the_first_is_on_duty() -> None:
    day, all_day = (
        shift("mon-fri", "09:00-18:00") | {"name": "白班"},
        shift("daily", "00:00-24:00") | {"name": "全天"},
    )
    roster = DepartmentRoster.model_validate({"shifts": [day, all_day]})
    assert roster.on_duty(datetime(2026, 11, 20, 9, 0)).name == "白班"  # noqa: DTZ001
    assert roster.on_duty(datetime(2026, 11, 20, 18, 0)).name == "全天"  # noqa: DTZ001


def test_an_unknown_category_backs_off_to_the_nearest_known() -> None:
    sound = assembled({})
    assert sound.known_category("甲/乙/丙") == "甲/乙"
    assert sound.known_category("甲/戊") == "甲"
    assert sound.known_category("戊") is None
    assert sound.known_category(None) is None


def test_schemas_close_every_object() -> None:
    published = city.json_schemas()
    assert set(published) == {name.replace(".yaml", ".json") for name in city.MODELS}
    plans = str(published["plans.json"])
    assert plans.count("'additionalProperties': False") == plans.count("'properties'")


def test_the_plans_file_is_a_model_of_the_city() -> None:
    assert city.MODELS["plans.yaml"] is Plans
