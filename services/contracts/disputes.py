"""What a city has decided about returns 退单 and disputes 争议: the rows `returns` and `disputes` of city.yaml."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.contracts.plans import Target
from services.contracts.rows import Row


class Uphold(StrEnum):
    """Who says that a return was right: the desk alone, the desk or its silence, or the city once and for all."""

    DESK = "desk"
    SILENCE = "silence"
    AT_ONCE = "at_once"


class Suggestion(StrEnum):
    """What the owner that a department suggests is to us: shown to the desk, or dispatched to."""

    SHOW = "show"
    USE = "use"


class ActFirst(StrEnum):
    """先办后议: who holds a disputed case until the ruling."""

    NOBODY = "nobody"
    LAST_OWNER = "last_owner"
    FALLBACK = "fallback"


class Returns(Row):
    """`limit`: at so many returns a case is disputed. `named_back`: also when B names A, who has returned it already.

    `review`: how long the desk has to uphold or refuse one. `again`: the rules may dispatch what was returned.
    """

    limit: Annotated[int, Field(ge=1, le=100)] = 3
    named_back: bool = True
    review: Target = timedelta(hours=1)
    uphold: Uphold = Uphold.SILENCE
    suggestion: Suggestion = Suggestion.SHOW
    again: bool = True


class Disputes(Row):
    """`act_first`: who acts while others argue."""

    act_first: ActFirst = ActFirst.NOBODY
