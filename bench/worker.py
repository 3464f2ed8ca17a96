"""A worker process as a benchmark sees it: what it says of itself over HTTP, and what it takes of the machine."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a worker stands: seconds of a clock and of the processor, and the events that it has committed."""

    wall: float
    cpu: float
    events: int


@dataclass
class Worker:
    """One process of ``lifestage worker``; ``log`` is what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def health(self) -> dict[str, Any]:
        """What ``/health`` says; nothing while the worker does not answer."""
        told: dict[str, Any] = json.loads(self._page("health") or "{}")
        return told

    def is_ready(self) -> bool:
        """Whether it has all of its partitions, restored."""
        health = self.health()
        return bool(health.get("ready")) and bool(health["partitions"])

    def lag(self) -> int | None:
        """Records that no commit covers yet; None while the worker does not answer."""
        lag: int | None = self.health().get("lag_records")
        return lag

    def mark(self) -> Mark:
        """Where it stands now."""
        lines = self._page("metrics").splitlines()
        events = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("lifestage_events_total"))
        return Mark(time.monotonic(), self.processor_seconds(), int(events))

    def processor_seconds(self) -> float:
        """What it has used of the processor so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Bytes that lie in memory now."""
        return int(self._process.memory_info().rss)

    @cached_property
    def _process(self) -> psutil.Process:
        # Under a profiler, the worker is its child.
        process = psutil.Process(self.process.pid)
        children = process.children()
        return children[0] if children else process

    def _page(self, name: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{name}", timeout=_ANSWER_SECONDS) as answer:
                text: str = answer.read().decode()
                return text
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return ""
