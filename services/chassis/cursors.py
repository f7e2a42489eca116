"""How far each (topic, shard) is on Kafka, as this process knows it; written down once a second.

What is written down may lag: behind, it makes repeats after a crash and no loss (delivery rule 6). So no publication
waits for a commit of its cursor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from services.chassis import database

SQL = database.SQL
Place = tuple[str, int]


@dataclass(slots=True)
class Cursors:
    """`reached`: last number acknowledged. `stored`: what we last knew to be written down."""

    reached: dict[Place, int] = field(default_factory=dict)
    stored: dict[Place, int] = field(default_factory=dict)

    def of(self, place: Place) -> int:
        return self.reached.get(place, 0)

    def advance(self, place: Place, number: int) -> None:
        self.reached[place] = max(number, self.reached.get(place, 0))

    def learn(self, found: Mapping[Place, int]) -> None:
        """What is written down. Behind what we wrote it was set back, for the broker has lost records: go back too."""
        for place, number in found.items():
            if number < self.stored.get(place, 0):
                self.reached[place] = number
            self.stored[place] = number
            self.advance(place, number)

    async def keep(self, conn: database.Connection | asyncpg.Pool, shards: Sequence[int]) -> None:
        """Write down what has moved on these shards."""
        moved = {
            place: number
            for place, number in self.reached.items()
            if place[1] in shards and number != self.stored.get(place, 0)
        }
        if moved:
            columns = zip(*((topic, shard, number) for (topic, shard), number in moved.items()), strict=True)
            await conn.execute(SQL["set_published"], *columns)
            self.stored.update(moved)
