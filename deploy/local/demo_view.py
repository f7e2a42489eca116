"""The live view: what the topics say, counted as it comes. For people; the report is computed from scratch later."""

import json
import statistics
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.local.demo_channels import Pusher
from services.chassis.clock import CityClock
from services.contracts import topics
from services.contracts.city import City

BUSIEST = 14


@dataclass
class Watch:
    """Counts of what went over the topics since the start."""

    bootstrap: str
    shards: int
    counts: Counter[str] = field(default_factory=Counter)
    departments: dict[str, Counter[str]] = field(default_factory=dict)
    sent_at: dict[str, datetime] = field(default_factory=dict)
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=500))

    async def run(self) -> None:
        """Until cancelled."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, fetch_max_wait_ms=200)
        names = (topics.CASES, topics.CLOCKS, topics.NOTICES)
        async with consumer:
            consumer.assign([TopicPartition(name, number) for name in names for number in range(self.shards)])
            await consumer.seek_to_beginning()
            async for record in consumer:
                self._see(record)

    def _see(self, record: ConsumerRecord) -> None:
        kind = dict(record.headers)["ce_type"].decode()
        self.counts[kind] += 1
        if kind in ("case.dispatched", "case.returned", "clock.breached", "clock.stopped"):
            data = json.loads(record.value)
            if kind == "case.dispatched":
                self._count(data["department"], "dispatched")
                self._time(record)
            elif kind == "case.returned":
                self._count(data["department"], "returned")
            elif data["clock"] == "response":
                self._count(data["holder"], "late" if kind == "clock.breached" else data["outcome"])
                self.counts[f"response {'late' if kind == 'clock.breached' else data['outcome']}"] += 1

    def _count(self, department: str, what: str) -> None:
        self.departments.setdefault(department, Counter())[what] += 1

    def _time(self, record: ConsumerRecord) -> None:
        sent_at = self.sent_at.pop(record.key.decode(), None)
        if sent_at is not None:
            appended = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            self.latencies_ms.append((appended - sent_at) / timedelta(milliseconds=1))


@dataclass
class View:
    """A screen, drawn again and again."""

    city: City
    watch: Watch
    pusher: Pusher
    wanted: int
    city_now: str = ""
    note: str = ""

    def at(self, clock: CityClock) -> None:
        self.city_now = f"{clock.now().astimezone(self.city.zone):%m-%d %H:%M}"

    def __rich__(self) -> RenderableType:
        done = len(self.pusher.promises)
        head = Text(f"Suban 速办 · {self.city.file.name.zh} · {self.city_now}", style="bold")
        bar = ProgressBar(total=max(1, self.wanted), completed=done, width=60)
        return Panel(
            Group(head, bar, Columns([self._figures(), self._departments()]), Text(self.note, style="dim"))
        )

    def _figures(self) -> Table:
        seen = self.watch.counts
        table = Table(box=None, show_header=False, padding=(0, 2))
        table.add_column(justify="left")
        table.add_column(justify="right", style="bold")
        for name, value, style in (
            ("受理 accepted", len(self.pusher.promises), ""),
            ("立案 registered", seen["case.registered"], ""),
            ("派单 dispatched", seen["case.dispatched"], ""),
            ("退单 returned", seen["case.returned"], ""),
            ("按时响应 responded in time", seen["response met"], "green"),
            ("超时未响应 response late", seen["response late"], "red"),
            ("超时 breaches, all clocks", seen["clock.breached"], "red"),
            ("办结 resolved", seen["case.resolved"], ""),
            ("结案 closed", seen["case.closed"], "green"),
            ("消息 messages sent", seen["notice.sent"], ""),
        ):
            table.add_row(name, f"[{style}]{value:,}[/]" if style else f"{value:,}")
        table.add_row("端到端 POST → dispatched", self._latency())
        return table

    def _latency(self) -> str:
        taken = sorted(self.watch.latencies_ms)
        if len(taken) < 2:
            return "–"
        return f"p50 {statistics.median(taken):.0f} ms, p99 {taken[int(len(taken) * 0.99)]:.0f} ms"

    def _departments(self) -> Table:
        table = Table("部门 department", "派单", "按时", "超时", "退单", box=None, padding=(0, 1))
        busiest = sorted(self.watch.departments.items(), key=lambda row: -row[1]["dispatched"])[:BUSIEST]
        for slug, seen in busiest:
            known = self.city.department_by_slug.get(slug)
            late = f"[red]{seen['late']}[/]" if seen["late"] else "0"
            name = known.short if known else slug
            table.add_row(name, str(seen["dispatched"]), str(seen["met"]), late, str(seen["returned"]))
        return table

    def line(self) -> str:
        """One line, where there is no terminal."""
        seen = self.watch.counts
        return (
            f"{self.city_now}  accepted {len(self.pusher.promises)}  registered {seen['case.registered']}  "
            f"dispatched {seen['case.dispatched']}  in time {seen['response met']}  late {seen['response late']}  "
            f"closed {seen['case.closed']}  messages {seen['notice.sent']}  {self._latency()}"
        )
