"""Claims and results, under the shard's lock: who may try what now, and what is written when a try is over."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.chassis.transaction import Tx
from services.contracts.ids import NoticeId
from services.contracts.values import Audience, Medium
from services.notify import decide, metrics, outcome, store
from services.notify.fate import Again, Dropped, Failed, InDoubt, Sent, Settled
from services.notify.provider import Provider
from services.notify.state import State
from services.notify.store import Claimed, Notice, Turned

CAP_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one claim, in the order it was claimed."""

    token: UUID
    provider: str
    settled: tuple[tuple[Claimed, Settled], ...]


async def claim(provider: Provider, media: Sequence[Medium], token: UUID, tx: Tx[State]) -> list[Claimed]:
    """The oldest due notices; those whose number has had its share of this hour go to the feed instead."""
    lease = timedelta(seconds=tx.state.settings.claim_s)
    claimed = await store.claim(tx.conn, tx.shard, media, provider.at_once, token, lease, provider.name)
    over = await _over_cap(claimed, token, tx)
    if over:
        capped = tuple((one, Dropped("rate_cap")) for one in claimed if one.notice_id in over)
        await record(Round(token, provider.name, capped), tx)
    return [one for one in claimed if one.notice_id not in over]


async def _over_cap(claimed: Sequence[Claimed], token: UUID, tx: Tx[State]) -> set[NoticeId]:
    """A city hour's share of SMS per number. A doubt is no new SMS: it is settled first."""
    texts = [one for one in claimed if one.medium is Medium.SMS and not one.doubtful]
    if not texts:
        return set()
    numbers = {one.recipient for one in texts}
    sent = Counter(await store.sent_lately(tx.conn, numbers, tx.now - CAP_WINDOW, token))
    over: set[NoticeId] = set()
    for one in texts:
        sent[one.recipient] += 1
        if sent[one.recipient] > _cap(one.audience, tx.state):
            over.add(one.notice_id)
    return over


def _cap(audience: Audience, state: State) -> int:
    return state.settings.cap_citizen if audience is Audience.CITIZEN else state.settings.cap_staff


async def record(done: Round, tx: Tx[State]) -> None:
    """Write what became of a claim, announce what is over, send to the feed what failed by SMS.

    What is no longer ours (the claim expired and somebody else settled it) is left alone.
    """
    turned = [_turned(one, verdict) for one, verdict in done.settled]
    ours = await store.settle(tx.conn, turned, done.token, tx.now) if turned else set()
    over: list[Claimed] = []
    for one, verdict in done.settled:
        if one.notice_id in ours and not isinstance(verdict, Again | InDoubt):
            outcome.announce(_notice(one, verdict, done.provider, tx), tx)
            if not isinstance(verdict, Sent):
                over.append(one)
    await fall_back(over, tx)


def _turned(one: Claimed, verdict: Settled) -> Turned:
    match verdict:
        case Sent(reference):
            return Turned(one.notice_id, "sent", reference=reference)
        case Failed(reason):
            return Turned(one.notice_id, "failed", reason)
        case Dropped(reason):
            return Turned(one.notice_id, "suppressed", reason)
        case Again(after, reason):
            return Turned(one.notice_id, "waiting", reason, after=after)
        case InDoubt(after, reason):
            return Turned(one.notice_id, "unknown", reason, after=after)


def _notice(one: Claimed, verdict: Settled, provider: str, tx: Tx[State]) -> Notice:
    turned = _turned(one, verdict)
    wall = tx.state.clock.wall(tx.now)
    return Notice(
        **one.words, state=turned.state, provider=provider, reason=turned.reason, look_at=wall, done_at=tx.now
    )


async def fall_back(failed: Sequence[Claimed], tx: Tx[State]) -> None:
    """SMS → app: the same words in the feed, unless the feed has told of this event already."""
    rows = [row for one in failed if one.medium is Medium.SMS and (row := _in_feed(one, tx)) is not None]
    for notice in await outcome.tell(rows, tx) if rows else ():
        metrics.FALLBACKS.labels(notice.audience).inc()


def _in_feed(one: Claimed, tx: Tx[State]) -> Notice | None:
    reader = one.app if one.audience is Audience.CITIZEN else one.recipient
    if reader is None:
        return None
    known_as = decide.notice_id(one.case_id, one.event, one.event_id, reader, Medium.APP)
    there = {"notice_id": known_as, "recipient": reader, "medium": Medium.APP, "parts": 1}
    return Notice(
        **one.words | there, state="sent", provider=outcome.FEED, reason="instead_of_sms",
        look_at=tx.state.clock.wall(tx.now), done_at=tx.now,
    )  # fmt: skip
