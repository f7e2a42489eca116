"""Cases like one: gathered from the store, scored by similarity.py, shown without a word of anybody's."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import asyncpg

from services.contracts import spelling
from services.contracts.events import SubmissionReceived
from services.contracts.policy import Likeness
from services.router import datum, reads, similarity
from services.router.case import Case
from services.router.similarity import Alike, Matter
from services.router.views import LikeView, SimilarView

LOOKED_AT = 500  # the nearest in time; a burst of more is one matter anyway


async def similar(pool: asyncpg.Pool, case: Case, policy: Likeness) -> SimilarView:
    mine = {"case_id": case.id, "number": case.number, "received_at": case.received_at,
            "category": case.category, "area": case.area}  # fmt: skip
    rows = await reads.perhaps_alike(pool, case, policy.window, LOOKED_AT)
    one, *others = _matters([(mine, await reads.sent_of(pool, case.id)), *rows])
    found = similarity.suggestions(one, others, policy)
    return SimilarView(case_id=case.id, number=case.number, similar=tuple(map(_shown, found)))


def _matters(rows: Sequence[tuple[Mapping[str, Any], SubmissionReceived]]) -> Iterator[Matter]:
    pointed = [
        i for i, (_, sent) in enumerate(rows) if sent.place.datum is not None and sent.place.lat is not None
    ]
    lon, lat = datum.of_places([rows[i][1].place for i in pointed])
    points = dict(zip(pointed, zip(lon.tolist(), lat.tolist(), strict=True), strict=True))
    for i, (row, sent) in enumerate(rows):
        yield Matter(
            row["case_id"], row["number"], row["received_at"], row["category"], row["area"], sent.place.address,
            points.get(i), spelling.for_matching(sent.title, sent.text),
        )  # fmt: skip


def _shown(one: Alike) -> LikeView:
    return LikeView(
        case_id=one.other.id, number=one.other.number, received_at=one.other.received_at, category=one.other.category,
        area=one.other.area, score=one.score, text=one.text, place=one.place, category_score=one.category, time=one.time,
    )  # fmt: skip
