"""What rules are asked with, and what they answer. Tuples, for they are made anew for every case.

The answer keeps what `why` has to say: which conditions held and where in the text, what was classified before, and
which rules came near.
"""

from datetime import datetime
from typing import NamedTuple

from services.contracts.values import ChannelKind, Kind, Segment, TriageClass
from services.router.rules import Rule

NONE: frozenset[str] = frozenset()
new = tuple.__new__
"""`new(Match, (condition, value, spans))`: the constructor of a named tuple is a function of Python and takes thrice as long."""
Span = tuple[int, int]
"""First and after-last character in the folded text."""


class Facts(NamedTuple):
    """What rules may ask about. `text` is folded (spelling.folded); `local` the city's local time of receipt.

    `returned_by`: departments that have returned this case. `prohibited`: departments, or levels of them, that it must
    not be pushed down to.
    """

    text: str
    local: datetime
    category: str | None
    area: str | None
    channel: str
    channel_kind: ChannelKind
    segment: Segment
    kind: Kind
    bounces: int = 0
    triage_class: TriageClass = TriageClass.ORDINARY
    tags: frozenset[str] = NONE
    returned_by: frozenset[str] = NONE
    prohibited: frozenset[str] = NONE


class Given(NamedTuple):
    """What classifying rules gave: `rules` are those that held, the most specific first."""

    triage_class: TriageClass
    tags: frozenset[str]
    prohibited: frozenset[str]
    rules: tuple[str, ...]


class Match(NamedTuple):
    """A condition that held: `category`, `市容环卫`; for words and patterns also where in the folded text."""

    condition: str
    value: str
    spans: tuple[Span, ...] = ()


class NearMiss(NamedTuple):
    """A rule that nearly decided. `lacking` names the one condition that did not hold.

    `holds`: all its conditions held. Then `lacking` says why it did not decide: a line of the order on which it is less
    specific than the rule that did (specificity.LINES), or `returned_by` or `prohibited`, which bar its lead.
    """

    rule_id: str
    lacking: str
    holds: bool = False


class Chosen(NamedTuple):
    """`owner` is the lead, or who stands above it where it must not be pushed down; None: the rule names nobody."""

    rule: Rule
    owner: str | None
    matched: tuple[Match, ...]
    near: tuple[NearMiss, ...]
    given: Given


class NoRule(NamedTuple):
    near: tuple[NearMiss, ...]
    given: Given


Found = Chosen | NoRule
