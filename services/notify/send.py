"""The sender: notices that wait → a provider → what became of them (delivery rule 12).

Claim and commit → begin, if the claim still stands → send, in no transaction → record. A claim whose process died before it
began expires and is taken again; one that had begun is a doubt: the provider is asked by our id, else the template's
written policy decides. One transaction records the last round and claims the next; an idle process asks one question
each `poll_s`.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from services.chassis import clock, rounds, telemetry, transaction
from services.chassis.failure import Busy, Nature, nature, reason
from services.chassis.service import Running
from services.chassis.transaction import Tx
from services.contracts.ids import NoticeId
from services.contracts.values import Audience, Medium
from services.notify import contacts, fate, metrics, result, store
from services.notify.fate import Dropped, Failed, Fate, Send, Sent, Settled, Unknown
from services.notify.provider import Message, Provider
from services.notify.result import Round
from services.notify.state import Bell, State
from services.notify.store import Claimed

log = telemetry.logger("send")
LANE_WAIT_S = 30.0
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Carrier:
    """A provider and the media it carries."""

    provider: Provider
    media: tuple[Medium, ...]
    bell: Bell


def carriers(state: State) -> list[Carrier]:
    found: dict[str, list[Medium]] = {}
    for medium, provider in state.carriers.items():
        found.setdefault(provider.name, []).append(medium)
    by_name = {provider.name: provider for provider in state.carriers.values()}
    return [Carrier(by_name[name], tuple(media), state.bells[name]) for name, media in found.items()]


async def serve(running: Running[State]) -> None:
    """Worker. Until cancelled: one loop a provider, so that a slow one holds up nobody else."""
    async with asyncio.TaskGroup() as group:
        group.create_task(
            rounds.every(running.state.settings.poll_s, "backlog", partial(_show_backlog, running))
        )
        for carrier in carriers(running.state):
            group.create_task(_serve(running, carrier))


async def _serve(running: Running[State], carrier: Carrier) -> None:
    """What the bell was rung for is done at once; the rest (retries, mornings, the claims of the dead) is looked for."""
    looked_at = 0.0
    while True:
        shards = await _rung(carrier.bell, running.state.settings.poll_s)
        if clock.monotonic() - looked_at >= running.state.settings.poll_s:
            shards |= await _look(running, carrier)
            looked_at = clock.monotonic()
        await asyncio.gather(*(_shielded(running, carrier, shard) for shard in sorted(shards)))


async def _rung(bell: Bell, wait_s: float) -> set[int]:
    try:
        async with asyncio.timeout(wait_s):
            await bell.rung.wait()
    except TimeoutError:
        return set()
    return bell.take()


async def _show_backlog(running: Running[State]) -> None:
    """Beside the senders: a provider that takes a call and says nothing must not keep the figure that tells of it."""
    waiting, oldest = await store.backlog(running.plumbing.pool)
    metrics.WAITING.set(waiting)
    metrics.OLDEST.set(oldest)


async def _look(running: Running[State], carrier: Carrier) -> set[int]:
    try:
        return await store.shards_with_work(running.plumbing.pool, carrier.media)
    except Exception as failed:
        if nature(failed) is Nature.OWN:
            raise
        log.warning("send.look_failed", error=type(failed).__name__)
        return set()


async def _shielded(running: Running[State], carrier: Carrier, shard: int) -> None:
    """One bad shard stops no other; what it had claimed expires, and is taken again or settled."""
    try:
        await drain(running, carrier, shard)
    except Exception as failed:
        log.error("send.failed", shard=shard, provider=carrier.provider.name, reason=reason(failed))
        await asyncio.sleep(AGAIN_S)


async def drain(running: Running[State], carrier: Carrier, shard: int) -> None:
    """Until nothing of this carrier's is due in the shard."""
    done: Round | None = None
    while True:
        claimed = await _step(running, carrier, shard, done)
        if claimed is None:
            return
        token, notices = claimed
        work = asyncio.ensure_future(attempt(running, carrier.provider, token, notices))
        try:
            done = await asyncio.shield(work)
        except asyncio.CancelledError:
            await _record_last(running, shard, work)
            raise


async def _step(
    running: Running[State], carrier: Carrier, shard: int, done: Round | None
) -> tuple[UUID, list[Claimed]] | None:
    """Record the last round and claim the next, in one transaction; tried until the lane is free."""
    while True:
        token = uuid.uuid4()

        async def step(tx: Tx[State], token: UUID = token) -> list[Claimed]:
            if done is not None:
                await result.record(done, tx)
            return await result.claim(carrier.provider, carrier.media, token, tx)

        try:
            notices = await running.plumbing.lanes.run(shard, step, wait_s=LANE_WAIT_S)
        except Busy:
            if done is None:
                return None
            await asyncio.sleep(AGAIN_S)
            continue
        return (token, notices) if notices else None


