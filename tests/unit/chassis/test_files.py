import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, model_validator

from services.chassis import files
from services.chassis.files import BadFile, Kept, Loaded, Replaced, Unchanged, Watched
from services.contracts import faults
from services.contracts.faults import Fault


class Shop(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    price: int


class Shops(BaseModel):
    model_config = ConfigDict(frozen=True)
    shops: tuple[Shop, ...]

    @model_validator(mode="after")
    def _names(self) -> "Shops":
        if places := faults.repeated((shop.name for shop in self.shops), "shops", "name"):
            raise faults.fault("this name is taken", "名称重复", *places)
        return self


SOUND = "# a comment\nshops:\n  - name: tea\n    price: 3\n  - {name: rice, price: 5}\n"


def write(path: Path, text: str, tick: int = 0) -> Path:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(tick, tick))
    return path


def refused(path: Path, text: str) -> BadFile:
    with pytest.raises(BadFile) as caught:
        files.load(write(path, text), Shops)
    return caught.value


def test_a_sound_file_has_value_digest_and_path(tmp_path: Path) -> None:
    path = write(tmp_path / "shops.yaml", SOUND)
    loaded = files.load(path, Shops)
    assert [shop.price for shop in loaded.value.shops] == [3, 5]
    assert len(loaded.digest) == 64
    assert loaded.path == path


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        ("shops:\n  - name: tea\n    price: dear\n", 3, "shops[0].price", "valid integer"),
        ("shops:\n  - name: tea\n", 2, "shops[0].price", "required"),
        ("shops:\n  - name: tea\n    price: 1\n    colour: red\n", 4, "shops[0].colour", "not permitted"),
        ("shops:\n  - name: tea\n    price: 1\n    price: 2\n", 4, "shops[0].price", "twice"),
        (
            "shops:\n  - {name: a, price: 1}\n  - {name: a, price: 2}\n",
            3,
            "shops[1].name",
            "this name is taken",
        ),
        ("shops: [\n", 2, "(file)", "is not YAML"),
        ("shops:\n  - &a {name: a, price: 1}\n  - *a\n", 2, "shops[1]", "anchors"),
        ("shops:\n  - name: !!python/name:os.system x\n    price: 1\n", 2, "shops[0].name", "tag"),
        (
            "shops:\n  - {name: no, price: 1}\n  - {name: 12:30, price: yes}\n",
            3,
            "shops[1].price",
            "valid integer",
        ),
        ("", 1, "(file)", "valid dictionary"),
    ],
)
def test_a_fault_names_file_line_field_and_reason(
    tmp_path: Path, text: str, line: int, field: str, reason: str
) -> None:
    (fault,) = refused(tmp_path / "shops.yaml", text).faults
    assert (fault.file, fault.line, fault.field) == ("shops.yaml", line, field)
    assert reason in fault.reason
    assert fault.reason_zh


def test_words_that_old_yaml_would_twist_stay_words(tmp_path: Path) -> None:
    text = "shops:\n" + "".join(
        f"  - {{name: {word}, price: 1}}\n" for word in ("no", "12:30", "2026-01-01", "0x1F")
    )
    loaded = files.load(write(tmp_path / "shops.yaml", text), Shops)
    assert [shop.name for shop in loaded.value.shops] == ["no", "12:30", "2026-01-01", "0x1F"]


def test_all_faults_are_listed_one_a_line(tmp_path: Path) -> None:
    bad = refused(tmp_path / "shops.yaml", "shops:\n  - name: tea\n    price: dear\n  - price: 2\n")
    assert [line.split(": ")[:2] for line in str(bad).splitlines()] == [
        ["shops.yaml:3", "shops[0].price"],
        ["shops.yaml:4", "shops[1].name"],
    ]


def test_missing_and_undecodable_files_are_faults(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        files.load(tmp_path / "none.yaml", Shops)
    (tmp_path / "latin.yaml").write_bytes(b"shops:\n  - name: caf\xe9\n")
    with pytest.raises(BadFile, match=r"latin.yaml:2: .*UTF-8"):
        files.load(tmp_path / "latin.yaml", Shops)


def dear(shops: Shops) -> Iterable[Fault]:
    return [
        Fault("shops.yaml", ("shops", i, "price"), "too dear", "太贵")
        for i, shop in enumerate(shops.shops)
        if shop.price > 4
    ]


def test_a_cross_check_gets_its_line_too(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"shops.yaml:5: shops\[1\].price: too dear / 太贵"):
        files.load(write(tmp_path / "shops.yaml", SOUND), Shops, dear)


def test_a_set_is_refused_whole_with_the_faults_of_all_files(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "shops: 1\n")
    write(tmp_path / "b.yaml", "shops: 2\n")
    with pytest.raises(BadFile) as caught:
        files.load_all(tmp_path, {"a.yaml": Shops, "b.yaml": Shops}, dict)
    assert {fault.file for fault in caught.value.faults} == {"a.yaml", "b.yaml"}


def test_a_sets_digest_changes_with_any_file(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", SOUND)
    write(tmp_path / "b.yaml", SOUND)
    models = {"a.yaml": Shops, "b.yaml": Shops}
    before = files.load_all(tmp_path, models, dict).digest
    write(tmp_path / "b.yaml", SOUND + "# more\n")
    assert files.load_all(tmp_path, models, dict).digest != before


def watched(path: Path) -> Watched[Shops]:
    def load() -> Loaded[Shops]:
        return files.load(path, Shops)

    return Watched(load)


async def test_a_changed_file_comes_into_force(tmp_path: Path) -> None:
    path = write(tmp_path / "shops.yaml", SOUND)
    shops = watched(path)
    assert await shops.poll() == Unchanged()
    write(path, "shops: [{name: tea, price: 9}]\n", tick=1)
    assert await shops.poll() == Replaced(shops.digest)
    assert shops.value.shops[0].price == 9
    assert await shops.poll() == Unchanged()


async def test_a_bad_set_never_comes_into_force_and_says_why(tmp_path: Path) -> None:
    path = write(tmp_path / "shops.yaml", SOUND)
    shops = watched(path)
    before = shops.value
    write(path, "shops: [{name: tea}]\n", tick=1)
    verdict = await shops.poll()
    assert isinstance(verdict, Kept)
    assert "shops.yaml:1: shops[0].price" in verdict.reason
    assert shops.value is before
    assert shops.last_error == verdict.reason
    assert await shops.poll() == Unchanged()  # said once, not at every poll
    write(path, SOUND + "# mended\n", tick=2)
    assert isinstance(await shops.poll(), Replaced)
    assert shops.last_error is None


async def test_a_file_that_is_away_keeps_the_old_set(tmp_path: Path) -> None:
    path = write(tmp_path / "shops.yaml", SOUND)
    shops = watched(path)
    path.unlink()
    assert isinstance(await shops.poll(), Kept)
    write(path, SOUND)
    assert await shops.poll() == Unchanged()
    assert shops.last_error is None


def test_reload_on_demand_reads_what_no_stamp_shows(tmp_path: Path) -> None:
    path = write(tmp_path / "shops.yaml", SOUND)
    shops = watched(path)
    write(path, SOUND.replace("3", "4"))  # same size, same time
    assert isinstance(shops.reload(), Replaced)
    assert shops.value.shops[0].price == 4


def test_a_bad_set_at_boot_is_raised(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        watched(tmp_path / "none.yaml")
