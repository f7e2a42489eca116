"""Sealing: only the private key opens, a changed box does not, and a data key lasts an hour."""

import pytest

from services.chassis import sealing
from services.chassis.sealing import CannotOpen, Opener, Sealer

PRIVATE, PUBLIC = sealing.new_key_pair()


def test_what_is_sealed_opens_with_the_private_key_only() -> None:
    sealed = Sealer(PUBLIC).seal(b"13800001234", now=0.0)
    assert "1380000" not in sealed.model_dump_json()
    assert Opener(PRIVATE).open(sealed) == b"13800001234"
    with pytest.raises(CannotOpen):
        Opener(sealing.new_key_pair()[0]).open(sealed)


def test_the_same_thing_sealed_twice_looks_different() -> None:
    sealer = Sealer(PUBLIC)
    assert sealer.seal(b"x", 0.0).box != sealer.seal(b"x", 0.0).box


def test_the_data_key_turns_every_hour() -> None:
    sealer = Sealer(PUBLIC)
    first, same, next_ = (sealer.seal(b"x", now) for now in (0.0, 3599.0, 3600.0))
    assert first.sealed_key == same.sealed_key != next_.sealed_key


def test_a_changed_box_does_not_open() -> None:
    sealed = Sealer(PUBLIC).seal(b"x", 0.0)
    changed = sealed.model_copy(update={"box": sealed.box[:-8] + "AAAAAAA="})
    with pytest.raises(CannotOpen):
        Opener(PRIVATE).open(changed)
