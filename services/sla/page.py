"""The list behind a figure as a browser shows it: what falls due or is late, by due, one case a line."""

from datetime import timedelta
from html import escape

from starlette.datastructures import URL

from services.sla import views
from services.sla.lines import ClockLine, ClockPage

HEAD = ("工单号 number", "时限 clock", "单位 department", "经办 handler", "到期 due (UTC)", "情况 stands", "类别 category",
        "区域 area")  # fmt: skip
STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
body{margin:0 auto;max-width:80rem;padding:1.2rem} h1{font-size:1.35rem;margin:0 0 1rem}
table{width:100%;border-collapse:collapse} th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8883}
td{font-variant-numeric:tabular-nums} tr.late td:nth-child(6){color:#c0392b;font-weight:600}
"""


def document(page: ClockPage, url: URL) -> str:
    """Everything that comes from a row is escaped."""
    rows = "".join(_row(line, url) for line in page.clocks)
    head = "".join(f"<th>{said}</th>" for said in HEAD)
    more = (
        f'<p><a href="{escape(str(url.include_query_params(cursor=page.next)))}">下一页 next</a></p>'
        if page.next
        else ""
    )
    none = "" if rows else "<p>没有。None.</p>"
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>速办 · 时限 Suban · clocks</title>'
        f"<style>{STYLE}</style><h1>时限清单 Clocks <small>{page.at:%Y-%m-%d %H:%M:%S} UTC</small></h1>"
        f"<table><tr>{head}</tr>{rows}</table>{none}{more}</html>\n"
    )


def _row(line: ClockLine, url: URL) -> str:
    late = line.left_seconds < 0
    case = url.replace(path=f"/v1/clocks/{line.case_id}", query="")
    cells = (
        f'<a href="{escape(str(case))}">{escape(line.number)}</a>', escape(line.clock), escape(line.department),
        escape(line.handler.name if line.handler else ""), f"{line.due_at:%m-%d %H:%M:%S}", _stands(line),
        escape(line.category or ""), escape(line.area or ""),
    )  # fmt: skip
    return f"<tr{' class=late' if late else ''}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _stands(line: ClockLine) -> str:
    span = timedelta(seconds=abs(line.left_seconds))
    zh, en = views.span_zh(span), views.span_en(span)
    if line.corrected:
        return "已更正 corrected"
    return f"超时{zh} · {en} late" if line.left_seconds < 0 else f"剩余{zh} · {en} left"
