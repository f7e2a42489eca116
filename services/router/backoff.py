"""What past dispatching says of whose it is: for each known key (category, area) the unit that got its cases. Pure.

A key is a category and an area, either of any depth or missing. The finest known key decides, by the order of the
duty list (ruleset.py): the deepest category first, then the deepest area. Two questions are asked of each key, and
both of past cases only:

  1. Is it any good where it will be asked? A key with a wide area decides where nothing finer is known, so it is judged
     on areas it has not seen: each of its areas is left out in turn, and the key stays when what is left names the
     owner of that area's cases at least as often as the wider keys do. (路灯 goes to one company everywhere: stays.
     垃圾 goes to each street's own office: the street's other keys know better.)
  2. Whom does it name? The unit most of its cases went to, where the next wider key has a voice of `VOICE` cases: one
     odd case does not outweigh a hundred, five do. Ties go to the unit that had a case last.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.router.history import Past, Path

VOICE = 3.0  # chosen on the first two thirds of three cities' histories, split again; 2 to 5 differ little

Key = tuple[Path, Path]  # category, area
Owners = Mapping[str, int]
TOP: Key = ((), ())  # nothing known: nobody is named for that


@dataclass(frozen=True, slots=True)
class Tally:
    """`owners` of the cases at or below a key; `exact` of those whose area is the key's own, and no finer one.

    `reach`: the areas of the cases below a key. `latest`: unit → place of its last case in the history.
    """

    owners: Mapping[Key, Owners]
    exact: Mapping[Key, Owners]
    reach: Mapping[Key, Iterable[Path]]
    latest: Mapping[str, int]
    deepest: tuple[int, int]


def tally(history: Iterable[Past]) -> Tally:
    """Of cases that have an owner, in order of time."""
    owners: dict[Key, Counter[str]] = defaultdict(Counter)
    exact: dict[Key, Counter[str]] = defaultdict(Counter)
    reach: dict[Key, dict[Path, None]] = defaultdict(dict)
    latest: dict[str, int] = {}
    for place, case in enumerate(history):
        latest[case.owner] = place
        for category in heads(case.category):
            exact[category, case.area][case.owner] += 1
            for area in heads(case.area):
                owners[category, area][case.owner] += 1
                reach[category, area][case.area] = None
    deepest = max((len(c) for c, _ in owners), default=0), max((len(a) for _, a in owners), default=0)
    return Tally(dict(owners), dict(exact), dict(reach), latest, deepest)


def heads(path: Path) -> Iterator[Path]:
    """The path and everything above it, finest first, nothing at all last."""
    return (path[:depth] for depth in range(len(path), -1, -1))


def keys(category: Path, area: Path) -> Iterator[Key]:
    """The order in which keys are asked: deepest category, then deepest area."""
    return ((c, a) for c in heads(category) for a in heads(area))


def by_width(known: Iterable[Key]) -> list[Key]:
    """Wide keys first, so that each finds what is wider decided."""
    return sorted(known, key=lambda key: (len(key[0]), len(key[1]), key))


def proven(past: Tally) -> set[Key]:
    """Keys that do at least as well as the wider ones where they will be asked."""
    kept: set[Key] = set()
    for key in by_width(past.owners.keys() - {TOP}):
        category, area = key
        if (len(category), len(area)) == past.deepest or sum(past.owners[key].values()) == 1:
            kept.add(key)  # nothing to leave out; what it names is weighed against its wider key instead
            continue
        trials = [hits for there in past.reach[key] for hits in _trials(past, kept, key, there)]
        if sum(own for own, _ in trials) >= sum(wider for _, wider in trials):
            kept.add(key)
    return kept


def _trials(past: Tally, kept: set[Key], key: Key, there: Path) -> Iterator[tuple[int, int]]:
    """(cases the key names rightly, cases the wider keys do) of those in `there`, with those left out of the count."""
    category, area = key
    asked = past.exact[category, there]
    if len(there) > len(area):
        left_out = past.owners[category, there[: len(area) + 1]]
        own = _top(past, past.owners[key], left_out)
        wider = _wider(past, kept, key, there, None)
        yield asked.get(own, 0), asked.get(wider, 0)
        return
    for owner, count in asked.items():
        own, wider = _top(past, past.owners[key], {owner: 1}), _wider(past, kept, key, there, {owner: 1})
        yield count * (own == owner), count * (wider == owner)


def _wider(past: Tally, kept: set[Key], key: Key, there: Path, left_out: Owners | None) -> str:
    """Whom the first wider key names for a case in `there`, when its area's cases of this category are left out."""
    category, area = key
    for wide in keys(category, there):
        if (len(wide[0]), len(wide[1])) >= (len(category), len(area)) or wide not in kept:
            continue
        unseen = there[: max(len(area) + 1, len(wide[1]))]
        if named := _top(past, past.owners[wide], left_out or past.owners[category, unseen]):
            return named
    return ""


def _top(past: Tally, owners: Owners, left_out: Owners) -> str:
    """The unit with the most cases, some left out; "" when none is left."""
    best = (0, -1, "")
    for owner, count in owners.items():
        left = count - left_out.get(owner, 0)
        if left >= max(best[0], 1):
            best = max(best, (left, past.latest[owner], owner))
    return best[2]


def named(past: Tally, kept: set[Key], voice: float = VOICE) -> dict[Key, str]:
    """Whom each key names, its next wider key having a voice."""
    shares: dict[Key, dict[str, float]] = {}
    found: dict[Key, str] = {}
    for key in by_width(kept):
        wide = next((one for one in keys(*key) if one != key and one in kept), None)
        share = shares[key] = _share(past.owners[key], shares[wide] if wide else {}, voice)
        found[key] = max(share, key=lambda owner: (share[owner], past.latest[owner], owner))
    return found


def _share(owners: Owners, wider: Mapping[str, float], voice: float) -> dict[str, float]:
    heard = voice if wider else 0.0
    whole = sum(owners.values()) + heard
    share = {owner: heard * part / whole for owner, part in wider.items()}
    for owner, count in owners.items():
        share[owner] = share.get(owner, 0.0) + count / whole
    return share
