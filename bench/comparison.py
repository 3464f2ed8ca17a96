"""One program of a comparison, run on records that were written before: its speed, its memory, and a check."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.orders import PARTITIONS, Population
from bench.peers.task import Mark, Task, marks
from bench.report import Say
from streams.embedded.child_process import running

_ROOT = Path(__file__).parents[1]
_POLL_SECONDS = 0.1
_SILENCE_SECONDS = 120.0
_VISIBLE_SECONDS = 30.0
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
"""A short stream may be processed in less than the kernel counts."""


def _nothing(_task: Task) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the comparison.

    ``command`` is asked for only when it runs; ``variables`` come besides those of its task. ``events`` says how many
    events of a population it gets, 0 if it takes no part.
    """

    name: str
    title: str
    command: Callable[[], Sequence[str]]
    events: Callable[[Population], int]
    variables: Callable[[Task], Mapping[str, str]] = _nothing


@dataclass(frozen=True, slots=True)
class Run:
    """From the first record to the last: events per second of the clock and of the processor, memory in MB at most.

    ``later`` and ``later_cpu`` are the rates over the second half, when a program that compiles itself has done so.
    """

    events: int
    wall: float
    cpu: float
    later: float
    later_cpu: float
    memory: float


class WrongOutputError(Exception):
    """A program did not do the job, so its figures mean nothing."""


def python(module: str, *arguments: str) -> Callable[[], Sequence[str]]:
    """Return a command that runs one of our modules."""
    return lambda: [sys.executable, "-m", module, *arguments]


def run(program: Program, task: Task, announced: int, say: Say) -> Run:
    """Run a program until it has done its task; ``announced`` is how many records it must add to the output.

    Raises ``WrongOutputError`` when it ends early, falls silent, or announces something else.
    """
    task.folder.mkdir(parents=True)
    before = asyncio.run(_ends(task))
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), **task.variables(), **program.variables(task)}
    log = task.folder / "log"
    with running(program.command(), log=log, environment=environment, grace=5.0) as child:
        reached, memory = watch(child.pid, task, log, say)
        found = asyncio.run(_announced(task, before, announced))
    if found != announced:
        raise WrongOutputError(f"{program.title} announced {found} of {announced} large orders, see {log}")
    return measured(reached, memory)


def watch(pid: int, task: Task, log: Path, say: Say) -> tuple[list[Mark], float]:
    """Wait until a program has done its task; return its marks, and the most memory that it took, in MB.

    Raises ``WrongOutputError`` when it ends early or falls silent.
    """
    process = psutil.Process(pid)
    memory, seen, changed_at, reported_at = 0.0, 0, time.monotonic(), time.monotonic()
    while True:
        reached = marks(task.folder)
        if reached and reached[-1].records >= task.events:
            return reached, memory
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            reached = marks(task.folder)
            if reached and reached[-1].records >= task.events:
                return reached, memory
            raise WrongOutputError(f"{task.name} ended early, see {log}:\n{log.read_text()[-2000:]}")
        memory = max(memory, memory_of(process))
        now = time.monotonic()
        if len(reached) > seen:
            seen, changed_at = len(reached), now
            if now - reported_at > 10.0:
                say(f"{task.name}: {reached[-1].records:,} of {task.events:,}")
                reported_at = now
        if now - changed_at > _SILENCE_SECONDS:
            raise WrongOutputError(f"{task.name} fell silent, see {log}:\n{log.read_text()[-2000:]}")
        time.sleep(_POLL_SECONDS)


def memory_of(process: psutil.Process) -> float:
    """Return the resident memory of a process and its children, in MB."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return total / 1e6


def measured(reached: Sequence[Mark], memory: float) -> Run:
    """Return the rates between the first mark and the last."""
    first, last = reached[0], reached[-1]
    middle = [mark for mark in reached[:-1] if mark.records * 2 <= first.records + last.records][-1]
    wall, cpu = _rates(first, last)
    later, later_cpu = _rates(middle, last)
    return Run(last.records, wall, cpu, later, later_cpu, memory)


def _rates(first: Mark, last: Mark) -> tuple[float, float]:
    done = last.records - first.records
    return done / (last.wall - first.wall), done / max(last.cpu - first.cpu, TICK_SECONDS)


def _consumer(task: Task) -> AIOKafkaConsumer:
    # Committed records only: what a program could not commit it has not announced.
    return AIOKafkaConsumer(
        bootstrap_servers=task.broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )


def _places(task: Task) -> list[TopicPartition]:
    return [TopicPartition(task.output, partition) for partition in range(PARTITIONS)]


async def _ends(task: Task) -> dict[TopicPartition, int]:
    async with _consumer(task) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(_places(task))
        return ends


async def _announced(task: Task, before: Mapping[TopicPartition, int], expected: int) -> int:
    found, deadline = 0, time.monotonic() + _VISIBLE_SECONDS
    async with _consumer(task) as consumer:
        consumer.assign(_places(task))
        for place, offset in before.items():
            consumer.seek(place, offset)
        while found < expected and time.monotonic() < deadline:
            found += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
        # One too many shows as well.
        return found + sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
