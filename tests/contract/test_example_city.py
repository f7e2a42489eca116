"""The example city is sound: its files come into force together, and its sample requests fit its channels."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import jmespath
import jsonschema
import pytest

import services
from services.chassis import document, files
from services.contracts.city import CanonicalField, City
from services.contracts.values import ChannelKind, Place
from services.router import areas, decide, rules
from services.router.areas import Known
from services.router.rules import DutyList

POINT: tuple[CanonicalField, ...] = ("place.lat", "place.lon", "place.datum")
PINGSHAN = Path(services.__file__).parents[1] / "deploy" / "city" / "pingshan"


@cache
def duty() -> DutyList:
    return files.load_all(PINGSHAN, rules.MODELS, rules.assemble, rules.problems).value


def city() -> City:
    return duty().city


@cache
def samples() -> list[dict[str, dict[str, object] | str]]:
    lines = (PINGSHAN / "samples" / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def mapped(sample: dict[str, dict[str, object] | str], field: CanonicalField) -> object:
    channel = city().channel_by_id[str(sample["channel"])]
    expression = channel.mapping.get(field) if channel.mapping is not None else field
    return jmespath.search(expression, sample["request"]) if expression else None


def test_every_file_names_its_schema() -> None:
    for path in PINGSHAN.glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../schema/{path.stem}.json"


def test_the_size_that_was_promised() -> None:
    assert len(duty().rules.rules) >= 60
    assert len(city().channels) >= 12
    assert len({channel.kind for channel in city().channels}) == len(ChannelKind)
    assert len([area for area in city().areas if area.code.count("/") == 1]) == 6
    assert len([area for area in city().areas if area.code.count("/") == 2]) == 23
    assert len(samples()) >= 300


def test_the_duty_list_covers_every_type() -> None:
    named = {path.split("/")[0] for rule in duty().rules.rules for path in rule.when.category}
    assert named == {row.path for row in city().categories if row.parent is None}


def test_the_replayed_records_channels_are_found_by_name() -> None:
    for name in ("@坪山", "12345", "美丽深圳", "12319", "固话投诉", "政府信箱"):
        assert name in city().channel_by_alias


def test_mappings_are_expressions() -> None:
    for channel in city().channels:
        for expression in (channel.mapping or {}).values():
            jmespath.compile(expression)


def test_every_open_channel_has_samples_and_no_closed_one() -> None:
    used = Counter(str(sample["channel"]) for sample in samples())
    assert set(used) == {channel.id for channel in city().channels if channel.enabled}


@pytest.mark.parametrize("field", ["request_id", "text"])
def test_every_sample_has_an_id_and_a_text(field: CanonicalField) -> None:
    for sample in samples():
        value = mapped(sample, field)
        assert isinstance(value, str)
        assert 1 <= len(value) <= 5000


def test_one_id_is_one_request() -> None:
    bodies: dict[tuple[str, object], object] = {}
    for sample in samples():
        key = (str(sample["channel"]), mapped(sample, "request_id"))
        assert bodies.setdefault(key, sample["request"]) == sample["request"]
    assert len(samples()) - len(bodies) >= 6


def test_samples_name_categories_and_areas_that_exist() -> None:
    for sample in samples():
        category, area = mapped(sample, "category"), mapped(sample, "place.area")
        assert category is None or category in city().category_by_path
        assert area is None or area in city().area_by_code


def test_samples_are_as_dirty_as_life() -> None:
    texts = [str(mapped(sample, "text")) for sample in samples()]
    assert any("\ufffd" in text for text in texts)
    assert any("&nbsp;" in text for text in texts)
    assert any("街道這條路" in text for text in texts)
    assert len(set(texts)) >= 250
    assert max(map(len, texts)) > 1000


@pytest.mark.parametrize("path", sorted(PINGSHAN.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_fits_its_published_schema(path: Path) -> None:
    """What an editor checks while typing is what the services check at boot."""
    schema = json.loads((PINGSHAN.parent / "schema" / f"{path.stem}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document.read(path).value, schema)


def test_points_of_the_samples_agree_with_what_they_say() -> None:
    """Outlines, datum, names and addresses at once: a point's area and the one in words lie above one another."""
    law = decide.law(duty())
    pointed = 0
    for sample in samples():
        lat, lon, datum = (mapped(sample, field) for field in POINT)
        said = {"address": mapped(sample, "place.address"), "area": mapped(sample, "place.area")}
        place = Place.model_validate({**said, "lat": lat, "lon": lon, "datum": datum})
        text = f"{mapped(sample, 'title') or ''} {mapped(sample, 'text')}"
        (point,) = law.areas.points([place])
        known = law.areas.locate(place, text)
        pointed += point is not None
        if point is not None and isinstance(known, Known):
            assert areas.within(known.code, point) or areas.within(point, known.code), sample
    assert pointed >= 40


def test_every_street_has_an_outline_and_says_that_it_is_rough() -> None:
    streets = {area.code for area in city().areas if area.level == "street"}
    assert streets <= {one.code for one in duty().shapes.features}
    assert "approximate" in (PINGSHAN / "areas.geojson").read_text(encoding="utf-8")
