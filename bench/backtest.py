"""How many events a second does `lifestage backtest` decide, with one process and with one for each core?

    python -m bench backtest              # the Complete Journey, 2 million simulated events, a million lines of CSV
    python -m bench backtest --quick

The command as a user runs it, from a file to a file, its start included; the CSV beside the same orders as events. The
simulated customers are copied, so that
making the file takes a minute; that is not measured.
"""

import filecmp
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bench.mapped_orders import write_orders
from bench.report import Bar, Bars, Report, Say, Size, Spread, Table
from streams.backtest.pool import cores
from streams.embedded.child_process import ServerError, start
from streams.sources import simulated
from streams.sources.named import open_source
from streams.sources.source import SourceEvent

GOAL_PER_CORE = 60_000
_ROOT = Path(__file__).parents[1]
_COMMAND = (sys.executable, "-c", "from streams.cli.main import main; main()", "backtest")
_LOOK_SECONDS = 0.1
_File = tuple[Path, Path | None, int]
"""A file, its mapping if it needs one, and how many events it has."""


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds of the clock and of the processor, and the peak memory of all processes in bytes."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Result:
    """Events per second of the clock and of the processor, busy cores, and memory in bytes."""

    events: str
    processes: int
    wall: Spread
    cpu: Spread
    cores: Spread
    memory: float


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    results = []
    with tempfile.TemporaryDirectory(prefix="lifestage-bench-") as name:
        folder = Path(name)
        for title, (path, mapping, events) in _files(folder, size, say).items():
            outputs = []
            for processes in sorted({1, cores()}):
                output = folder / f"transitions-{processes}.jsonl"
                outputs.append(output)
                runs = [_run(path, mapping, output, processes) for _ in range(size.rounds)]
                results.append(_result(title, events, processes, runs))
                say(f"{title}, {processes} processes: {results[-1].wall} events/s")
            if not all(filecmp.cmp(outputs[0], output, shallow=False) for output in outputs):
                raise AssertionError(f"{title}: more processes made other transitions")
    return _report(results)


def _files(folder: Path, size: Size, say: Say) -> dict[str, _File]:
    journey = open_source("complete-journey", customers=size.of(100_000, 30)).events
    path = folder / "complete-journey"
    files: dict[str, _File] = {path.name: (path, None, _write(path, (event.value for event in journey)))}
    say("writing simulated events")
    customers, copies = size.of(5000, 50), size.of(4, 2)
    events = simulated.events(customers, 365)
    lines = (_copied(event, copy) for copy in range(copies) for event in events)
    path = folder / "simulated"
    files[path.name] = (path, None, _write(path, lines))
    orders = write_orders(folder, count := size.of(1_000_000, 2000))
    files["orders as events"] = (orders.events, None, count)
    files["orders as CSV"] = (orders.table, orders.mapping, count)
    return files


def _copied(event: SourceEvent, copy: int) -> bytes:
    return event.value.replace(b"sim-", b"sim-%d-" % copy)


def _write(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count


def _run(events: Path, mapping: Path | None, output: Path, processes: int) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    command = [*_COMMAND, str(events), "--out", str(output), "--processes", str(processes)]
    command += [] if mapping is None else ["--mapping", str(mapping)]
    log = events.with_suffix(".log")
    with log.open("wb") as log_file:
        began, before = time.monotonic(), os.times()
        child = start(command, output=log_file, environment=environment)
        most = 0
        while child.poll() is None:
            most = max(most, _memory(child.pid))
            time.sleep(_LOOK_SECONDS)
        wall, after = time.monotonic() - began, os.times()
    if child.returncode:
        raise ServerError(f"a backtest ended with {child.returncode}: {log.read_text()[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, cpu, most)


def _memory(pid: int) -> int:
    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:  # one of them has just ended
        pass
    return total


def _result(title: str, events: int, processes: int, runs: Sequence[Run]) -> Result:
    return Result(
        f"{title}, {events:,}",
        processes,
        Spread.over(events / it.wall for it in runs),
        Spread.over(events / it.cpu for it in runs),
        Spread.over(it.cpu / it.wall for it in runs),
        max(it.memory for it in runs),
    )


def _report(results: Sequence[Result]) -> Report:
    return Report(
        bench="backtest",
        figures={"goal_per_core": GOAL_PER_CORE, "results": [asdict(it) for it in results]},
        tables=[
            Table(
                "A backtest from file to file: events a second",
                ["events", "processes", "by the clock", "by the processor", "cores at work", "MB in all"],
                [[it.events, it.processes, it.wall, it.cpu, it.cores, it.memory / 1e6] for it in results],
            )
        ],
        pictures=[
            Bars(
                "backtest",
                "A backtest from file to file",
                "events a second by the clock",
                {
                    title: [
                        Bar(f"processes: {it.processes}", it.wall, ours=True) for it in results if it.events == title
                    ]
                    for title in dict.fromkeys(it.events for it in results)
                },
            )
        ],
    )
