"""Lists page by page: a cursor is where the page before ended, (instant, id), opaque to who carries it."""

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

from services.chassis import problems
from services.chassis.wording import Flaw

Place = tuple[datetime, UUID]
BEGINNING: Place = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


def written(at: datetime, id_: UUID) -> str:
    """Where a page ended, as a cursor."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {id_}".encode()).decode()


def read(cursor: str | None) -> Place:
    """Where the page before ended; the beginning without one. Raises 422 for what we did not write."""
    if cursor is None:
        return BEGINNING
    try:
        at, _, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        since = datetime.fromisoformat(at)
        if since.tzinfo is None:
            raise ValueError("naive")
        return since, UUID(id_)
    except (ValueError, binascii.Error) as wrong:
        raise problems.invalid([Flaw("cursor", "不是本服务给出的游标", "not one of ours")]) from wrong
