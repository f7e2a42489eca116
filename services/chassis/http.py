"""The HTTP door of every service: problems, health, metrics, a cap on bodies. Services add their routes."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis import clock, failure, metrics, problems, wording
from services.chassis.problems import Problem
from services.chassis.wording import Flaw

BODY_LIMIT = 1_048_576
Check = Callable[[], Awaitable[str | None]]


def build(title: str, checks: Sequence[Check], notes: Sequence[Check] = ()) -> FastAPI:
    """An app with /livez, /readyz, /metrics and the handlers that turn every error into a problem.

    A check that returns a reason makes the service unready; a note is only told.
    """
    app = FastAPI(title=f"Suban {title}", version="1", docs_url="/docs", redoc_url=None)
    app.add_exception_handler(Problem, problems.answer)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _other)
    app.add_exception_handler(asyncpg.DataError, _not_storable)
    for away in failure.TRANSIENT:
        app.add_exception_handler(away, _busy)
    app.add_exception_handler(Exception, _surprise)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        reasons, told = await _reasons(checks), await _reasons(notes)
        status = "ready" if not reasons else "not ready"
        return JSONResponse({"status": status, "reasons": reasons, "notes": told}, 503 if reasons else 200)

    @app.get("/metrics", include_in_schema=False)
    async def exposition() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


async def _reasons(checks: Sequence[Check]) -> list[str]:
    return [reason for reason in await asyncio.gather(*(check() for check in checks)) if reason]


class Capped:
    """Outermost: no body over the limit is read, however it is sent; every request is timed by route."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = clock.monotonic(), [500]
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise too_large(self._limit)
            return message

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            if _declared_length(scope) > self._limit:
                raise too_large(self._limit)
            await self._app(scope, counted, noted)
        except Problem as problem:
            await problems.response(problem, _header(scope, b"accept-language"))(scope, receive, noted)
        route = getattr(scope.get("route"), "path", scope.get("suban.route", "other"))
        metrics.HTTP_SECONDS.labels(route, str(status[0])).observe(clock.monotonic() - began)


def too_large(limit: int) -> Problem:
    return Problem(
        413, "too_large", ("请求体过大", "Body too large"),
        (f"请求体不得超过 {limit} 字节，请分批提交。", f"A body may hold {limit} bytes; send several requests."),
        {"limit": limit},
    )  # fmt: skip


def _declared_length(scope: Scope) -> int:
    declared = _header(scope, b"content-length")
    return int(declared) if declared.isdigit() else 0


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _invalid(request: Request, error: Exception) -> Response:
    """FastAPI's own validation, in our form: the field and what is wrong with it; never the value."""
    assert isinstance(error, RequestValidationError)
    return await problems.answer(request, problems.invalid([wording.flaw(each) for each in error.errors()]))


async def _other(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await problems.answer(request, Problem(
        error.status_code, f"http_{error.status_code}", ("请求无法处理", "The request cannot be handled"),
        ("请核对地址与方法，见 /docs。", f"{error.detail}; see /docs for the paths and methods."),
        headers=error.headers,
    ))  # fmt: skip


async def _busy(request: Request, _error: Exception) -> Response:
    return await problems.answer(request, problems.unavailable())


async def _not_storable(request: Request, _error: Exception) -> Response:
    """A NUL in a query, an instant before the first year: no store can be asked for it."""
    said = Flaw("(request)", "含有无法查询的内容", "holds something that no store can be asked for")
    return await problems.answer(request, problems.invalid([said]))


async def _surprise(request: Request, _error: Exception) -> Response:
    """Ours. What it was stands in the log, without the words of the request."""
    return await problems.answer(request, Problem(
        500, "internal", ("内部错误", "Internal error"),
        ("已记录，请用同一编号重试。", "It is in the log; send the same request again."),
    ))  # fmt: skip


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: `run` decides when it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve_until(self, stop: asyncio.Event, door: socket.socket) -> None:
        serving = asyncio.create_task(self.serve(sockets=[door]))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        self.should_exit = True
        await serving


def listen(host: str, port: int) -> socket.socket:
    """The door itself. Raises ValueError, with what to do, when the address cannot be had."""
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as taken:
        door.close()
        raise ValueError(f"{host}:{port} cannot be listened on ({taken.strerror}): set SUBAN_HTTP_PORT to a free "
                         "port, or 0 for any") from taken  # fmt: skip
    return door


def server(app: Any, drain_s: float) -> Server:
    return Server(uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False,
        timeout_graceful_shutdown=int(drain_s) or 1, timeout_keep_alive=75, http="httptools", loop="none", ws="none",
    ))  # fmt: skip
