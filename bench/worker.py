"""A worker process as a benchmark sees it: its events, its lag, its processor time and its memory."""

import time
from dataclasses import dataclass
from functools import cached_property

import psutil

from tests.support.workers import Worker


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading of a worker: seconds of the clock and of the processor, events and batches committed so far."""

    wall: float
    cpu: float
    events: int
    batches: int


class MeasuredWorker(Worker):
    """One process of ``lifestage worker``, and what it takes of the machine."""

    def is_ready(self) -> bool:
        """Return whether its partitions are assigned and restored."""
        health = self.health()
        return bool(health.get("ready")) and bool(health["partitions"])

    def lag(self) -> int | None:
        """Return the records not yet committed, or None while the worker does not answer."""
        lag: int | None = self.health().get("lag_records")
        return lag

    def mark(self) -> Mark:
        """Return a reading of this moment."""
        lines = self.page("/metrics")[1].splitlines()

        def total(name: str) -> int:
            return int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)))

        events, batches = total("lifestage_events_total"), total("lifestage_batches_total")
        return Mark(time.monotonic(), self.processor_seconds(), events, batches)

    def processor_seconds(self) -> float:
        """Return the processor time used so far, in seconds."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return the resident memory in bytes."""
        return int(self._process.memory_info().rss)

    @cached_property
    def _process(self) -> psutil.Process:
        # Under a profiler, the worker is its child.
        process = psutil.Process(self.process.pid)
        children = process.children()
        return children[0] if children else process
