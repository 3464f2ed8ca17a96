"""The task of a measured program, and the progress it reports."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Task:
    """Read ``events`` records of ``topic``, write to ``output``, keep files in ``folder``, go by the name ``name``.

    ``topic`` may be several, with commas between them.
    """

    broker: str
    topic: str
    output: str
    name: str
    events: int
    folder: Path

    @classmethod
    def given(cls) -> "Task":
        """Read the task from environment variables."""
        told = {name: os.environ[f"BENCH_{name.upper()}"] for name in ("broker", "topic", "output", "name")}
        return cls(**told, events=int(os.environ["BENCH_EVENTS"]), folder=Path(os.environ["BENCH_FOLDER"]))

    def variables(self) -> dict[str, str]:
        """Return the task as environment variables."""
        names = ("broker", "topic", "output", "name", "events", "folder")
        return {f"BENCH_{name.upper()}": str(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading: records done, clock and processor time of the process, in seconds."""

    records: int
    wall: float
    cpu: float


class Progress:
    """Progress of a program: a mark for the first record, each twentieth of all, and the end."""

    def __init__(self, task: Task) -> None:
        self._file = task.folder / "progress"
        self._step = max(1, task.events // 20)
        self._next = 1
        self._all = task.events
        self.records = 0

    def add(self, records: int = 1) -> bool:
        """Count records; return whether these were the last."""
        self.records += records
        if self.records >= self._next and self.records < self._all:
            self.mark()
            self._next = self.records - self.records % self._step + self._step
        return self.records >= self._all

    def mark(self) -> None:
        """Write a mark."""
        with self._file.open("a") as file:
            file.write(f"{self.records} {time.monotonic()} {time.process_time()}\n")


def marks(folder: Path) -> list[Mark]:
    """Return the marks written so far: the first is the first record, the last may be the end."""
    file = folder / "progress"
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    told = [line.split() for line in lines if line.endswith("\n")]
    return [Mark(int(records), float(wall), float(cpu)) for records, wall, cpu in told]
