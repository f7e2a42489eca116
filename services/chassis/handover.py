"""Records become work for the lanes; what comes of it moves the place they were read from."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import ConsumerRecord, TopicPartition

from services.chassis import events_in, places
from services.chassis.events_in import EventBatch, Table
from services.chassis.failure import Gap
from services.chassis.lanes import Lanes
from services.chassis.places import Place, Poll
from services.chassis.requests_in import InboxBatch
from services.chassis.service import Asked, Inbox
from services.contracts import ids

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HandOver:
    """`back` seeks a partition to where its place is done, for reading again after a gap."""

    def __init__(
        self,
        lanes: Lanes,
        table: Table,
        inbox: Inbox | None,
        batch_size: int,
        back: Callable[[TopicPartition], None],
    ) -> None:
        self._lanes, self._table, self._inbox, self._batch_size, self._back = (
            lanes,
            table,
            inbox,
            batch_size,
            back,
        )
        self._shards = len(lanes.lanes)

    def events(self, tp: TopicPartition, place: Place, records: Sequence[ConsumerRecord]) -> None:
        size = self._batch_size
        for start in range(0, len(records), size):
            some = records[start : start + size]
            decoded = [
                events_in.decode(
                    r.topic, r.partition, r.offset, r.key, list(r.headers), r.value or b"", self._table
                )
                for r in some
            ]
            batch = EventBatch(decoded, self._table, self._outcome(tp, place, some[-1].offset + 1))
            self._lanes.put(tp.partition, batch)

    def _outcome(self, tp: TopicPartition, place: Place, end: int) -> events_in.Outcome:
        def told(error: BaseException | None) -> None:
            if error is None:
                place.done, place.gap = max(place.done, end), None
            elif isinstance(error, Gap):
                self._gap(tp, place, error)
            else:
                place.paused = True

        return told

    def _gap(self, tp: TopicPartition, place: Place, gap: Gap) -> None:
        """Never skipped: read again from what was applied. The same gap on reading again is the topic's own: stop.

        Everything that was queued behind it comes here with the same Gap, other topics of the shard included.
        """
        known = place.gap
        again = (
            known is not None
            and known is not gap
            and (known.expected, known.found) == (gap.expected, gap.found)
        )
        if gap.topic == tp.topic:
            place.gap = gap
            if again:
                self._lanes.lanes[tp.partition].stop(str(gap))
                return
        self._back(tp)

    def requests(
        self, polled: Mapping[TopicPartition, Sequence[ConsumerRecord]], at: Mapping[TopicPartition, Place]
    ) -> None:
        """What one poll brought of all inbox topics: one batch a shard, in the order the broker took them."""
        by_shard: dict[int, list[Asked]] = {}
        polls: dict[str, tuple[Place, Poll]] = {}
        for tp, records in polled.items():
            poll = Poll(records[-1].offset + 1, places.appended_at(records[-1]), 0)
            at[tp].pending.append(poll)
            polls[tp.topic] = at[tp], poll
            for record in records:
                by_shard.setdefault(self._shard(record), []).append(self._asked(record))
        concerned = {
            shard: [polls[topic] for topic in {one.topic for one in asked}]
            for shard, asked in by_shard.items()
        }
        for _, poll in itertools.chain.from_iterable(concerned.values()):
            poll.shards += 1  # all of them first: a stopped shard answers at once
        for shard, asked in by_shard.items():
            self._hand_in(shard, _as_taken(asked), concerned[shard])

    def _hand_in(self, shard: int, asked: Sequence[Asked], concerned: Sequence[tuple[Place, Poll]]) -> None:
        assert self._inbox is not None
        batch = InboxBatch(shard, asked, self._inbox, self._table, self._poll_outcome(concerned))
        self._lanes.put(shard, batch)

    def _shard(self, record: ConsumerRecord) -> int:
        case = self._inbox.case_of(record.value or b"") if self._inbox else None
        return ids.shard_of(case, self._shards) if case is not None else 0

    def _asked(self, record: ConsumerRecord) -> Asked:
        at = places.appended_at(record)
        actor = self._inbox.actor_of(record.topic) if self._inbox else ""
        return Asked(
            actor,
            record.topic,
            record.offset,
            record.value or b"",
            self._lanes.clock.city(at) if at else None,
        )

    def _poll_outcome(self, concerned: Sequence[tuple[Place, Poll]]) -> events_in.Outcome:
        def told(error: BaseException | None) -> None:
            for place, poll in concerned:
                poll.failed |= error is not None
                poll.shards -= 1
                _advance(place)

        return told


def _advance(place: Place) -> None:
    """Everything before the first poll that is still in work is done, but for what a stopped shard has left undone."""
    while place.pending and place.pending[0].shards == 0:
        finished = place.pending.popleft()
        place.left_behind |= finished.failed
        if not place.left_behind:
            place.done = finished.end
        if finished.last_at is not None:
            place.executed_at = finished.last_at - timedelta(milliseconds=1)


def _as_taken(asked: Sequence[Asked]) -> list[Asked]:
    """In the order the broker took them. Of one topic always by offset, also where the broker's clock went back:
    what is executed after a higher offset of its topic would be dropped as a repeat."""
    latest: dict[str, datetime] = {}
    placed = []
    for one in asked:
        at = latest[one.topic] = max(one.appended_at or EPOCH, latest.get(one.topic, EPOCH))
        placed.append((at, one.topic, one.offset, one))
    return [place[3] for place in sorted(placed, key=lambda place: place[:3])]
