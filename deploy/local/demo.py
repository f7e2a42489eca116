"""`make demo`: a whole city day in about two minutes, over a real Kafka and a real PostgreSQL.

Everything starts fresh in .suban/demo, channels push, departments answer, a screen shows it; then an independent ledger
says whether anything was lost, and report.json holds the figures. Variables: DATA (a CSV file of real requests to
replay), DEMO_RATE (city seconds in a second), DEMO_REQUESTS (how many samples to push), DEMO_EXIT=1 (end after it).
"""

import asyncio
import contextlib
import importlib
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel

from deploy.local import Broken, demo_channels, demo_report, demo_requests, evidence
from deploy.local.demo_channels import Pusher
from deploy.local.demo_departments import Departments
from deploy.local.demo_report import Figures
from deploy.local.demo_requests import Item
from deploy.local.demo_view import View, Watch
from deploy.local.ledger import Ledger, Verdict
from deploy.local.stack import CITY, SERVICES, Stack, end_on_signals
from services.chassis import files
from services.chassis.clock import CityClock
from services.contracts import city as cities
from services.contracts.city import City

RATE = 720.0
BUSIEST = 40.0  # requests a second that a small machine may be asked for in the day's busiest hour
EVENING_S = 8.0  # wall seconds after the day's last request: who is at work may finish
SETTLE_S = 60.0
LINE_EVERY_S = 10.0
FRAME_S = 0.25
MORNING = 5  # the day begins at five o'clock; starting up takes the first hour of it
console = Console(highlight=False)


@dataclass(frozen=True)
class Day:
    """What is played: `at_end` stops there, else it runs until Ctrl-C."""

    items: tuple[Item, ...]
    rate: float
    at_end: bool


@dataclass(frozen=True)
class Played:
    """How it went."""

    figures: Figures
    verdict: Verdict
    report: dict[str, Any]
    messages: list[str]
    pusher: Pusher


def _asked(city: City) -> Day:
    """From the environment. Raises Broken when it makes no sense."""
    data, wanted = os.environ.get("DATA", ""), os.environ.get("DEMO_REQUESTS", "")
    try:
        given, count = float(os.environ.get("DEMO_RATE") or 0), int(wanted) if wanted else None
    except ValueError:
        raise Broken(
            "DEMO_RATE is a number (city seconds in a second) and DEMO_REQUESTS a whole one."
        ) from None
    if (given and given < 1) or (count is not None and count < 1):
        raise Broken("DEMO_RATE and DEMO_REQUESTS must be at least 1.")
    items = (
        demo_requests.replay(Path(data).expanduser(), city)
        if data
        else demo_requests.samples(CITY, city, count)
    )
    rate = given or min(RATE, demo_requests.fastest(len(items[:count]), BUSIEST))
    return Day(tuple(items[:count]), rate, os.environ.get("DEMO_EXIT") == "1" or not sys.stdout.isatty())


def _morning(city: City) -> str:
    today = datetime.now(UTC).astimezone(city.zone)
    return today.replace(hour=MORNING, minute=0, second=0, microsecond=0).isoformat()


async def _play(stack: Stack, city: City, day: Day) -> Played:
    base = await evidence.clock_base(stack.postgres.url())
    clock = CityClock(
        datetime.fromisoformat(base["wall_base"]), datetime.fromisoformat(base["city_base"]), day.rate
    )
    watch = Watch(stack.kafka.bootstrap, stack.shards)
    departments = Departments(stack.kafka.bootstrap, city, day.rate, stack.shards)
    async with demo_channels.client(stack.http("intake")) as client:
        pusher = Pusher(client, stack.tokens)
        view = View(city, watch, pusher, len(day.items))
        async with _beside(watch.run(), departments.run(), _show(view, clock)) as helpers:
            await _push(pusher, watch, day, clock.now().astimezone(city.zone), helpers)
            view.note = "The day is over; whoever is at work may finish. 一天已过，收尾中。"
            await asyncio.sleep(EVENING_S)
            departments.stop()
            view.note = "Waiting until everything has come to rest. 等待处理完毕。"
            await _settle(stack, pusher)
        return await _judged(stack, pusher)


