"""Who may come in, and how often. The same for the hot routes and for FastAPI's."""

from starlette.types import Scope

from services.chassis import clock, problems
from services.chassis.problems import Problem
from services.intake import metrics
from services.intake.channels import OpenChannel
from services.intake.state import State


def header(scope: Scope, name: bytes) -> str:
    """One header as text, empty when it is not there."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def authenticate(state: State, scope: Scope, body: bytes) -> OpenChannel:
    """The channel that sends. Raises one 401 for every cause: no key, a wrong one, no such channel, one that is off.

    Only API keys are known so far. A signed request (Standard Webhooks: webhook-id, -timestamp, -signature over the
    raw body) will be told by its headers, here; that is what `body` is for.
    """
    principal = state.ring.principal(header(scope, b"authorization"))
    channel = state.ways.value.by_principal.get(principal) if principal else None
    if channel is None:
        metrics.UNAUTHORIZED.inc()
        raise problems.unauthorized()
    return channel


def within_rate(state: State, channel: OpenChannel) -> None:
    """Takes a token of the channel's bucket. Raises 429 with Retry-After."""
    wait = state.rates.take(channel.id, channel.row.rate_per_minute, clock.monotonic())
    if wait:
        metrics.REQUESTS.labels(channel.id, "limited").inc()
        raise too_fast(channel.row.rate_per_minute, wait)


def room_in_outbox(state: State, waiting: int) -> None:
    """Raises 503 when what was taken cannot leave: better told now than lost in a full disk (delivery rule 13)."""
    if waiting > state.settings.outbox_limit:
        raise problems.unavailable(retry_after_s=30)


def too_fast(per_minute: int, wait_s: float) -> Problem:
    seconds = int(wait_s) + 1
    return Problem(
        429, "too_many_requests", ("请求过于频繁", "Too many requests"),
        (f"本渠道每分钟至多 {per_minute} 件，请在 {seconds} 秒后重试。",
         f"This channel may send {per_minute} requests a minute; try again in {seconds} s."),
        {"limit": per_minute}, {"Retry-After": str(seconds)},
    )  # fmt: skip
