"""Follow-ups, done: each under the lock of the case it is for, once, in the order written (ADR 0027).

A row is written by the transaction that causes it and deleted by the one that does it; so it is done exactly once,
whatever is killed in between. One question a round finds what waits, for all shards; an idle service asks nothing else.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import orjson

from services.chassis import rounds, telemetry
from services.chassis.failure import Busy, Nature, nature, reason
from services.chassis.service import Running
from services.chassis.transaction import Tx
from services.contracts import ids
from services.contracts.ids import CaseId
from services.router import execute, kinship, metrics, store, wording
from services.router.case import Case
from services.router.follow_ups import FollowUp, OpenChild
from services.router.records import Dossier
from services.router.state import State
from services.router.store import Registration
from services.router.verdicts import Done

EVERY_S = 0.2
LOCK_WAIT_S = 10.0
log = telemetry.logger("router")


async def worker(running: Running[State]) -> None:
    """Until cancelled: whatever waits on the shards this process looks after."""
    await rounds.every(EVERY_S, "follow_ups", partial(look, running))


async def look(running: Running[State]) -> int:
    """One round; returns how many were waiting on our shards."""
    plumbing = running.plumbing
    waiting: dict[int, list[int]] = defaultdict(list)
    for number, case_id in await store.waiting_follow_ups(plumbing.pool):
        waiting[ids.shard_of(case_id, plumbing.shards)].append(number)
    owned = plumbing.owned()
    metrics.FOLLOW_UPS.set(sum(map(len, waiting.values())))
    mine = {shard: some for shard, some in waiting.items() if shard in owned}
    for shard, some in mine.items():
        await _on_shard(running, shard, some)
    return sum(map(len, mine.values()))


async def _on_shard(running: Running[State], shard: int, numbers: Sequence[int]) -> None:
    """Together; if that fails for a reason of our own, one by one, and the one at fault waits for a person."""
    lanes = running.plumbing.lanes
    try:
        await lanes.run(shard, partial(do, numbers), wait_s=LOCK_WAIT_S)
        return
    except Busy:
        return
    except Exception as failed:
        if nature(failed) is not Nature.OWN:
            raise
    for number in numbers:
        try:
            await lanes.run(shard, partial(do, [number]), wait_s=LOCK_WAIT_S)
        except Busy:
            return
        except Exception as failed:
            if nature(failed) is not Nature.OWN:
                raise
            log.error("follow_up.failed", follow_up=number, reason=reason(failed))
            await store.follow_up_failed(running.plumbing.pool, number, reason(failed))


async def do(numbers: Sequence[int], tx: Tx[State]) -> int:
    """Those of them that are still there. What is for a parked case goes on waiting."""
    told = await store.follow_ups(tx.conn, numbers)
    known = await store.cases_of(tx.conn, [CaseId(one.to) for _, one in told])
    dossiers = await store.dossiers_of(tx.conn, known)
    parked = await store.parked_among(tx.conn, known) if tx.row.parked else set()
    now = [(number, one) for number, one in told if one.to not in parked]
    await _write(tx, known, [(one, _decided(tx, known, dossiers, one)) for _, one in now])
    await store.follow_ups_done(tx.conn, [number for number, _ in now])
    tx.after_commit.append(lambda: _count(now))
    return len(now)


def _decided(
    tx: Tx[State], known: dict[CaseId, Case], dossiers: dict[CaseId, Dossier], told: FollowUp
) -> Done | None:
    """Later follow-ups of the batch see what this one did."""
    case_id = CaseId(told.to)
    done = kinship.decide(tx.state.law, known.get(case_id), dossiers.get(case_id), told, tx.now)
    if done is not None:
        before = known.get(case_id)
        done = kinship.with_follow_ups(before, done) if before else done
        known[case_id] = done.case
        execute.tell(tx, case_id, done, str(ids.derive("follow up", told.model_dump_json())))
    return done


async def _write(
    tx: Tx[State], known: dict[CaseId, Case], decided: Sequence[tuple[FollowUp, Done | None]]
) -> None:
    done = [(told, one) for told, one in decided if one is not None]
    new = [
        _registration(told, known[CaseId(told.to)], one) for told, one in done if isinstance(told, OpenChild)
    ]
    await store.register(tx.conn, tx.shard, new)
    moved = [(told, one) for told, one in done if not isinstance(told, OpenChild) and one.events]
    lines = [
        store.moved(one, told.kind, kinship.ACTOR, told.model_dump_json(include={"by", "by_number"}))
        for told, one in moved
    ]
    born = {row.case.id for row in new}
    changed = {one.case.id: known[one.case.id] for _, one in moved if one.case.id not in born}
    await store.change(tx.conn, changed.values(), lines)
    quiet = [told for _, one in done if not one.events for told in one.follow_ups]
    await store.save_follow_ups(tx.conn, quiet)


def _registration(told: OpenChild, case: Case, done: Done) -> Registration:
    sent = told.submission.model_copy(update={"number": told.number, "match_text": ""})
    return Registration(case, sent.model_dump_json(), _verdict(told))


def _verdict(told: OpenChild) -> str:
    """Why a part is whose it is: because a ruling says so."""
    said = wording.part_of(told.by_number)
    return orjson.dumps({
        "lead": told.department, "assists": told.assists, "rule": None, "digest": told.rules_digest, "by": None,
        "matched": (), "near": (), "steps": ("ruling",), "reason": (said.zh, said.en),
    }).decode()  # fmt: skip


def _count(done: Sequence[tuple[int, FollowUp]]) -> None:
    for _, told in done:
        metrics.FOLLOWED.labels(told.kind).inc()
