"""A line of the journal: identity, content hash, event. The event is what the contract says it is."""

import json
from datetime import UTC, datetime

import pytest

from services.chassis import heads, sealing
from services.contracts import envelope as envelopes
from services.contracts import ids
from services.contracts.envelope import Envelope
from services.contracts.events import SubmissionReceived
from services.contracts.values import ChannelKind, Contact, Datum, Kind, Locale, Person, Segment
from services.intake import decide, submission
from services.intake.canonical import Request
from services.intake.decide import Accepted, Refused, Stored
from services.intake.submission import Entry
from tests.unit.intake import sample

AT = "2026-11-22T01:00:00.000001Z"
FULL = sample.request(
    title="路&amp;灯", category="市容环卫/路灯", kind="report", segment="enterprise", occurred_at="2026-11-22T09:00:00+08:00",
    place={"address": "新榕路", "lat": 22.68, "lon": 114.34, "datum": "GCJ02", "area": "pingshan/biling"},
    reporter={"name": "王小明", "phone": "13800138000", "app_user": "u", "locale": "en"},
    media=[{"url": "https://x/y", "sha256": "0" * 64}], extra={"b": 1, "a": [None, "\u2028"]},
)  # fmt: skip


def entry(request: Request, key: str | None = None, **channel: object) -> Entry:
    made = submission.entry(request, sample.channel(**channel), key, sample.SEALS, 1.0)
    assert isinstance(made, Entry)
    return made


def event(made: Entry) -> SubmissionReceived:
    return SubmissionReceived.model_validate_json(made.event("20261122-7K3M-9QX2", AT), extra="forbid")


def test_the_event_reads_back_as_the_contract_s() -> None:
    data = event(entry(FULL))
    assert data.contact.sealed is not None
    person = Person.model_validate_json(sealing.Opener(sample.PRIVATE).open(data.contact.sealed))
    assert person == Person(name="王小明", phone="+8613800138000", app_user="u")
    shown = Contact(
        masked_name="王**", masked_phone="138****8000", textable=True, has_app=True, locale=Locale.EN
    )
    assert data.contact.model_copy(update={"sealed": None}) == shown
    assert (data.channel, data.channel_kind, data.request_key) == ("web", ChannelKind.WEB, "r-1")
    assert (data.text, data.match_text) == ("路灯不亮", "路&灯 路灯不亮")
    assert (data.kind, data.segment, data.category) == (Kind.REPORT, Segment.ENTERPRISE, "市容环卫/路灯")
    assert (data.place.datum, data.place.area) == (Datum.GCJ02, "pingshan/biling")
    assert data.occurred_at == datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert data.extra == {"a": [None, "\u2028"], "b": 1}
    assert data.media[0].url == "https://x/y"


def test_the_least_request_is_an_event_with_the_contract_s_defaults() -> None:
    data = event(entry(sample.request()))
    assert (data.kind, data.segment, data.contact.sealed) == (Kind.COMPLAINT, Segment.CITIZEN, None)


def test_the_headers_are_the_envelope_s() -> None:
    made = entry(FULL)
    case = ids.case_id("web", "r-1")
    at = datetime(2026, 11, 22, 1, 0, 0, 1, tzinfo=UTC)
    head = Envelope(
        ids.event_id(str(case), "submission.received", 0),
        "intake",
        "submission.received",
        at,
        case,
        str(case),
        str(case),
    )
    assert made.headers(AT) == heads.pack(envelopes.to_headers(head))
    assert made.case_id == str(case)
    assert made.shard == ids.shard_of(case, 4)


def test_who_is_anonymous_is_sealed_and_not_shown() -> None:
    contact = event(
        entry(sample.request(reporter={"name": "王小明", "phone": "13800138000", "anonymous": True}))
    ).contact
    assert (contact.masked_name, contact.masked_phone, contact.anonymous) == (None, None, True)
    assert contact.sealed is not None


def test_nothing_in_clear_is_kept_of_the_reporter() -> None:
    made = entry(FULL)
    for secret in ("13800138000", "王小明"):
        assert secret not in repr(made)
        assert secret.encode() not in made.event("n", AT)


def test_the_content_hash_sees_everything_and_only_content() -> None:
    base = entry(FULL).body_hash
    assert entry(FULL.model_copy()).body_hash == base
    assert entry(FULL, preset={"category": "交通运输"}).body_hash == base
    for changed in (
        {"text": "x"},
        {"kind": None},
        {"reporter": sample.request(reporter={"phone": "13800138001"}).reporter},
    ):
        assert entry(FULL.model_copy(update=changed)).body_hash != base
    other = submission.Seals(sample.SEALS.sealer, b"another secret of the tests", 4)
    again = submission.entry(FULL, sample.channel(), None, other, 1.0)
    assert isinstance(again, Entry)
    assert again.body_hash != base


def test_a_preset_fills_what_is_not_said_and_nothing_else() -> None:
    preset = {"category": "交通运输", "segment": "enterprise", "kind": "help", "area": "pingshan/biling"}
    filled, kept = (
        event(entry(sample.request(), preset=preset)),
        event(entry(FULL, preset=preset | {"area": "pingshan"})),
    )
    assert (filled.category, filled.segment, filled.kind) == ("交通运输", "enterprise", "help")
    assert (filled.place.area, filled.preset_area) == (None, "pingshan/biling")  # no word of the sender's
    assert (kept.category, kept.kind, kept.place.area) == ("市容环卫/路灯", "report", "pingshan/biling")
    assert kept.preset_area == "pingshan"


def test_the_channel_s_own_id_wins_over_the_header() -> None:
    assert entry(FULL, "k").request_key == "r-1"
    assert entry(FULL, "k").idempotency_key == "k"
    bare = entry(FULL.model_copy(update={"request_id": None}), "k")
    assert (bare.request_key, bare.idempotency_key) == ("k", None)


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (sample.request(request_id=None), decide.NO_KEY),
        (sample.request(reporter={"phone": "123456"}), decide.BAD_PHONE),
    ],
)
def test_what_can_be_no_line(request_: Request, refusal: Refused) -> None:
    assert submission.entry(request_, sample.channel(), None, sample.SEALS, 1.0) == refusal


def test_repeats_are_judged_by_content() -> None:
    stored = Stored(b"hash", "n", datetime(2026, 11, 22, tzinfo=UTC))
    assert decide.repeated("c", b"hash", stored) == Accepted("c", "n", stored.received_at, repeat=True)
    assert decide.repeated("c", b"other", stored) == decide.REPEATED_OTHERWISE


def test_tracking_codes_need_the_secret() -> None:
    made = entry(FULL)
    assert made.tracking == entry(FULL).tracking
    assert len(made.tracking) == 11
    assert json.loads(made.event("n", AT))["tracking"] == made.tracking
