"""What would be sent: the local provider's page (GET /) and its JSON feed (GET /v1/outgoing). Shows no clear number.

Needs no key, so it exists only where the local provider is on, and the door listens on loopback unless told otherwise.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query
from starlette.responses import HTMLResponse, JSONResponse

from services.chassis.service import Running
from services.contracts.values import Audience
from services.notify import outgoing as sent
from services.notify import store
from services.notify.state import State

SHOWN = 200
REFRESH_S = 3
AUDIENCES = {
    Audience.CITIZEN: "市民 citizen",
    Audience.HANDLER: "经办人 handler",
    Audience.DUTY_OFFICER: "值班员 duty officer",
    Audience.HEAD: "负责人 head",
    Audience.LEVEL_ABOVE: "上级 level above",
    Audience.SUPERVISION: "督查 supervision",
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
body{margin:0 auto;max-width:70rem;padding:1.2rem}
h1{font-size:1.35rem;margin:0 0 .2rem} p.note{margin:.2rem 0 1rem;opacity:.7}
ul.sums{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem 1.4rem;padding:0;margin:0 0 1rem}
ul.sums b{font-variant-numeric:tabular-nums}
form{display:flex;flex-wrap:wrap;gap:.5rem;margin:0 0 1rem} input,select,button{font:inherit;padding:.25rem .5rem}
table{width:100%;border-collapse:collapse} th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid #8883}
th{font-weight:600;font-size:.85rem;opacity:.75} td.time,td.number,td.to{white-space:nowrap;font-variant-numeric:tabular-nums}
td.text{min-width:18rem} small{opacity:.65} .none{padding:2rem 0;opacity:.7}
"""


def routes(app: FastAPI, running: Running[State]) -> None:
    @app.get("/", include_in_schema=False)
    async def show(number: str = "", audience: str = "") -> HTMLResponse:
        pool = running.plumbing.pool
        wanted = audience if audience in list(Audience) else None
        rows = await sent.latest(pool, number.strip().replace("\0", "") or None, wanted, SHOWN)
        sums = await sent.count(pool)
        body = document(rows, sums, number.strip(), wanted or "", running.state.bylaw.city.zone)
        return HTMLResponse(body, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    @app.get("/v1/outgoing", tags=["local provider"])
    async def outgoing(
        cursor: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> JSONResponse:
        """What would have been sent, oldest first, after `cursor`. Only where the local provider is on."""
        rows = await sent.after(running.plumbing.pool, cursor, limit)
        items = [_item(row) for row in rows]
        return JSONResponse(
            {"items": items, "cursor": rows[-1]["id"] if rows else cursor, "more": len(rows) == limit}
        )


def _item(row: store.Row) -> dict[str, object]:
    at = row["at"]
    assert isinstance(at, datetime)
    plain = {name: value for name, value in row.items() if name not in ("at", "notice_id", "body")}
    return {**plain, "notice_id": str(row["notice_id"]), "text": row["body"], "at": at.isoformat()}


def document(
    rows: Sequence[store.Row], sums: Iterable[store.Row], number: str, audience: str, zone: ZoneInfo
) -> str:
    """The whole page, bilingual, refreshing itself; everything that comes from a row is escaped."""
    lines = "".join(_line(row, zone) for row in rows)
    table = (
        "<table><thead><tr><th>时间 time</th><th>编号 number</th><th>收件 to</th><th>内容 text</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
        if rows
        else '<p class="none">尚无消息。No messages yet.</p>'
    )
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="refresh" content="{REFRESH_S}"><title>速办 · 待发消息 Suban · outgoing</title>'
        f"<style>{STYLE}</style></head><body><h1>速办 · 待发消息 <small>what would be sent</small></h1>"
        f'<p class="note">本页由本地通道生成，不会真正发出；号码已脱敏；显示最近 {SHOWN} 条。'
        f"Nothing leaves this machine; numbers are masked; the latest {SHOWN} are shown.</p>"
        f"{_sums(sums)}{_form(number, audience)}{table}</body></html>"
    )


def _line(row: store.Row, zone: ZoneInfo) -> str:
    at, event = row["at"], escape(str(row["event"]))
    assert isinstance(at, datetime)
    who = AUDIENCES.get(Audience(str(row["audience"])), "")
    number = escape(str(row["number"]))
    parts = f" · {row['parts']} 条 parts" if row["parts"] != 1 else ""
    repeats = f" · 已拦重复 repeats dropped {row['repeats']}" if row["repeats"] else ""
    return (
        f'<tr><td class="time">{at.astimezone(zone):%m-%d %H:%M}</td>'
        f'<td class="number">{number}</td><td class="to">{escape(str(row["masked"]))}<br><small>{escape(who)}</small></td>'
        f'<td class="text">{escape(str(row["body"]))}<br><small>{event} · {escape(str(row["medium"]))}{parts}{repeats}'
        "</small></td></tr>"
    )


def _sums(sums: Iterable[store.Row]) -> str:
    known = {str(row["audience"]): row for row in sums}
    items = [
        f"<li>{escape(said)} <b>{known[one]['messages']}</b> <small>{known[one]['parts']} 条 parts</small></li>"
        for one, said in AUDIENCES.items()
        if one in known
    ]
    return f'<ul class="sums">{"".join(items)}</ul>' if items else ""


def _form(number: str, audience: str) -> str:
    options = "".join(
        f'<option value="{one}"{" selected" if one == audience else ""}>{escape(said)}</option>'
        for one, said in AUDIENCES.items()
    )
    return (
        f'<form method="get"><input name="number" value="{escape(number)}" placeholder="工单编号 case number" size="24">'
        f'<select name="audience"><option value="">全部对象 everybody</option>{options}</select>'
        "<button>筛选 filter</button></form>"
    )
