"""suban.dead-letters.v1: any → operators."""

from services.contracts import topics
from services.contracts.events.event import Event
from services.contracts.values import Sealed


class DeadLetter(Event):
    """A record without a readable key: where it came from, why, and the original sealed to notify's key."""

    TYPE = "dead.letter"
    TOPIC = topics.DEAD_LETTERS
    topic: str
    partition: int
    offset: int
    sha256: str
    reason: str
    sealed: Sealed | None = None


def _leaves(kind: type[Event]) -> list[type[Event]]:
    below = [leaf for child in kind.__subclasses__() for leaf in _leaves(child)]
    return [kind, *below] if kind.TYPE else below