async def _record_last(running: Running[State], shard: int, work: "asyncio.Future[Round]") -> None:
    """We are told to stop while a provider is at work: wait for it, and record past the lanes, which stop as well."""
    plumbing = running.plumbing
    try:
        async with asyncio.timeout(plumbing.settings.drain_s):
            done = await work
            async with transaction.begin(
                plumbing.pool, plumbing.name, shard, plumbing.clock, running.state
            ) as tx:
                await result.record(done, tx)
    except Exception as failed:
        log.warning("send.cut_short", shard=shard, error=type(failed).__name__)


async def attempt(
    running: Running[State], provider: Provider, token: UUID, notices: Sequence[Claimed]
) -> Round:
    """Hand over what may be handed over; says what became of each."""
    settled = await _settle_doubts(running.state, [one for one in notices if one.doubtful])
    to_send = [one for one in notices if isinstance(settled.get(one.notice_id, Send()), Send)]
    margin, wanted = timedelta(seconds=provider.call_s), [one.notice_id for one in to_send]
    begun = await store.begin(running.plumbing.pool, wanted, token, margin, provider.name)
    turned = await _send(running.state, provider, [one for one in to_send if one.notice_id in begun])
    turned |= {one: verdict for one, verdict in settled.items() if not isinstance(verdict, Send)}
    known = tuple((one, turned[one.notice_id]) for one in notices if one.notice_id in turned)
    return Round(token, provider.name, known)


async def _settle_doubts(state: State, doubtful: Sequence[Claimed]) -> dict[NoticeId, Sent | Send | Dropped]:
    """Each is asked of the provider that had it."""
    by_name = {provider.name: provider for provider in state.carriers.values()}
    found: dict[NoticeId, Sent | Send | Dropped] = {}
    for name in {one.carrier for one in doubtful}:
        had = by_name.get(name)
        theirs = [one for one in doubtful if one.carrier == name]
        answers = await had.ask([one.notice_id for one in theirs]) if had else {}
        for one in theirs:
            answer = answers.get(one.notice_id, Unknown("cannot_be_asked"))
            verdict = fate.resolve(
                answer, bool(had and had.drops_repeats), one.on_unknown, one.attempts, state.settings.retry
            )
            metrics.DOUBTS.labels(name, type(verdict).__name__.lower()).inc()
            found[one.notice_id] = verdict
    return found


async def _send(state: State, provider: Provider, notices: Sequence[Claimed]) -> dict[NoticeId, Settled]:
    addressed = {one.notice_id: message(state, one) for one in notices}
    messages = [one for one in addressed.values() if one is not None]
    fates = await _fates(provider, messages) if messages else {}
    return {
        one.notice_id: fate.settle(fates[one.notice_id], one.attempts, state.settings.retry)
        if one.notice_id in fates
        else Failed("no_address")
        for one in notices
    }


async def _fates(provider: Provider, messages: Sequence[Message]) -> Mapping[NoticeId, Fate]:
    """What raises, or takes longer than it may, has left everything unknown."""
    began = clock.monotonic()
    fates: Sequence[Fate]
    try:
        async with asyncio.timeout(provider.call_s):
            fates = await provider.send(messages)
    except Exception as failed:
        log.warning("provider.failed", provider=provider.name, error=type(failed).__name__)
        fates = [Unknown(type(failed).__name__)] * len(messages)
    metrics.SEND_SECONDS.labels(provider.name).observe(clock.monotonic() - began)
    for one in fates:
        metrics.TRIES.labels(provider.name, type(one).__name__.lower()).inc()
    return {message.notice_id: one for message, one in zip(messages, fates, strict=True)}


def message(state: State, notice: Claimed) -> Message | None:
    """The notice with its address in clear, for the moment of sending. None: there is no such address any more."""
    to = _citizen(state, notice) if notice.audience is Audience.CITIZEN else _officer(state, notice)
    if to is None:
        return None
    return Message(
        notice.notice_id, notice.medium, to, contacts.masked(to) if notice.medium is Medium.SMS else "—",
        notice.recipient, notice.locale, notice.body, notice.parts, notice.number, notice.event, notice.audience,
        state.clock.now(),
    )  # fmt: skip


def _citizen(state: State, notice: Claimed) -> str | None:
    if notice.contact is None:
        return None
    person = contacts.read(notice.contact, state.opener)
    return person.phone if notice.medium is Medium.SMS else person.app_user


def _officer(state: State, notice: Claimed) -> str | None:
    """By SMS the number the roster has now; elsewhere the roster id."""
    officer = state.bylaw.roster.officer_by_id.get(notice.recipient)
    if notice.medium is not Medium.SMS:
        return notice.recipient
    return officer.phone if officer else None
