"""From verdicts to rows, feed entries and events on suban.notices.v1; all in the transaction they were decided in."""

from collections.abc import Sequence

from services.chassis.transaction import Tx
from services.contracts.events import NoticeEvent, NoticeFailed, NoticeSent, NoticeSuppressed
from services.contracts.values import Medium
from services.notify import metrics, sms, store
from services.notify.decide import Intended, Suppressed, Verdict
from services.notify.state import State
from services.notify.store import Notice

FEED = "feed"
NOBODY = "nobody"


async def intend(verdicts: Sequence[Verdict], tx: Tx[State]) -> None:
    """Write them, once each. What goes to a feed is told with this commit; the rest waits for the sender."""
    await tell([_row(verdict, tx) for verdict in verdicts], tx)


async def tell(notices: Sequence[Notice], tx: Tx[State]) -> list[Notice]:
    """The new ones of these, written; those that are done already are announced."""
    by_id = {notice.notice_id: notice for notice in notices}
    fresh = await store.add_notices(tx.conn, list(by_id.values()), tx.shard, tx.now)
    new = [notice for notice in by_id.values() if notice.notice_id in fresh]
    await store.add_feed(tx.conn, [one for one in new if one.provider == FEED], tx.now)
    for notice in new:
        if notice.done_at is not None:
            announce(notice, tx)
    if any(notice.done_at is None for notice in new):
        tx.after_commit.append(lambda: tx.state.wake(tx.shard))
    if readers := [one.recipient for one in new if one.provider == FEED]:
        tx.after_commit.append(lambda: tx.state.listeners.tell(readers))
    return new


def announce(notice: Notice, tx: Tx[State]) -> None:
    """The result event of a notice that is done. Its id is derived from the notice's, so a repeat is the same."""
    said = _event(notice)
    tx.emit(said, case_id=notice.case_id, cause=str(notice.notice_id))
    tx.after_commit.append(lambda: _count(notice))


def _event(notice: Notice) -> NoticeEvent:
    who = {
        "notice_id": str(notice.notice_id), "number": notice.number, "event": notice.event, "audience": notice.audience,
        "medium": notice.medium, "recipient": notice.recipient, "template": notice.template,
    }  # fmt: skip
    match notice.state:
        case "sent":
            return NoticeSent.model_validate({**who, "provider": notice.provider, "parts": notice.parts})
        case "failed":
            return NoticeFailed.model_validate({**who, "provider": notice.provider, "reason": notice.reason})
    return NoticeSuppressed.model_validate({**who, "reason": notice.reason})


def _count(notice: Notice) -> None:
    metrics.NOTICES.labels(notice.event, notice.audience, notice.medium, notice.state).inc()
    if notice.state == "sent" and notice.medium is Medium.SMS:
        metrics.PARTS.labels(notice.audience).inc(notice.parts)
    if notice.state == "suppressed":
        metrics.SUPPRESSED.labels(notice.reason or "").inc()


def _row(verdict: Verdict, tx: Tx[State]) -> Notice:
    if isinstance(verdict, Suppressed):
        return _suppressed(verdict, tx)
    text = _text(verdict, tx)
    to_feed = verdict.medium is Medium.APP
    return Notice(
        verdict.notice_id, verdict.occurrence.case_id, verdict.occurrence.subject.number, verdict.occurrence.event,
        verdict.occurrence.event_id, verdict.audience, verdict.recipient, verdict.medium, verdict.template.name(verdict.locale), verdict.locale,
        text, sms.length(text).parts if verdict.medium is Medium.SMS else 1, verdict.on_unknown,
        "sent" if to_feed else "waiting", FEED if to_feed else None, None,
        tx.state.clock.wall(verdict.not_before), tx.now if to_feed else None,
    )  # fmt: skip


def _suppressed(verdict: Suppressed, tx: Tx[State]) -> Notice:
    return Notice(
        verdict.notice_id, verdict.occurrence.case_id, verdict.occurrence.subject.number, verdict.occurrence.event,
        verdict.occurrence.event_id, verdict.audience, NOBODY, verdict.template.medium, verdict.template.name(verdict.locale), verdict.locale, "", 0,
        verdict.template.on_unknown, "suppressed", None, verdict.reason, tx.state.clock.wall(tx.now), tx.now,
    )  # fmt: skip


def _text(verdict: Intended, tx: Tx[State]) -> str:
    return verdict.template.render(verdict.occurrence.subject, tx.state.bylaw.city, verdict.locale)
