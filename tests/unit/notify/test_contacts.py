"""Blind indexes and boxes."""

import pytest

from services.chassis import sealing
from services.chassis.sealing import Opener, Sealer
from services.contracts.values import Contact, Person
from services.notify import contacts
from services.notify.contacts import BlindIndex

INDEX = BlindIndex("a secret of sixteen or more")
PRIVATE, PUBLIC = sealing.new_key_pair()
PERSON = Person(name="王小明", phone="+8613800138000", app_user="u-1")


def sealed(person: Person, public: str = PUBLIC) -> Contact:
    box = Sealer(public).seal(person.model_dump_json().encode(), 0.0)
    return Contact(sealed=box, textable=True, has_app=True)


def test_addresses_are_blind() -> None:
    found = contacts.addresses(sealed(PERSON), "at-pingshan", Opener(PRIVATE), INDEX)
    assert found.phone == INDEX.phone("+8613800138000")
    assert found.app == INDEX.app("at-pingshan", "u-1")
    assert "138" not in repr(found)


def test_a_landline_gets_no_sms() -> None:
    contact = sealed(PERSON).model_copy(update={"textable": False})
    assert contacts.addresses(contact, "at-pingshan", Opener(PRIVATE), INDEX).phone is None


def test_users_of_two_apps_are_two_people() -> None:
    assert INDEX.app("at-pingshan", "u-1") != INDEX.app("i-shenzhen", "u-1")
    assert INDEX.app("a", "b") != INDEX.phone("a\x1fb")


def test_a_box_of_another_key_is_nobody() -> None:
    other = sealing.new_key_pair()[1]
    assert contacts.read(sealed(PERSON, other), Opener(PRIVATE)) == Person()
    assert contacts.read(Contact(), Opener(PRIVATE)) == Person()


def test_another_secret_is_another_index() -> None:
    assert BlindIndex("another secret, also long").phone("+8613800138000") != INDEX.phone("+8613800138000")
    with pytest.raises(ValueError, match="at least 16"):
        BlindIndex("short")


def test_masked() -> None:
    assert contacts.masked("+8613712345678") == "137****5678"
    assert contacts.masked("110") == "****"