@contextlib.asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Tasks that run as long as the block does."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _push(
    pusher: Pusher, watch: Watch, day: Day, start: datetime, helpers: Sequence[asyncio.Task[None]]
) -> None:
    """Every request at its time of the day, whatever became of the one before. Raises what a helper raised."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as pushes:
        for item, after in zip(day.items, demo_requests.spread(len(day.items), start), strict=True):
            await asyncio.sleep(began + after.total_seconds() / day.rate - time.monotonic())
            for helper in helpers:
                if helper.done():
                    helper.result()
            pushes.create_task(_one(pusher, watch, item))


async def _one(pusher: Pusher, watch: Watch, item: Item) -> None:
    promise = await pusher.push(item)
    if promise is not None:
        watch.sent_at.setdefault(promise.case_id, promise.sent_at)


async def _show(view: View, clock: CityClock) -> None:
    """Draw until cancelled: a live screen in a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        while True:
            await asyncio.sleep(LINE_EVERY_S)
            view.at(clock)
            console.print(view.line(), soft_wrap=True)
    with Live(view, console=console, auto_refresh=False) as live:
        while True:
            view.at(clock)
            live.refresh()
            await asyncio.sleep(FRAME_S)


async def _settle(stack: Stack, pusher: Pusher) -> None:
    """Until what was promised has gone all the way; what has not by then is the ledger's to judge."""
    promised, until = {promise.case_id for promise in pusher.promises}, time.monotonic() + SETTLE_S
    while (why := await evidence.unfinished(stack.postgres.url(), promised)) and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(FRAME_S)
    if why:
        console.print(f"[red]Not at rest after {SETTLE_S:.0f} s: {escape(why)}[/]")


async def _judged(stack: Stack, pusher: Pusher) -> Played:
    ledger, figures = Ledger(tuple(pusher.promises)), Figures()
    tables = await evidence.tables(stack.postgres.url())
    for record in evidence.topics(stack.kafka.bootstrap):
        ledger.take(record)
        figures.take(record)
    verdict = ledger.verdict(tables)
    report = demo_report.report(figures, verdict, tables, pusher.promises)
    (stack.directory / "report.json").write_text(demo_report.written(report))
    return Played(figures, verdict, report, await demo_report.messages(stack.postgres.url()), pusher)


def _tell(stack: Stack, city: City, played: Played) -> None:
    lines = demo_report.words(city, played.figures, played.verdict, played.report, stack.rate)
    if played.pusher.refused:
        lines.append(
            f"未受理（不合规）{len(played.pusher.refused)} 件。 {len(played.pusher.refused)} were refused at the door."
        )
    _box("一天小结 · the day in words", lines)
    if played.messages:
        _box("市民收到的短信 · what citizens read", played.messages)
    for service in SERVICES:
        page = {"notify": "/ (messages that would be sent), "}.get(service, "")
        console.print(f"  {service:<7} {stack.http(service)}  {page}/docs, /metrics, /readyz", soft_wrap=True)
    report = os.path.relpath(stack.directory / "report.json")
    console.print(f"  logs in {os.path.relpath(stack.logs)}, the report in {report}", soft_wrap=True)


def _box(title: str, lines: Sequence[str]) -> None:
    """Framed in a terminal; into a file or a pipe a line as long as it is."""
    if console.is_terminal:
        console.print(Panel("\n".join(map(escape, lines)), title=title))
    else:
        console.print(title, *map(escape, lines), sep="\n", soft_wrap=True)


def main() -> int:
    """Returns 0 only when nothing was lost, duplicated or left without owner or reason."""
    end_on_signals()
    city = files.load_all(CITY, cities.MODELS, cities.assemble, cities.problems).value
    day = _asked(city)
    start = _morning(city) if day.rate > 1 else None
    with Stack("demo", rate=day.rate, city_start=start, fresh=True, say=_say) as stack:
        played = asyncio.run(_play(stack, city, day))
        _tell(stack, city, played)
        if not day.at_end:
            console.print("[dim]Everything keeps running; end with Ctrl-C. 一切仍在运行，按 Ctrl-C 结束。[/]")
            threading.Event().wait()
    return 0 if played.verdict.clean else 1


def _say(line: str) -> None:
    console.print(f"[dim]· {escape(line)}[/]")


STORIES = {"bridge": "deploy.local.demo_bridge"}


def told(story: str) -> int:
    """STORY=bridge: one story instead of a day."""
    if story not in STORIES:
        raise Broken(f"There is no story {story}; there are: {', '.join(STORIES)}.")
    code: int = importlib.import_module(STORIES[story]).main()
    return code


if __name__ == "__main__":
    try:
        story = os.environ.get("STORY", "")
        sys.exit(told(story) if story else main())
    except Broken as failure:
        Console(stderr=True, highlight=False).print(f"[red]✗[/] {escape(str(failure))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
