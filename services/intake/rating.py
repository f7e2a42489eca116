"""评价页: what the link in a 回访 message opens. One screen, two languages, no script; who has the link may answer.

The link is `/r/{number}/{tracking}`: the tracking code is a MAC that only we make, so it opens the one case. Whatever is
wrong with it is one answer, 404. Nothing of the reporter is shown.
"""

import hmac
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from services.chassis import problems
from services.chassis.failure import Nature, nature
from services.chassis.service import Running
from services.contracts import ids
from services.contracts.ids import CaseId
from services.contracts.values import State as CaseState
from services.intake import acts, admission, metrics, reading, store
from services.intake.canonical import ACT_TEXT_LIMIT, Act
from services.intake.decide import Refused
from services.intake.state import State

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
FORM_LIMIT = 32_768
RATED = (CaseState.RESOLVED, CaseState.VERIFYING, CaseState.CLOSED)
STYLE = """
:root{color-scheme:light dark;font:17px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
body{margin:0 auto;max-width:30rem;padding:1.2rem} h1{font-size:1.3rem;margin:.2rem 0} p{margin:.6rem 0}
nav{text-align:right;font-size:.9rem} blockquote{margin:.8rem 0;padding:.4rem .8rem;border-left:3px solid #8886}
fieldset{border:0;padding:0;margin:1rem 0;display:flex;justify-content:space-between} legend{padding:0;margin-bottom:.4rem}
fieldset label{display:flex;flex-direction:column;align-items:center;min-width:3rem;padding:.5rem 0}
input[type=radio]{width:1.4rem;height:1.4rem} textarea{width:100%;box-sizing:border-box;font:inherit;padding:.5rem}
button{font:inherit;padding:.6rem 1.6rem;margin-top:.8rem;width:100%} .said{font-weight:600}
"""
Words = dict[str, tuple[str, str]]
WORDS: Words = {
    "title": ("请您评价", "How well was it done?"),
    "number": ("诉求编号", "Your request"),
    "said": ("承办单位答复", "What the department says"),
    "choose": ("您是否满意？", "Are you content?"),
    "low": ("很不满意", "not at all"),
    "high": ("很满意", "very much"),
    "text": ("还想说明什么（选填）", "Anything to add (optional)"),
    "send": ("提交评价", "Send"),
    "thanks": ("已收到您的评价，谢谢。", "We have your rating. Thank you."),
    "again": ("您已评价过这次办理，以先前的评价为准。", "You have rated this already; your first rating stands."),
    "early": ("该诉求正在办理，办结后即可评价。", "This is still being worked on. You can rate it once it is resolved."),
    "over": ("该诉求已结束，无须评价。", "This request has ended; there is nothing to rate."),
    "missing": ("请选 1 至 5 分；说明不超过 2000 字。", "Please choose 1 to 5; what you add may hold 2,000 characters."),
    "unknown": ("链接无效，请核对短信中的地址。", "This link is not valid. Please check the address in your message."),
    "busy": ("系统繁忙，请稍后再试。", "We are busy. Please try again in a moment."),
    "other": ("English", "中文"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """`said` names the word that tells what became of it; None: the form."""

    said: str | None
    status: int = 200


def routes(app: FastAPI, running: Running[State]) -> None:
    @app.get("/r/{number}/{code}", include_in_schema=False)
    async def show(number: str, code: str, request: Request) -> HTMLResponse:
        return await _answered(running, number, code, request, None)

    @app.post("/r/{number}/{code}", include_in_schema=False)
    async def take(number: str, code: str, request: Request) -> HTMLResponse:
        return await _answered(running, number, code, request, await request.body())


async def _answered(
    running: Running[State], number: str, code: str, request: Request, form: bytes | None
) -> HTMLResponse:
    side = _side(request)
    try:
        row, answer = await _look(running, number, code, form)
    except Exception as failed:
        if nature(failed) is not Nature.TRANSIENT and not isinstance(failed, problems.Problem):
            raise
        row, answer = None, Answer("busy", 503)
    return HTMLResponse(document(row, answer, side), answer.status, HEADERS)


async def _look(
    running: Running[State], number: str, code: str, form: bytes | None
) -> tuple[asyncpg.Record | None, Answer]:
    async with running.plumbing.pool.acquire(timeout=1.0) as conn, conn.transaction():
        row = await store.named(conn, ids.read_number(number) or "")
        if row is None or not hmac.compare_digest(row["tracking"].encode(), _spelt(code)):
            return None, Answer("unknown", 404)
        if (said := _unready(row)) is not None:
            return row, Answer(said)
        if form is None:
            return row, Answer(None)
        act = read(form)
        if act is None:
            return row, Answer("missing", 422)
        admission.room_in_outbox(running.state, running.plumbing.publisher.waiting())
        added = await _add(running, conn, row, act)
    if isinstance(added, Refused):
        return row, Answer("again")
    running.plumbing.publisher.offer_late(added.rows)
    metrics.ACTS.labels(act.kind).inc()
    return row, Answer("thanks")


async def _add(
    running: Running[State], conn: asyncpg.pool.PoolConnectionProxy, row: asyncpg.Record, act: Act
) -> acts.Added | Refused:
    """One rating for each time it was resolved: another one under the same key is refused."""
    case_id = CaseId(row["case_id"])
    shard = ids.shard_of(case_id, running.plumbing.shards)
    key = f"page {row['resolved_at'].isoformat()}"
    secret = running.state.seals.secret
    return await acts.add(conn, running.plumbing.clock, row["channel"], case_id, shard, act, key, secret)


def read(form: bytes) -> Act | None:
    """What was filled in, None when it cannot be taken."""
    if len(form) > FORM_LIMIT:
        return None
    try:
        fields = parse_qs(form.decode(), max_num_fields=10)
        rating = int(fields.get("rating", ["0"])[0])
    except ValueError:
        return None
    text = fields.get("text", [""])[0].strip().replace("\r\n", "\n")
    act = reading.valid(Act, {"kind": "rate", "rating": rating, "text": text or None})
    return act if isinstance(act, Act) else None


def _unready(row: asyncpg.Record) -> str | None:
    state = CaseState(row["state"] or CaseState.RECEIVED)
    if state in RATED and row["resolved_at"] is not None:
        return None
    return "over" if list(CaseState).index(state) > list(CaseState).index(CaseState.CLOSED) else "early"


def _spelt(code: str) -> bytes:
    """As it is dictated: case, spaces and hyphens do not matter."""
    plain = "".join(code.split()).replace("-", "").upper()
    return f"{plain[:5]}-{plain[5:]}".encode("utf-8", "replace")


def _side(request: Request) -> int:
    asked = request.query_params.get("lang")
    if asked in ("zh", "en"):
        return ("zh", "en").index(asked)
    return 0 if problems.wants_chinese(request.headers.get("accept-language", "")) else 1


def document(row: asyncpg.Record | None, answer: Answer, side: int) -> str:
    """The whole page; whatever comes from a row is escaped."""
    said = {name: words[side] for name, words in WORDS.items()}
    told = f'<p class="said" role="status">{said[answer.said]}</p>' if answer.said else ""
    body = _about(row, said) if row is not None and answer.status < 500 else ""
    asks = row is not None and answer.said in (None, "missing")
    return (
        f'<!doctype html><html lang="{("zh", "en")[side]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{said['title']}</title><style>{STYLE}</style></head><body>"
        f'<nav><a href="?lang={("en", "zh")[side]}">{said["other"]}</a></nav>'
        f"<h1>{said['title']}</h1>{body}{told}{_form(said, side) if asks else ''}</body></html>"
    )


def _about(row: asyncpg.Record, said: dict[str, str]) -> str:
    text = (
        f"<p>{said['said']}</p><blockquote>{escape(row['public_text'])}</blockquote>"
        if row["public_text"]
        else ""
    )
    return f"<p>{said['number']} <b>{escape(row['number'])}</b></p>{text}"


def _form(said: dict[str, str], side: int) -> str:
    marks = {1: f"<small>{said['low']}</small>", 5: f"<small>{said['high']}</small>"}
    stars = "".join(
        f'<label><input type="radio" name="rating" value="{each}" required>{each}{marks.get(each, "")}</label>'
        for each in range(1, 6)
    )
    return (
        f'<form method="post" action="?lang={("zh", "en")[side]}"><fieldset><legend>{said["choose"]}</legend>{stars}</fieldset>'
        f'<label for="text">{said["text"]}</label><textarea id="text" name="text" rows="3" maxlength="{ACT_TEXT_LIMIT}"></textarea>'
        f"<button>{said['send']}</button></form>"
    )
