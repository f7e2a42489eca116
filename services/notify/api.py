"""The door: app feeds and their live streams, and the reveal of a contact. With the local provider on, its page."""

import re
from typing import Annotated, cast
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.responses import JSONResponse, StreamingResponse

from services.chassis import http, problems, wording
from services.chassis.problems import Problem
from services.chassis.service import Running
from services.chassis.transaction import Tx
from services.chassis.wording import Flaw
from services.contracts import ids
from services.contracts.ids import CaseId
from services.contracts.values import Contact, Instant, Kind, Locale
from services.notify import contacts, feed, metrics, page, reveal, store
from services.notify.reveal import Facts, Granted, Refused, Why
from services.notify.state import State

User = Annotated[
    str, Path(min_length=1, max_length=128, description="the app's own user id, or an officer's roster id")
]
ChannelName = Annotated[
    str | None, Query(pattern=r"^[a-z0-9-]{1,40}$", description="whose app; for operators")
]
NO_STORE = {"Cache-Control": "no-store"}


class FeedEntry(BaseModel):
    """`id` is its place in this feed, from 1 without gaps."""

    id: int
    notice_id: UUID
    number: str
    event: str
    locale: Locale
    text: str
    at: Instant


class FeedPage(BaseModel):
    """`cursor`: where the next page begins."""

    items: list[FeedEntry]
    cursor: int
    more: bool


class Purpose(BaseModel):
    model_config = ConfigDict(extra="forbid")
    purpose: Annotated[
        str, Field(min_length=2, max_length=200, description="what the contact is needed for; audited")
    ]


class Revealed(BaseModel):
    """`audit_id` names the line of the audit. The number is in clear: do not keep it."""

    case_id: UUID
    number: str
    name: str | None
    phone: str | None
    audit_id: int


