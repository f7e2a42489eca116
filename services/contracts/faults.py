"""Faults: what is wrong in a file of city data, said so that a person can go to the place and mend it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic_core import PydanticCustomError

HINTS = 20  # names that are compared with all that are known
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `at` leads from the top of the file to it: keys of mappings, indexes of lists.

    `line` counts from 1; whoever read the file fills it in, a pure check leaves it None.
    """

    file: str
    at: Place
    reason: str
    reason_zh: str
    line: int | None = None

    @property
    def field(self) -> str:
        """The place as written in messages: `rules[3].then.lead`; `(file)` for the whole file."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.at)
        return "".join(steps).removeprefix(".") or "(file)"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.field}: {self.reason} / {self.reason_zh}"


def fault(reason: str, reason_zh: str, *places: Place) -> PydanticCustomError:
    """What a validator raises. `places` lead from its model to what is wrong; none means the model itself.

    The loader makes a Fault of each place and finds its line.
    """
    context = {"reason": reason, "reason_zh": reason_zh, "places": list(places)}
    return PydanticCustomError("city_data", "{reason}", context)


def repeated(keys: Iterable[object], *place: str) -> list[Place]:
    """Where a key stands that an earlier row has already. `place`: the list's name, then the key's field."""
    seen: set[object] = set()
    found: list[Place] = []
    for index, key in enumerate(keys):
        if key in seen:
            found.append((place[0], index, *place[1:]))
        seen.add(key)
    return found


def unknown(
    file: str, named: Iterable[tuple[Place, str | None]], known: Collection[str], what: str, what_zh: str
) -> Iterator[Fault]:
    """A fault for each name that is given and not known, the first few with what may have been meant. `what`: "department has the slug"."""
    hints = HINTS
    for at, name in named:
        if name is not None and name not in known:
            near = get_close_matches(name, known, 1) if hints > 0 else []
            hints -= 1
            hint, hint_zh = (f"; did you mean {near[0]}?", f"，是否为 {near[0]}？") if near else ("", "")
            yield Fault(file, at, f"no {what} {name}{hint}", f"没有这个{what_zh}：{name}{hint_zh}")
