"""Clocks as most would write them: an asyncio timer each, or a heap of instants. Their price, and what they cannot do.

A process that ends takes them all with it, so before it is ready again it must read every open clock and set it up
anew; nothing it fires is stored or said.
"""

import asyncio
import gc
import heapq
import itertools
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from uuid import UUID

from services.chassis.clock import monotonic
from tests.bench import process

FIRED = 50_000


@dataclass(frozen=True)
class Price:
    bytes_each: float
    set_up_s: float
    fire_us: float
    pause_ms: float


def measured(how: Callable[[int], Price], many: int) -> Price:
    """In a process of its own, so that memory is its alone."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_tell, args=(theirs, how, many), daemon=True)
    child.start()
    price: Price = ours.recv()
    child.join()
    return price


def _tell(pipe: Connection, how: Callable[[int], Price], many: int) -> None:
    pipe.send(how(many))


def timers(many: int) -> Price:
    """`loop.call_at`, one a clock."""
    return asyncio.run(_timers(many))


async def _timers(many: int) -> Price:
    loop, fired = asyncio.get_running_loop(), list[UUID]()
    before, began, far = _memory(), monotonic(), loop.time() + 86_400
    kept = [loop.call_at(far + n, fired.append, UUID(int=n)) for n in range(many)]
    set_up, size = monotonic() - began, _memory() - before
    pause = _collection()
    for n in range(FIRED):
        loop.call_at(loop.time(), fired.append, UUID(int=n))
    last = asyncio.Event()
    loop.call_at(loop.time(), last.set)
    began = monotonic()
    await last.wait()
    took = monotonic() - began
    assert (len(fired), len(kept)) == (FIRED, many)
    return Price(size / many, set_up, took / FIRED * 1e6, pause)


def heap(many: int) -> Price:
    """A sorted set: (instant, clock), popped as they fall due and pushed back with their next rung."""
    before, began = _memory(), monotonic()
    waiting = [(float(n), UUID(int=n)) for n in range(many)]
    heapq.heapify(waiting)
    set_up, size = monotonic() - began, _memory() - before
    pause = _collection()
    began = monotonic()
    for _ in itertools.repeat(None, FIRED):
        at, clock = heapq.heappop(waiting)
        heapq.heappush(waiting, (at + many, clock))
    return Price(size / many, set_up, (monotonic() - began) / FIRED * 1e6, pause)


def _collection() -> float:
    """Milliseconds of one full collection, in which nothing else runs."""
    began = monotonic()
    gc.collect()
    return 1000 * (monotonic() - began)


def _memory() -> float:
    gc.collect()
    return process.resident_mb(os.getpid()) * process.MB
