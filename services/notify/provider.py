"""The protocol of providers: who carries a notice to its recipient. tests/contract runs one suite over all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.contracts.ids import NoticeId
from services.contracts.values import Audience, Locale, Medium
from services.notify.fate import Answer, Fate


@dataclass(frozen=True, slots=True)
class Message:
    """One notice, ready to go. `to` is in clear (E.164, or a user's name at the provider) and must not be kept or logged.

    `at` is city time. `notice_id` is our id, the same on every try.
    """

    notice_id: NoticeId
    medium: Medium
    to: str = field(repr=False)
    masked: str
    recipient: str
    locale: Locale
    text: str = field(repr=False)
    parts: int
    number: str
    event: str
    audience: Audience
    at: datetime


class Provider(Protocol):
    """`at_once`: how many messages one call takes within `call_s` wall seconds, its deadline.

    `drops_repeats`: a message with an id it has seen goes out no second time, so doubt is settled by sending again.
    """

    name: str
    at_once: int
    call_s: float
    drops_repeats: bool

    async def send(self, messages: Sequence[Message]) -> Sequence[Fate]:
        """One fate a message, in order. What raises leaves the fate of all of them unknown."""

    async def ask(self, notices: Sequence[NoticeId]) -> Mapping[NoticeId, Answer]:
        """What became of these; `Unknown` where the provider cannot be asked. Absent ids count as unknown."""
