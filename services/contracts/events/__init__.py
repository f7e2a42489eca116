"""Every event, by topic. A type changes by addition only; anything else is a new type.

An event says what happened, in the past tense. `at` is the instant it counts from, in city time: our receipt,
the broker's append time of a department's command, or the moment an HTTP command was taken (product.md, Clocks).

One file a topic; what several files write to suban.cases.v1 is by noun.
"""

from services.contracts.events.asking import *
from services.contracts.events.assignments import *
from services.contracts.events.cases import *
from services.contracts.events.clocks import *
from services.contracts.events.dead_letters import *
from services.contracts.events.disputes import *
from services.contracts.events.emergencies import *
from services.contracts.events.event import Event as Event
from services.contracts.events.event import unchecked as unchecked
from services.contracts.events.merging import *
from services.contracts.events.notices import *
from services.contracts.events.replies import *
from services.contracts.events.submissions import *
from services.contracts.events.together import *
from services.contracts.events.verifying import *
from services.contracts.events.watermarks import *


def _leaves(kind: type[Event]) -> list[type[Event]]:
    below = [leaf for child in kind.__subclasses__() for leaf in _leaves(child)]
    return [kind, *below] if kind.TYPE else below


# Every event by its name on the wire; consumers decode by it and count unknown types as applied.
EVENTS: dict[str, type[Event]] = {event.TYPE: event for event in _leaves(Event)}
