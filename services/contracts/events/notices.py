"""suban.notices.v1: notify → all. `recipient` is a blind index or a roster id, never a number."""

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import Audience, Medium


class NoticeEvent(Event):
    TOPIC = topics.NOTICES
    notice_id: str
    number: str
    event: str
    audience: Audience
    medium: Medium
    recipient: str
    template: str


class NoticeSent(NoticeEvent):
    TYPE = "notice.sent"
    provider: str
    parts: int = 1


class NoticeDelivered(NoticeEvent):
    TYPE = "notice.delivered"
    provider: str


class NoticeFailed(NoticeEvent):
    TYPE = "notice.failed"
    provider: str
    reason: str


class NoticeSuppressed(NoticeEvent):
    """Not sent on purpose: quiet hours past use, no address, fate unknown and the template says don't repeat."""

    TYPE = "notice.suppressed"
    reason: str
