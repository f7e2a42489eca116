"""A large city as files: 3,000 areas, 158 channels, 46 departments, 312 categories and a duty list of 10,000 rules, 2 MB."""

import shutil
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tests.bench import duty

EXAMPLE = Path("deploy/city/pingshan")
AS_IN_THE_EXAMPLE = ("calendars.yaml", "holidays.yaml")
PERSON = {"name": "张三", "phone": "+8613800138000"}
NOTES = "依据本市职责分工及事项清单，由该单位承办；情形复杂的由分拨台协调。"


def write(folder: Path, city: duty.City) -> int:
    """Returns the bytes of rules.yaml."""
    files = {
        "city.yaml": _city(), "areas.yaml": {"areas": _areas()}, "departments.yaml": {"departments": _departments()},
        "roster.yaml": {"departments": {slug: _roster(slug) for slug in _slugs()}},
        "categories.yaml": {"categories": [{"path": path, "en": path} for path in duty.categories()]},
        "channels.yaml": {"channels": [_channel(number) for number in range(duty.CHANNELS)]},
        "plans.yaml": _plans(), "policy.yaml": {}, "rules.yaml": _rules(city),
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_text(
            yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200),
            encoding="utf-8",
        )
    (folder / "areas.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    for name in AS_IN_THE_EXAMPLE:
        shutil.copy(EXAMPLE / name, folder / name)
    return (folder / "rules.yaml").stat().st_size


_Emitter: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Emitter):  # type: ignore[misc]
    """Says twice what is there twice: no anchors."""

    ignore_aliases: ClassVar[Any] = lambda *_: True


def _rules(city: duty.City) -> dict[str, Any]:
    rows = city.rules.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for row in rows["rules"]:
        row["note"] = NOTES
    return dict(rows)


def _name(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _city() -> dict[str, Any]:
    return {
        "name": _name("大城"),
        "slug": "city",
        "timezone": "Asia/Shanghai",
        "desk": "desk",
        "supervision": "desk",
    }


def _areas() -> list[dict[str, Any]]:
    levels = ("district", "street", "community")
    codes = ["city", *duty.areas()]
    return [
        {
            "code": code,
            "level": levels[code.count("/")],
            "name": _name(f"地{number:05d}"),
            "fallback": "unit-0",
        }
        for number, code in enumerate(codes)
    ]


def _slugs() -> list[str]:
    return ["desk", *(f"unit-{number}" for number in range(duty.DEPARTMENTS))]


def _departments() -> list[dict[str, Any]]:
    return [
        {
            "slug": slug,
            "name": _name(slug),
            "short": slug,
            "level": "desk" if slug == "desk" else "district",
            "duties": "…",
        }
        for slug in _slugs()
    ]


def _roster(slug: str) -> dict[str, Any]:
    officer = {"id": f"{slug}-1", **PERSON}
    shift = {
        "name": "全天",
        "days": "daily",
        "hours": "00:00-24:00",
        "handlers": [officer],
        "duty_officer": officer,
        "head": officer,
    }
    return {"shifts": [shift]}


def _channel(number: int) -> dict[str, Any]:
    return {"id": f"channel-{number}", "kind": "web", "name": _name(f"渠道{number}"), "rate_per_minute": 100}


def _plans() -> dict[str, Any]:
    plan = {
        "name": "standard", "title": _name("标准"), "response": {"target": "PT30M"}, "close": {"target": "PT24H"},
        "ladder": [{"percent": 100, "audience": ["head"]}],
    }  # fmt: skip
    return {"plans": [plan], "default": "standard"}
