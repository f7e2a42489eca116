"""A verdict as it stays with the case: short keys, no sentence that can be made again, no citizen's text."""

from typing import Any, NamedTuple

import orjson

from services.contracts.city import City
from services.router import explaining
from services.router.areas import Areas
from services.router.decide import Routed
from services.router.facts import Match, NearMiss
from services.router.wording import Said


class Account(NamedTuple):
    """What a stored verdict says. `areas`: version and digest of the area tree it was found with."""

    lead: str | None
    assists: tuple[str, ...]
    rule_id: str | None
    digest: str
    area: str | None
    area_by: str | None
    areas: tuple[str | None, str | None]
    matched: tuple[Match, ...]
    near: tuple[NearMiss, ...]
    steps: tuple[str, ...]
    reason: Said
    tags: tuple[str, ...]
    hold: bool
    emergency: str | None
    prohibited: tuple[str, ...] = ()

    def sentences(self, city: City) -> Said:
        return explaining.sentences(self.reason, self.matched, self.near, self.steps, city)


def written(routed: Routed, tree: Areas) -> str:
    """As JSON; orjson takes plain tuples only."""
    said: dict[str, Any] = {
        "lead": routed.lead, "assists": routed.assists, "rule": routed.rule_id, "digest": routed.digest,
        "area": routed.area, "by": routed.area_by, "areas": (tree.version, tree.digest),
        "matched": [tuple(one) for one in routed.matched], "near": [tuple(one) for one in routed.near], "steps": routed.steps, "reason": (routed.reason.zh, routed.reason.en),
    }  # fmt: skip
    if routed.tags:
        said["tags"] = routed.tags
    if routed.hold:
        said["hold"] = True
    if routed.emergency is not None:
        said["emergency"] = routed.emergency
    if routed.prohibited:
        said["prohibited"] = routed.prohibited
    return orjson.dumps(said).decode()


def read(body: str) -> Account:
    """What was written, also by an earlier version: it told conditions as `category=…` and no tags."""
    said = orjson.loads(body)
    return Account(
        lead=said["lead"], assists=tuple(said["assists"]), rule_id=said["rule"], digest=said["digest"],
        area=said.get("area"), area_by=said["by"], areas=tuple(said.get("areas", (None, None))),
        matched=tuple(map(_match, said["matched"])), near=tuple(NearMiss(*one) for one in said["near"]),
        steps=tuple(said["steps"]), reason=Said(*said["reason"]), tags=tuple(said.get("tags", ())),
        hold=said.get("hold", False), emergency=said.get("emergency"), prohibited=tuple(said.get("prohibited", ())),
    )  # fmt: skip


def _match(said: Any) -> Match:
    if isinstance(said, str):
        condition, _, value = said.partition("=")
        return Match(condition, value)
    condition, value, spans = said
    return Match(condition, value, tuple((first, last) for first, last in spans))
