"""What a Prometheus answered over a span of time, as SVG: lines, a heat map, bars, when which alert fired. No library."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
Said = Callable[[float], str]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 300, 64, 150, 44, 34
COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f")
ROW = 20


def lines(title: str, series: Mapping[str, Points], said_x: Said, said_y: Said) -> str:
    """One line a series over time, from nought up."""
    start, end = _span(series.values())
    most = max((value for points in series.values() for _, value in points), default=0) or 1
    body = [_axes(start, end, most, said_x, said_y)]
    for place, (name, points) in enumerate(series.items()):
        path = " ".join(f"{_x(at, start, end):.1f},{_y(value, most):.1f}" for at, value in points)
        body.append(f'<polyline fill="none" stroke="{COLOURS[place % 8]}" stroke-width="2" points="{path}"/>')
        body.append(_text(WIDTH - RIGHT + 10, TOP + 14 + place * 18, name, COLOURS[place % 8]))
    return _page(title, HEIGHT, body)


def heat(
    title: str,
    columns: Sequence[tuple[float, Sequence[float]]],
    bounds: Sequence[str],
    said_x: Said,
    line: int,
) -> str:
    """A column a moment, a cell a bound, darker the more; a line above the cell `line`: the promise."""
    start, end = columns[0][0], columns[-1][0]
    most = max(value for _, values in columns for value in values) or 1
    wide, tall = (WIDTH - LEFT - RIGHT) / len(columns), (HEIGHT - TOP - BOTTOM) / len(bounds)
    body = []
    for column, (_, values) in enumerate(columns):
        for row, value in enumerate(values):
            if value > 0:
                place = f'x="{LEFT + column * wide:.1f}" y="{HEIGHT - BOTTOM - (row + 1) * tall:.1f}"'
                size = f'width="{wide:.1f}" height="{tall:.1f}"'
                body.append(
                    f'<rect {place} {size} fill="#d97706" fill-opacity="{0.15 + 0.85 * value / most:.2f}"/>'
                )
    for row, bound in enumerate(bounds):
        body.append(_text(LEFT - 8, HEIGHT - BOTTOM - row * tall - tall / 2 + 4, bound, "#475569", "end"))
    y = HEIGHT - BOTTOM - (line + 1) * tall
    body.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dc2626" stroke-dasharray="5 4"/>'
    )
    body += [
        _text(_x(at, start, end), HEIGHT - 12, said_x(at), "#475569", "middle") for at in _ticks(start, end)
    ]
    return _page(title, HEIGHT, body)


def bars(title: str, values: Mapping[str, float], said: Said) -> str:
    """The longest first."""
    most, body = max(values.values(), default=0) or 1, []
    ordered = sorted(values.items(), key=lambda item: -item[1])
    for place, (name, value) in enumerate(ordered):
        y, length = TOP + place * ROW, (WIDTH - 2 * RIGHT - 60) * value / most
        body.append(_text(RIGHT + 40, y + 13, name, "#1e293b", "end"))
        body.append(
            f'<rect x="{RIGHT + 50}" y="{y + 2}" width="{length:.1f}" height="{ROW - 6}" fill="#dc2626"/>'
        )
        body.append(_text(RIGHT + 56 + length, y + 13, said(value), "#475569"))
    return _page(title, TOP + ROW * len(ordered) + 10, body)


def spans(title: str, firing: Mapping[str, Points], said_x: Said) -> str:
    """A row an alert, a mark for each moment it was firing; the first to fire on top."""
    start, end = _span(firing.values())
    left, body = 230, list[str]()
    ordered = sorted(firing.items(), key=lambda item: item[1][0][0])
    wide = WIDTH - left - 20
    for place, (name, points) in enumerate(ordered):
        y = TOP + place * ROW
        body.append(_text(left - 8, y + 13, name, "#1e293b", "end"))
        for first, last in _runs([at for at, _ in points]):
            x, length = (
                left + wide * (first - start) / (end - start),
                max(wide * (last - first) / (end - start), 3),
            )
            body.append(
                f'<rect x="{x:.1f}" y="{y + 3}" width="{length:.1f}" height="{ROW - 7}" fill="#dc2626"/>'
            )
    bottom = TOP + ROW * len(ordered)
    body += [
        _text(left + wide * (at - start) / (end - start), bottom + 18, said_x(at), "#475569", "middle")
        for at in _ticks(start, end)
    ]
    return _page(title, bottom + 30, body)


def _runs(moments: Sequence[float]) -> list[tuple[float, float]]:
    """Moments a second apart as stretches."""
    found: list[tuple[float, float]] = []
    for at in moments:
        if found and at - found[-1][1] < 2.5:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def _span(every: Iterable[Points]) -> tuple[float, float]:
    moments = [at for points in every for at, _ in points]
    return min(moments), max(max(moments), min(moments) + 1)


def _ticks(start: float, end: float) -> list[float]:
    return [start + (end - start) * part / 6 for part in range(7)]


def _x(at: float, start: float, end: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at - start) / (end - start)


def _y(value: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(value, 0) / most


def _axes(start: float, end: float, most: float, said_x: Said, said_y: Said) -> str:
    rows = []
    for part in range(5):
        y = _y(most * part / 4, most)
        rows.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e2e8f0"/>')
        rows.append(_text(LEFT - 8, y + 4, said_y(most * part / 4), "#475569", "end"))
    rows += [
        _text(_x(at, start, end), HEIGHT - 12, said_x(at), "#475569", "middle") for at in _ticks(start, end)
    ]
    return "\n".join(rows)


def _text(x: float, y: float, said: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(said)}</text>'


def _page(title: str, height: float, body: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    style = 'font-family="sans-serif" font-size="12"'
    heading = f'<text x="12" y="24" font-size="15" fill="#0f172a">{escape(title)}</text>'
    return "\n".join(
        [f"{head} {style}>", '<rect width="100%" height="100%" fill="white"/>', heading, *body, "</svg>\n"]
    )
