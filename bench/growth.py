"""What do a customer and an event cost as the number of customers grows, and what do many deadlines at once delay?

    python -m bench growth                # 10 k, 100 k, 1 M and, where there is memory for it, 3 M customers
    python -m bench growth --quick

The tracker and a dict, without Kafka; each number of customers in a process of its own.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import psutil

from agents.batch import Batch, Record
from agents.tracker import Tracker
from bench.due_together import at_midnight, policy_of_a_week, within_a_minute
from bench.gc_settings import apply_worker_settings
from bench.population import DAY, Population, pass_time, simulate
from bench.report import Line, Lines, Report, Say, Size, Spread, Table
from bench.visits import Visits
from bench.waiting_times import WaitingTimes, over, views
from schemas.instant import from_text
from state.rules.rulebook import Rulebook
from streams.policy_file import load_rules

INSTANT = from_text("2026-01-01T00:00:00Z")
GOAL_BYTES, GOAL_RATIO, GOAL_WAIT_MS = 700, 1.5, 250.0
_HOUR = 3_600_000
_BATCH = 1000
_EVENTS_A_SECOND = 5000.0
_COPIES = 10
_WHILE_DUE_A_SECOND = 200.0
_BYTES_TO_SPARE = 3 * 1024**3
_BYTES_EXPECTED = 2500

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes per customer: the growth of the process, and the parts of it that can be measured."""

    all_in: float
    key: float
    snapshot: float
    slot: float

    @property
    def rest(self) -> float:
        """The rest: the entry of the deadline, and what the allocator rounds up."""
        return self.all_in - self.key - self.snapshot - self.slot


@dataclass(frozen=True, slots=True)
class Grown:
    """The measures with so many customers; times in µs of the processor per event."""

    customers: int
    memory: Memory
    restored: float
    event: Spread
    midnight: WaitingTimes


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    events = size.of(20_000, 1000)
    rules = load_rules(None)
    say("simulating a year of those who are copied")
    typical = simulate(rules, size.of(1000, 50), INSTANT)
    grown, left_out = [], []
    for customers in (500, 1000) if size.quick else (10_000, 100_000, 1_000_000, 3_000_000):
        if psutil.virtual_memory().available < customers * _BYTES_EXPECTED + _BYTES_TO_SPARE:
            left_out.append(f"{customers:,} customers: too little memory is free")
            continue
        grown.append(_alone(_grow, typical, customers, events, size.rounds))
        say(f"{customers:,} customers: {grown[-1].event} µs an event, {grown[-1].memory.all_in:.0f} bytes a customer")
    many = size.of(1_000_000, 1000)
    due = _alone(_minute, many, size.of(600, 60))
    say(f"a minute in which one customer in a hundred is due: longest step {due.longest_step:.1f} ms")
    worst = _alone(_midnight, many, size.of(300, 30))
    say(f"a midnight at which all are due: longest wait {worst.longest_wait:.0f} ms")
    return _report(grown, due, worst, many, left_out)


def _alone(work: Callable[..., _T], *given: object) -> _T:
    # A process of its own: what the one before it left in memory must not be counted.
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result()


def _grow(population: Population, customers: int, events: int, rounds: int) -> Grown:
    apply_worker_settings()
    rules = load_rules(None)
    snapshots: dict[bytes, bytes] = {}
    before = psutil.Process().memory_info().rss
    began = time.process_time()
    tracker = _restored(rules, population, customers, snapshots)
    restored = customers / (time.process_time() - began)
    memory = _memory(snapshots, psutil.Process().memory_info().rss - before)
    midnight = over(tracker, views(customers, INSTANT - 500, _WHILE_DUE_A_SECOND), INSTANT - 500, INSTANT + 1000)
    costs = []
    for number in range(rounds):
        at = INSTANT + (2 + 2 * number) * _HOUR
        pass_time(tracker, at)
        visits = Visits(population, customers, events, seed=number, copies=_COPIES)
        arriving = enumerate(visits.from_instant(at, _EVENTS_A_SECOND))
        records = [Record(it.topic, place, it.instant, it.key, it.value) for place, it in arriving]
        costs.append(_microseconds(tracker, records))
    return Grown(customers, memory, restored, Spread.over(costs), midnight)


