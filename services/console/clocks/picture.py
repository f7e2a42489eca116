"""Bars as SVG: what a table says, to be looked at. No library: a bar is a rectangle."""

from collections.abc import Mapping
from html import escape

from services.sla.what_if import Outlook

WIDTH, ROW, BAR, LEFT, RIGHT = 860, 34, 12, 220, 90
COLOURS = {"plan": "#c0392b", "against": "#7f8c8d"}
SHOWN = 20


def bars(found: Mapping[str, Outlook]) -> str:
    """Share of cases late by department; one bar for each plan."""
    tallies = {name: outlook.by(0) for name, outlook in found.items()}
    names = list(tallies["plan"])[:SHOWN]
    body = [
        _row(name, i, {plan: tallies[plan][name].late_share for plan in found})
        for i, name in enumerate(names)
    ]
    legend = [_text(LEFT + 130 * i, 24, plan, COLOURS[plan]) for i, plan in enumerate(found)]
    height = 44 + ROW * len(names)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *legend, *body, "</svg>\n"])


def _row(name: str, i: int, shares: Mapping[str, float]) -> str:
    top = 40 + ROW * i
    parts = [_text(8, top + 14, name or "—", "#2c3e50")]
    for place, (plan, share) in enumerate(shares.items()):
        length, y = (WIDTH - LEFT - RIGHT) * share, top + place * (BAR + 2)
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{COLOURS[plan]}"/>')
        parts.append(_text(LEFT + length + 6, y + 11, f"{share:.1%}", COLOURS[plan]))
    return "\n".join(parts)


def _text(x: float, y: float, said: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" fill="{colour}">{escape(said)}</text>'
