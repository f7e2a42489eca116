"""suban.submissions.v1: intake → router."""

from pydantic import Field, JsonValue

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import ActKind, ChannelKind, Contact, Instant, Kind, Media, Place, Segment


class SubmissionReceived(Event):
    """A request answered 2xx. `text` is the citizen's original, `match_text` the form rules are matched on.

    `preset_area` is what the channel or QR code is known to stand in; the router asks it after what was said.
    """

    TYPE = "submission.received"
    TOPIC = topics.SUBMISSIONS
    number: str
    channel: str
    channel_kind: ChannelKind
    request_key: str
    received_at: Instant
    occurred_at: Instant | None = None
    title: str | None = None
    text: str
    match_text: str
    category: str | None = None
    place: Place = Place()
    preset_area: str | None = None
    kind: Kind = Kind.COMPLAINT
    segment: Segment = Segment.CITIZEN
    media: tuple[Media, ...] = ()
    contact: Contact = Contact()
    tracking: str | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class ActReceived(Event):
    """What the citizen added through the channel: 补充 / 催办 / 撤诉 / 评价."""

    TYPE = "act.received"
    TOPIC = topics.SUBMISSIONS
    act_id: str
    channel: str
    kind: ActKind
    received_at: Instant
    text: str | None = None
    rating: int | None = None
