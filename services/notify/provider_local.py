"""The local provider: sends nothing, and shows what would be sent (GET / and GET /v1/outgoing).

It drops repeats by our id and can be asked, so with it every notice goes out exactly once. It keeps no clear number.
"""

from collections.abc import Mapping, Sequence

import asyncpg

from services.contracts.ids import NoticeId
from services.notify import outgoing
from services.notify.fate import Answer, Fate, NeverSeen, Taken
from services.notify.provider import Message


class LocalProvider:
    name = "local"
    at_once = 500
    call_s = 5.0
    drops_repeats = True

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def send(self, messages: Sequence[Message]) -> Sequence[Fate]:
        references = await outgoing.show(self._pool, messages)
        return [Taken(str(references[message.notice_id])) for message in messages]

    async def ask(self, notices: Sequence[NoticeId]) -> Mapping[NoticeId, Answer]:
        known = await outgoing.of(self._pool, notices)
        return {one: Taken(str(known[one])) if one in known else NeverSeen() for one in notices}
