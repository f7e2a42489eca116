"""Contacts: opened here and nowhere else. Everybody else knows a blind index, a roster id, or a masked number.

The index is HMAC-SHA256 under a secret of this service, cut to 128 bits: equal for equal addresses, and of no use to
whoever lacks the secret, although there are only so many telephone numbers.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from pydantic import ValidationError

from services.chassis.sealing import CannotOpen, Opener
from services.contracts.values import Contact, Person

UNREADABLE = Person()
LEAST_SECRET = 16


class BlindIndex:
    """`phone(E.164)` and `app(channel, user)`: an app's users are known to its channel alone."""

    def __init__(self, secret: str) -> None:
        if len(secret) < LEAST_SECRET:
            raise ValueError(f"blind_index_secret: at least {LEAST_SECRET} characters")
        self._secret = secret.encode()

    def phone(self, number: str) -> str:
        return self._of("phone", number)

    def app(self, channel: str, user: str) -> str:
        return self._of("app", f"{channel}\x1f{user}")

    def _of(self, kind: str, value: str) -> str:
        digest = hmac.new(self._secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a citizen is reached: blind indexes, None where there is no such way."""

    phone: str | None = None
    app: str | None = None


def addresses(contact: Contact, channel: str, opener: Opener, index: BlindIndex) -> Addresses:
    """What a contact's box holds, as blind indexes. A box of another key holds nothing for us."""
    person = read(contact, opener)
    return Addresses(
        index.phone(person.phone) if person.phone and contact.textable else None,
        index.app(channel, person.app_user) if person.app_user else None,
    )


def read(contact: Contact, opener: Opener) -> Person:
    """The person, in clear; UNREADABLE when there is no box or it is not ours to open."""
    if contact.sealed is None:
        return UNREADABLE
    try:
        return Person.model_validate_json(opener.open(contact.sealed))
    except (CannotOpen, ValidationError):
        return UNREADABLE


def masked(phone: str) -> str:
    """`+8613712345678` as 137****5678: what a page may show."""
    local = phone.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}" if len(local) >= 8 else "****"
