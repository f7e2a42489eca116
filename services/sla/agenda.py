"""When it is worth asking the database for due rungs: an idle service must cost nothing.

A hint in memory, never a decision. It errs towards asking: it forgets what it knew after a while, because another
process may have had the shard meanwhile.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look at a shard found: the next rung's instant (city), None when there is none."""

    next_at: datetime | None
    looked_at: float


@dataclass(slots=True)
class Agenda:
    """`lifetime`: wall seconds a look is believed."""

    lifetime: float
    looks: dict[int, Look] = field(default_factory=dict)

    def note(self, shard: int, next_at: datetime | None, wall: float) -> None:
        self.looks[shard] = Look(next_at, wall)

    def sooner(self, shard: int, at: datetime) -> None:
        """A clock was opened or changed: its next rung may be the first of all."""
        look = self.looks.get(shard)
        if look and (look.next_at is None or at < look.next_at):
            self.looks[shard] = Look(at, look.looked_at)

    def worth(self, shard: int, wall: float, until: datetime | None) -> bool:
        """Whether a rung may fire now, `until` being the instant up to which one could."""
        look = self.looks.get(shard)
        if look is None or wall - look.looked_at >= self.lifetime:
            return True
        return look.next_at is not None and until is not None and look.next_at <= until