def _restored(rules: Rulebook, population: Population, customers: int, snapshots: dict[bytes, bytes]) -> Tracker:
    tracker = Tracker(rules, 0, snapshots)
    for key, value in population.snapshots(customers):
        tracker.restore(key, value)
    tracker.upto = population.instant - 1
    return tracker


def _memory(snapshots: dict[bytes, bytes], grown: int) -> Memory:
    count = len(snapshots)
    return Memory(
        grown / count,
        sum(map(sys.getsizeof, snapshots)) / count,
        sum(map(sys.getsizeof, snapshots.values())) / count,
        sys.getsizeof(snapshots) / count,
    )


def _microseconds(tracker: Tracker, records: list[Record]) -> float:
    began = time.process_time()
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        tracker.apply(tracker.compute(Batch(0, 0, batch, batch[-1].time)))
    return (time.process_time() - began) / len(records) * 1e6


def _minute(customers: int, originals: int) -> WaitingTimes:
    # The other ninety-nine of a hundred customers change nothing about those who are due.
    apply_worker_settings()
    rules = load_rules(None)
    begin = INSTANT + DAY // 2
    tracker = _restored(rules, within_a_minute(rules, begin, originals), customers // 100, {})
    return over(tracker, views(customers, begin, _WHILE_DUE_A_SECOND), begin, begin + 60_000)


def _midnight(customers: int, originals: int) -> WaitingTimes:
    apply_worker_settings()
    with tempfile.TemporaryDirectory() as folder:
        rules = load_rules(policy_of_a_week(Path(folder)))
    tracker = _restored(rules, at_midnight(rules, INSTANT, originals), customers, {})
    return over(tracker, views(customers, INSTANT - 500, _WHILE_DUE_A_SECOND), INSTANT - 500, INSTANT + 1000)


def _report(grown: list[Grown], due: WaitingTimes, worst: WaitingTimes, many: int, left_out: list[str]) -> Report:
    ratio = grown[-1].event.median / grown[0].event.median
    return Report(
        bench="growth",
        figures={
            "goal": {"bytes": GOAL_BYTES, "ratio": GOAL_RATIO, "wait_ms": GOAL_WAIT_MS},
            "sizes": [asdict(it) for it in grown],
            "ratio": round(ratio, 3),
            "minute": asdict(due),
            "midnight_of_all": {"customers": many, **asdict(worst)},
        },
        tables=[
            Table(
                "What a customer and an event cost",
                ["customers", "µs an event", "bytes each", "key", "snapshot", "dict", "deadline, rest", "restored/s"],
                [[it.customers, it.event, *_parts(it.memory), it.restored] for it in grown],
            ),
            Table(
                "What many deadlines hold up",
                ["instant", "customers", "changes", "busy, s", "longest step, ms", "longest wait of an event, ms"],
                [
                    *(_row("an ordinary midnight", it.customers, it.midnight) for it in grown),
                    _row("a minute, 1 in 100 due", many, due),
                    _row("a midnight, all due", many, worst),
                ],
            ),
        ],
        pictures=[
            Lines(
                "growth",
                "What an event costs as the customers grow in number",
                "customers",
                "µs of the processor an event",
                [Line("lifestage", {float(it.customers): it.event for it in grown}, ours=True)],
                log_x=True,
            )
        ],
        left_out=left_out,
    )


def _parts(memory: Memory) -> list[float]:
    return [memory.all_in, memory.key, memory.snapshot, memory.slot, memory.rest]


def _row(instant: str, customers: int, waits: WaitingTimes) -> list[object]:
    busy = waits.busy / 1000
    return [instant, customers, waits.decided, busy, waits.longest_step, waits.longest_wait]
