"""The routes that are not hot, and the documentation of those that are (front.py answers them).

A channel sees its own requests only: what is another's does not exist for it.
"""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, FastAPI, Header, Path, Request
from fastapi.responses import JSONResponse

from services.chassis import problems
from services.chassis.failure import Nature, nature
from services.chassis.problems import Problem
from services.chassis.service import Running
from services.contracts import ids
from services.contracts.ids import CaseId
from services.contracts.values import State as CaseState
from services.intake import acts, admission, answers, canonical, decide, door, metrics, rating, reading, store
from services.intake.canonical import Act, ActReceipt, Batch, BatchReceipt, Fault, Receipt, Standing
from services.intake.channels import OpenChannel
from services.intake.decide import Refused
from services.intake.state import State

router = APIRouter()
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", max_length=128, description="where the body has no id of the channel's own"
    ),
]
Name = Annotated[str, Path(max_length=64, description="case id or public number")]
_OPEN = frozenset(list(CaseState)[: list(CaseState).index(CaseState.VERIFYING) + 1])


def _faults(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Every error as RFC 9457."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Fault"}}}
    return {status: {"description": _MEANING[status], "content": content} for status in statuses}


_MEANING = {
    400: "not JSON",
    401: "no valid key of a channel that is on",
    404: "this channel has sent no such request",
    413: "the body is too large",
    415: "not application/json",
    422: "names the field, the limit and the reason",
    429: "too many requests of this channel; Retry-After says when",
    503: "nothing was written; send the same again after Retry-After",
}
_ALWAYS = (401, 413, 422, 429, 503)


@router.post(
    "/v1/requests", status_code=202, response_model=Receipt, responses=_faults(400, 415, *_ALWAYS),
    summary="A citizen's request becomes a case",
)  # fmt: skip
async def submit(body: canonical.Request, idempotency_key: Key = None) -> None:
    """Answered after the durable commit. The same id or key with the same content gets the same answer again."""
    raise AssertionError("front.py answers this route")


@router.post(
    "/v1/requests:batch", status_code=202, response_model=BatchReceipt,
    responses={207: {"model": BatchReceipt, "description": "some were refused: see each"}, **_faults(400, 415, *_ALWAYS)},
    summary="Up to 500 requests at once",
)  # fmt: skip
async def submit_batch(body: Batch) -> None:
    """Each item is taken or refused by itself; results come in the same order."""
    raise AssertionError("front.py answers this route")


@router.post(
    "/v1/requests/{name}/acts", status_code=202, response_model=ActReceipt, responses=_faults(400, 404, 415, *_ALWAYS),
    summary="What the citizen adds: supplement, urge, withdraw, rate",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Act"}}}}},
)  # fmt: skip
async def add_act(name: Name, request: Request, idempotency_key: Key = None) -> JSONResponse:
    """The same id or key with the same content gets the same answer again."""
    state, raw = _state(request), await request.body()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise answers.wrong_type("")
    channel = _channel(state, request, raw)
    act = _valid(reading.act(raw))
    key = decide.request_key(act.act_id, idempotency_key)
    if key is None:
        raise answers.problem(decide.NO_ACT_KEY)
    admission.room_in_outbox(state, _running(request).plumbing.publisher.waiting())
    try:
        return await _added(_running(request), channel, name, act, key)
    except Exception as failed:
        if nature(failed) is not Nature.TRANSIENT:
            raise
        raise problems.unavailable() from failed


@router.get("/v1/requests/{name}", response_model=Standing, responses=_faults(401, 404, 422, 429, 503),
            summary="How a request stands")  # fmt: skip
async def standing(name: Name, request: Request) -> Standing:
    """Public state, who holds it, until when. Own requests only."""
    state = _state(request)
    channel = _channel(state, request, b"")
    try:
        async with _running(request).plumbing.pool.acquire(timeout=1.0) as conn:
            found = await _found(conn, channel, name)
    except Exception as failed:
        if isinstance(failed, Problem) or nature(failed) is not Nature.TRANSIENT:
            raise
        raise problems.unavailable() from failed
    return stands(found, state)


def stands(row: asyncpg.Record, state: State) -> Standing:
    """The public view: everything up to `verifying` is open."""
    stage = CaseState(row["state"] or CaseState.RECEIVED)
    return Standing(
        case_id=str(row["case_id"]), number=row["number"], tracking=row["tracking"], received_at=row["received_at"],
        state="open" if stage in _OPEN else stage, stage=stage, holder=row["holder"],
        holder_name=state.ways.value.units.get(row["holder"] or ""), response_due_at=row["response_due_at"],
        responded_at=row["responded_at"], close_due_at=row["close_due_at"], public_text=row["public_text"],
        changed_at=row["changed_at"] or row["received_at"],
    )  # fmt: skip


async def _added(
    running: Running[State], channel: OpenChannel, name: str, act: Act, key: str
) -> JSONResponse:
    plumbing, state = running.plumbing, running.state
    async with plumbing.pool.acquire(timeout=1.0) as conn, conn.transaction():
        case = await _found(conn, channel, name)
        case_id = CaseId(case["case_id"])
        shard = ids.shard_of(case_id, plumbing.shards)
        added = await acts.add(conn, plumbing.clock, channel.id, case_id, shard, act, key, state.seals.secret)
    if isinstance(added, Refused):
        raise answers.problem(added)
    plumbing.publisher.offer_late(added.rows)
    metrics.ACTS.labels(act.kind).inc()
    receipt = ActReceipt(act_id=str(added.act_id), case_id=str(case_id), number=case["number"],
                         received_at=door.written(added.received_at))  # fmt: skip
    return JSONResponse(receipt.model_dump(), 202)


async def _found(conn: asyncpg.pool.PoolConnectionProxy, channel: OpenChannel, name: str) -> asyncpg.Record:
    """Raises 404: no such request, or another channel's."""
    found = await store.standing(conn, channel.id, _uuid(name), ids.read_number(name))
    if found is None:
        raise problems.not_found(
            ("没有此诉求", "No such request"),
            ("请核对编号；只能查询本渠道提交的诉求。", "Check the id; a channel sees its own requests only."),
        )
    return found


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _valid(read: Act | Refused) -> Act:
    if isinstance(read, Refused):
        raise answers.problem(read)
    return read


def _channel(state: State, request: Request, raw: bytes) -> OpenChannel:
    channel = admission.authenticate(state, request.scope, raw)
    admission.within_rate(state, channel)
    return channel


def _running(request: Request) -> Running[State]:
    running: Running[State] = request.app.state.running
    return running


def _state(request: Request) -> State:
    return _running(request).state


def routes(app: FastAPI, running: Running[State]) -> None:
    app.state.running = running
    app.include_router(router)
    rating.routes(app, running)


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1 of this service: `docs/openapi/intake.json` is written from it."""
    app = FastAPI(title="Suban intake", version="1", description="是否成案 · Is this a case?")
    app.include_router(router)
    document = app.openapi()
    schemas = document["components"]["schemas"]
    for model in (Act, Fault):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    return document
