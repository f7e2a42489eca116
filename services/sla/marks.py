"""Watermarks, the reading side (delivery rule 8): up to which instant the log is proven to be complete.

A mark says of a shard: *once everything numbered ≤ `number` is applied, nothing older than `at` is missing, and of each
command topic everything appended up to its instant is among it.* The command instants were taken before the number was
read, so they hold together with that number and with no smaller one. Each such sentence stays true for ever: the newest
wins, an older one moves nothing back, and it does not matter which router wrote it, nor in which order they arrive.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.contracts.events import Watermark

# Sentences a shard keeps while we are behind. Beyond it every second one goes, and of those that come only every
# second stays, evenly over the way we have to catch up: that loses time, not truth.
PENDING = 512


@dataclass(frozen=True, slots=True)
class Sentence:
    number: int
    at: datetime
    commands: Mapping[str, datetime]
    parked: frozenset[str]


@dataclass(slots=True)
class ShardMarks:
    """What is known of one shard. `pending` waits, in order of number, until its numbers are applied."""

    at: datetime | None = None
    commands: dict[str, datetime] = field(default_factory=dict)
    parked: frozenset[str] = frozenset()
    pending: deque[Sentence] = field(default_factory=deque)
    stride: int = 1
    heard: int = 0

    def hear(self, sentence: Sentence) -> None:
        last = self.pending[-1] if self.pending else None
        self.heard += 1
        if last and sentence.number < last.number:  # from a slower router; put where it belongs
            self.pending = deque(sorted((*self.pending, sentence), key=lambda each: each.number))
        elif last and sentence.number == last.number:
            self.pending[-1] = _both(last, sentence)
        elif last and self.heard % self.stride:
            self.pending[-1] = sentence
        else:
            self.pending.append(sentence)
        if len(self.pending) > PENDING:
            self.pending = deque(each for place, each in enumerate(self.pending) if place % 2 == 0)
            self.stride *= 2

    def apply(self, applied: int) -> None:
        while self.pending and self.pending[0].number <= applied:
            self._hold(self.pending.popleft())
        if not self.pending:
            self.stride = 1

    def _hold(self, sentence: Sentence) -> None:
        if self.at is None or sentence.at >= self.at:
            self.at, self.parked = sentence.at, sentence.parked
        for topic, at in sentence.commands.items():
            self.commands[topic] = max(at, self.commands.get(topic, at))


class Marks:
    """All shards. `topics` are the command topics of the city: without an instant of each nothing is proven.

    A topic that comes into the city later binds from the first mark that names it, one that leaves binds no more.
    """

    def __init__(self, topics: Iterable[str] = ()) -> None:
        self._city = frozenset(topics)
        self._binding = self._city
        self._shards: dict[int, ShardMarks] = {}

    def feed(self, mark: Watermark) -> None:
        parked = frozenset(mark.parked)
        self._binding |= self._city & mark.commands.keys()
        for shard, seen in mark.shards.items():
            self._of(shard).hear(Sentence(seen.number, seen.at, mark.commands, parked))

    def city_changed(self, topics: Iterable[str]) -> None:
        self._city = frozenset(topics)
        self._binding &= self._city

    def watermark(self, shard: int, applied: int) -> datetime | None:
        """City time; None while something binding was never heard of. `applied`: last number of the log."""
        of_shard = self._of(shard)
        of_shard.apply(applied)
        return self._least(of_shard.at, of_shard.commands)

    def promised(self, shard: int) -> datetime | None:
        """What the watermark becomes once everything heard of is applied: a hint, no proof."""
        of_shard = self._of(shard)
        whole = ShardMarks(of_shard.at, dict(of_shard.commands), of_shard.parked)
        for sentence in of_shard.pending:
            whole._hold(sentence)
        return self._least(whole.at, whole.commands)

    def held(self, shard: int, applied: int) -> frozenset[str]:
        """Case ids the router has parked: their acts may be waiting, so their rungs wait too.

        A case named by a mark that is still pending counts already; one that is named no more counts until the mark
        that says so is valid, for what its release did stands before that mark's number.
        """
        of_shard = self._of(shard)
        of_shard.apply(applied)
        return of_shard.parked.union(*(sentence.parked for sentence in of_shard.pending))

    def missing(self, shard: int) -> frozenset[str]:
        """Command topics that no valid mark has named for this shard: why nothing is proven."""
        return self._binding - self._of(shard).commands.keys()

    def _of(self, shard: int) -> ShardMarks:
        return self._shards.setdefault(shard, ShardMarks())

    def _least(self, at: datetime | None, commands: Mapping[str, datetime]) -> datetime | None:
        if at is None or not self._binding <= commands.keys():
            return None
        return min([at, *(commands[topic] for topic in self._binding)])


def _both(one: Sentence, other: Sentence) -> Sentence:
    """Two sentences about the same number, both true: the later word on everything."""
    newer = other if other.at >= one.at else one
    topics = one.commands.keys() | other.commands.keys()
    latest = {
        topic: max(said[topic] for said in (one.commands, other.commands) if topic in said)
        for topic in topics
    }
    return Sentence(one.number, newer.at, latest, newer.parked)
