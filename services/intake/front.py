"""The hot path: POST /v1/requests and /v1/requests:batch as plain ASGI, before FastAPI sees anything.

The order at the door: size → content type → key → channel on → rate → parse → validate → one durable commit → 202.
FastAPI documents these two routes (api.py) and serves all others.
"""

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from services.chassis import clock, http, problems, telemetry
from services.chassis.failure import reason
from services.chassis.problems import Problem
from services.chassis.service import Running
from services.intake import admission, answers, decide, metrics, reading, submission
from services.intake.channels import OpenChannel
from services.intake.decide import Accepted, Refused, Verdict
from services.intake.door import Unavailable
from services.intake.reading import Read
from services.intake.state import State
from services.intake.submission import Entry

log = telemetry.logger("intake")
ONE, BATCH = "/v1/requests", "/v1/requests:batch"
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_JSON = (b"content-type", b"application/json")


class Front:
    """Wraps the FastAPI app."""

    def __init__(self, app: ASGIApp, running: Running[State]) -> None:
        self._app, self._state, self._publisher = app, running.state, running.plumbing.publisher
        settings = running.state.settings
        self._limits = {ONE: settings.request_limit_bytes, BATCH: settings.batch_limit_bytes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limits.get(scope.get("path", "")) if scope["type"] == "http" else None
        if limit is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["suban.route"] = scope["path"]
        try:
            status, body = await self._answer(scope, await _body(scope, receive, limit))
        except Problem as problem:
            await problems.response(problem, admission.header(scope, b"accept-language"))(
                scope, receive, send
            )
            return
        headers = [_JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, raw: bytes) -> tuple[int, bytes]:
        state = self._state
        channel = admission.authenticate(state, scope, raw)
        admission.within_rate(state, channel)
        admission.room_in_outbox(state, self._publisher.waiting())
        state.seen.add(channel.id)
        if scope["path"] == BATCH:
            return await self._batch(scope, raw, channel)
        verdict = (
            await self._admitted(scope, [reading.one(raw, channel)], channel, _idempotency_key(scope))
        )[0]
        if isinstance(verdict, Refused):
            raise answers.problem(verdict)
        return 202, answers.receipt(verdict, state.seals.secret)

    async def _batch(self, scope: Scope, raw: bytes, channel: OpenChannel) -> tuple[int, bytes]:
        """202 when every item was taken, else 207: look at each."""
        read = reading.many(raw, channel)
        if isinstance(read, Refused):
            metrics.REFUSED.labels(read.code).inc()
            raise answers.problem(read)
        self._state.rates.charge(channel.id, len(read) - 1)
        verdicts = await self._admitted(scope, read, channel, None)
        status = 202 if all(isinstance(verdict, Accepted) for verdict in verdicts) else 207
        language = admission.header(scope, b"accept-language")
        return status, answers.results(verdicts, self._state.seals.secret, language)

    async def _admitted(
        self, scope: Scope, read: Sequence[Read], channel: OpenChannel, idempotency_key: str | None
    ) -> list[Verdict]:
        """Every item's verdict, in order; what is valid is durable now."""
        now, trace = clock.monotonic(), _trace(scope)
        seals = self._state.seals
        items = [
            one
            if isinstance(one, Refused)
            else submission.entry(one, channel, idempotency_key, seals, now, trace)
            for one in read
        ]
        entries = [one for one in items if isinstance(one, Entry)]
        settled = iter(await self._durable(entries, channel) if entries else ())
        verdicts = [next(settled) if isinstance(one, Entry) else one for one in items]
        _count(channel.id, verdicts)
        return verdicts

    async def _durable(self, entries: Sequence[Entry], channel: OpenChannel) -> list[Verdict]:
        try:
            return await self._state.door.admit(entries)
        except Unavailable as away:
            metrics.REQUESTS.labels(channel.id, "unavailable").inc(len(entries))
            raise problems.unavailable() from away
        except Exception as failed:
            log.error("intake.internal", reason=reason(failed))
            raise answers.internal() from failed


def front(app: ASGIApp, running: Running[State]) -> ASGIApp:
    return Front(app, running)


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The raw body. Raises 413 before it is read where its length is declared, 415 before it is read in any case."""
    declared = admission.header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise http.too_large(limit)
    given = admission.header(scope, b"content-type")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise answers.wrong_type(given)
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise http.too_large(limit)
        pieces.append(message.get("body", b""))
        more, size = message.get("more_body", False), size + len(pieces[-1])
        if size > limit:
            raise http.too_large(limit)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _idempotency_key(scope: Scope) -> str | None:
    """Raises 422 when there is one that cannot be a key."""
    given = admission.header(scope, b"idempotency-key")
    if given and not decide.is_key(given):
        raise answers.problem(decide.BAD_KEY)
    return given or None


def _trace(scope: Scope) -> bytes:
    """The sender's W3C trace context as a packed header, if it is one."""
    given = admission.header(scope, b"traceparent")
    return b"\ntraceparent\0" + given.encode() if _TRACEPARENT.fullmatch(given) else b""


def _count(channel: str, verdicts: Sequence[Verdict]) -> None:
    taken = repeated = 0
    for verdict in verdicts:
        if isinstance(verdict, Refused):
            metrics.REFUSED.labels(verdict.code).inc()
        elif verdict.repeat:
            repeated += 1
        else:
            taken += 1
    for outcome, number in (
        ("accepted", taken),
        ("repeated", repeated),
        ("refused", len(verdicts) - taken - repeated),
    ):
        if number:
            metrics.REQUESTS.labels(channel, outcome).inc(number)
