"""A naive oracle of the clocks of one case: its history is walked minute by minute, from the beginning, every time.

It knows product.md and no code of sla: a calendar is a question asked of every minute, a ladder is a list of lengths, a
pause is minutes that do not count. Minutes are counted from Monday, 23 November 2026, 09:00 in Shenzhen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

DAY = 24 * 60
HORIZON = 5 * DAY
DESK, US = "dispatch-desk", "us"
TARGETS = {"response": 30, "close": 120, "accept": 20, "dispatch": 10, "review": 40, "redo": 60}
LADDER = ("50", "80", "100", "0:01:00", "150", "200")
"""By name: percents of the target, and one a minute after due."""


def places(target: int) -> list[int]:
    return [target + 1 if ":" in name else target * int(name) // 100 for name in LADDER]


def round_the_clock(minute: int) -> bool:
    return True


def office(minute: int) -> bool:
    """Nine to twelve and two to six, but not on Tuesday."""
    days, of_day = divmod(minute + 9 * 60, DAY)
    return days != 1 and (9 * 60 <= of_day < 12 * 60 or 14 * 60 <= of_day < 18 * 60)


WORKED = tuple(tuple(works(minute) for minute in range(HORIZON + 1)) for works in (round_the_clock, office))
"""By plan and minute."""


@dataclass(frozen=True)
class Act:
    """`what` at `minute`. `unit`: who has the case from then on; `amount`: a pause's cap, what was granted, …"""

    minute: int
    what: str
    unit: str = DESK
    amount: int = 0
    name: str = ""


@dataclass
class Told:
    """What is expected of one clock instance; `due` is that of its last stop."""

    fired: list[tuple[str, int]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    dues: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Instance:
    kind: str
    name: str
    start: int
    stops: tuple[str, ...]
    cancels: tuple[str, ...] = ()
    mine: bool = True

    @property
    def moves(self) -> bool:
        return self.kind in ("close", "redo")


@dataclass(frozen=True)
class History:
    """Of one case: received at a minute, and what was done to it, a minute apart at least."""

    received: int
    acts: Sequence[Act]
    works: Sequence[bool]

    def told(self) -> dict[tuple[str, str], Told]:
        return {(one.kind, one.name): self.walk(one) for one in self.instances()}

    def instances(self) -> Iterator[Instance]:
        """Every clock that was ever started."""
        yield Instance("response", "", self.received, ("respond", "resolve"))
        yield Instance("close", "", self.received, ("resolve",))
        for act in self.acts:
            if act.what in ("register", "return"):
                yield Instance("dispatch", act.name, act.minute, ("dispatch",))
            if act.what == "dispatch":
                yield Instance("accept", act.name, act.minute, ("accept",), ("return", "resolve"))
            if act.what == "return":
                yield Instance("review", act.name, act.minute, ("review",), ("resolve",))
            if act.what == "redo":
                yield Instance("redo", act.name, act.minute, ("resolve",))

    def walk(self, one: Instance) -> Told:
        """Progress runs while the case is worked on and does not rest; a rung falls due when it has got so far."""
        told, acts = Told(), {act.minute: act for act in self.acts}
        target, ladder = TARGETS[one.kind], places(TARGETS[one.kind])
        progress, granted, rests_to, rung, running, over = 0, 0, -1, 0, True, False
        reached: int | None = None
        resolved = 0
        for minute in range(one.start, HORIZON + 1):
            if rung == len(ladder) and minute > self.acts[-1].minute:
                break
            act = acts.get(minute) if minute > one.start or one.kind in ("response", "close") else None
            match act:
                case Act(what="pause") if one.moves and running and reached is None:
                    rests_to = max(rests_to, minute + act.amount)
                case Act(what="resume") if minute < rests_to:
                    rests_to = minute
                case Act(what="extend") if one.moves and running and reached is None:
                    granted += act.amount
                case Act(what="redo") if one.kind == "close" and not over:
                    running = True
                    if reached is not None:  # what it is late by is not the time of verifying
                        reached = self._later(reached, sum(self.works[resolved:minute]))
                case Act(what="withdraw") if not over:
                    over = True
                    if running:
                        told.outcomes.append("cancelled" if reached is None else "breached")
                        told.dues.append(self._due(reached, minute, target + granted - progress))
                    running = False
                case Act(what=what) if running and what in (*one.stops, *one.cancels):
                    in_time = "met" if what in one.stops else "cancelled"
                    told.outcomes.append(in_time if reached is None else "breached")
                    told.dues.append(self._due(reached, minute, target + granted - progress))
                    running, rests_to, resolved = False, minute, minute
            if over or (not running and one.kind != "close"):
                break
            if running and minute >= rests_to:
                while rung < len(ladder) and progress >= ladder[rung] + granted:
                    told.fired.append((LADDER[rung], self.first_like(minute)))
                    rung += 1
                if progress >= target + granted and reached is None:
                    reached = self.first_like(minute)
                progress += self.works[minute]
        return told

    def _due(self, reached: int | None, minute: int, left: int) -> int:
        """When it would have fallen due, had it gone on."""
        return reached if reached is not None else self._later(minute, left)

    def _later(self, minute: int, left: int) -> int:
        """The first moment by which so much more was worked."""
        while left > 0:
            left -= self.works[minute]
            minute += 1
        return self.first_like(minute)

    def first_like(self, minute: int) -> int:
        """While nobody works the plan's own time stands still: its first moment is meant."""
        while minute > self.received and not self.works[minute - 1]:
            minute -= 1
        return minute

    def holder(self, minute: int) -> str:
        """Who has it in this minute."""
        return next((act.unit for act in reversed(self.acts) if act.minute <= minute), US)

    def spans(self, until: int) -> dict[str, int]:
        """Whole minutes by who had it, or by why it waited, up to `until` or the end of it."""
        found: dict[str, int] = {}
        acts = {act.minute: act for act in self.acts}
        unit, why, to = US, "", 0
        for minute in range(self.received, until):
            match acts.get(minute):
                case Act(what="withdraw"):
                    break
                case Act(what="pause", amount=cap):
                    why, to = "awaiting_citizen", max(minute + cap, to if why else 0)
                case Act(what="resume"):
                    why = ""
                case Act(what="resolve") if self._is_last(minute):
                    break
                case Act(what="resolve"):
                    why, to = "verification", until
                case Act(what="redo"):
                    why = ""
            unit = acts[minute].unit if minute in acts else unit
            why = "" if minute >= to else why
            found[why or unit] = found.get(why or unit, 0) + 1
        return found

    def _is_last(self, minute: int) -> bool:
        return minute == self.acts[-1].minute