def routes(app: FastAPI, running: Running[State]) -> None:
    @app.get("/v1/feed/{user}", response_model=FeedPage, tags=["feed"])
    async def read_feed(
        request: Request, user: User, channel: ChannelName = None,
        cursor: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> JSONResponse:  # fmt: skip
        """A user's notices, oldest first, after `cursor`. Key: the app's channel, an operator, an officer's department."""
        recipient = feed_of(running.state, _principal(running, request), user, channel)
        rows = await store.feed_after(running.plumbing.pool, recipient, cursor, limit)
        found = FeedPage.model_validate(feed.page(rows, cursor, limit))
        return JSONResponse(found.model_dump(mode="json"), headers=NO_STORE)

    @app.get("/v1/feed/{user}/events", tags=["feed"], response_class=StreamingResponse,
             responses={200: {"content": {"text/event-stream": {}}}})  # fmt: skip
    async def stream_feed(request: Request, user: User, channel: ChannelName = None) -> StreamingResponse:
        """The same, live: server-sent events. `Last-Event-ID` goes on after that place."""
        recipient = feed_of(running.state, _principal(running, request), user, channel)
        listeners = running.state.listeners
        if listeners.count >= running.state.settings.feed_streams:
            raise problems.unavailable(5)
        since = request.headers.get("last-event-id", "0")
        place = int(since) if re.fullmatch(r"\d{1,18}", since) else 0
        frames = feed.stream(running.plumbing.pool, listeners, recipient, place)
        return StreamingResponse(
            frames, media_type="text/event-stream", headers={**NO_STORE, "X-Accel-Buffering": "no"}
        )

    @app.post("/v1/contacts/{case}/reveal", response_model=Revealed, tags=["contacts"],
              openapi_extra={"requestBody": {"required": True, "content": {"application/json": {
                  "schema": Purpose.model_json_schema()}}}})  # fmt: skip
    async def reveal_contact(request: Request, case: str) -> JSONResponse:
        """A case's contact in clear, for a purpose. Key: the department whose assignment is open, or the desk. Audited."""
        principal = _principal(running, request)
        purpose = await _purpose(request)
        return await _reveal(running, principal, case, purpose)

    if running is None or running.state.settings.local_provider:
        page.routes(app, running)


def openapi() -> dict[str, JsonValue]:
    """The OpenAPI 3.1 description of this door, made without a running service."""
    app = http.build("notify", [])
    routes(app, cast(Running[State], None))
    return cast(dict[str, JsonValue], app.openapi())


def _principal(running: Running[State], request: Request) -> str:
    principal = running.state.ring.principal(request.headers.get("authorization", ""))
    if principal is None:
        raise problems.unauthorized()
    return principal


def feed_of(state: State, principal: str, user: str, channel: str | None) -> str:
    """The recipient a user's feed is kept under. A channel sees its own users, a department its own officers."""
    role, _, name = principal.partition(":")
    if role == "channel":
        return state.index.app(name, user)
    if role == "operator":
        return state.index.app(channel, user) if channel else user
    if role == "department" and name in state.bylaw.roster.departments_of.get(user, ()):
        return user
    raise Problem(
        403, "not_yours", ("无权查看该动态", "Not your feed"),
        ("渠道密钥只能查看本渠道用户，部门密钥只能查看本单位人员。",
         "A channel's key opens the feeds of its own users, a department's those of its own officers."),
    )  # fmt: skip


async def _purpose(request: Request) -> str:
    try:
        purpose = Purpose.model_validate_json(await request.body()).purpose
    except ValidationError as invalid:
        raise _invalid([wording.flaw(error) for error in invalid.errors()]) from None
    if "\0" in purpose:
        raise _invalid([Flaw("purpose", "不得含 NUL 字符 (U+0000)", "holds the character NUL (U+0000)")])
    return purpose


def _invalid(flaws: list[Flaw]) -> Problem:
    return Problem(
        422, "invalid", ("内容不符合要求", "Not valid"),
        ("请以 JSON 提供 purpose：2 至 200 字的用途。", "Send JSON with purpose: what for, in 2 to 200 characters."),
        flaws=flaws,
    )  # fmt: skip


async def _reveal(running: Running[State], principal: str, asked: str, purpose: str) -> JSONResponse:
    """Decide and audit under the shard's lock; open the box after the commit."""
    case_id = await _case(running, asked)
    times = await store.ask(running.plumbing.pool, principal)

    async def ask(tx: Tx[State]) -> tuple[Granted | Refused, int, Contact, str]:
        row = await store.reveal_facts(tx.conn, case_id) if case_id else None
        contact = Contact.model_validate(row["contact"]) if row else Contact()
        facts = Facts(row is not None, Kind(row["kind"]) if row else None, row["department"] if row else None,
                      bool(row and row["has_contact"]), contact.anonymous, times)  # fmt: skip
        settings = tx.state.settings
        verdict = reveal.decide(principal, facts, tx.state.bylaw.city.file.desk, settings.reveals_per_minute)
        line = await store.audit(tx.conn, principal, case_id, _safe(asked), purpose, verdict.reason, tx.now)
        return verdict, line, contact, row["number"] if row else ""

    shard = ids.shard_of(case_id, running.plumbing.shards) if case_id else 0
    verdict, line, contact, number = await running.plumbing.lanes.run(shard, ask)
    metrics.REVEALS.labels(verdict.reason).inc()
    if isinstance(verdict, Refused):
        raise _refusal(verdict.reason)
    assert case_id is not None
    person = contacts.read(contact, running.state.opener)
    told = Revealed(case_id=case_id, number=number, name=person.name, phone=person.phone, audit_id=line)
    return JSONResponse(told.model_dump(mode="json"), headers=NO_STORE)


async def _case(running: Running[State], asked: str) -> CaseId | None:
    """The case by its id, or by its public number as written or dictated."""
    try:
        return CaseId(UUID(asked))
    except ValueError:
        number = ids.read_number(asked)
    return await store.case_by_number(running.plumbing.pool, number) if number else None


def _safe(asked: str) -> str:
    """What was asked for, as it can be kept: somebody may type anything into a path."""
    return re.sub(r"[^0-9A-Za-z-]", "?", asked)[:40]


def _refusal(why: Why) -> Problem:
    why = reveal.SAID_AS.get(why, why)
    status, title, detail = reveal.ANSWERS[why]
    headers = {"Retry-After": "60"} if why is Why.TOO_MANY else None
    return Problem(status, why.value, title, detail, headers=headers)
