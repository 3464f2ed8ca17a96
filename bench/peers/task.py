"""What a program is told by whoever measures it, and how it tells how far it has come."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Task:
    """Read ``events`` records of ``topic``, write to ``output``, keep files in ``folder``, go by the name ``name``."""

    broker: str
    topic: str
    output: str
    name: str
    events: int
    folder: Path

    @classmethod
    def given(cls) -> "Task":
        """Read the variables that ``variables`` has written."""
        told = {name: os.environ[f"BENCH_{name.upper()}"] for name in ("broker", "topic", "output", "name")}
        return cls(**told, events=int(os.environ["BENCH_EVENTS"]), folder=Path(os.environ["BENCH_FOLDER"]))

    def variables(self) -> dict[str, str]:
        """Return the task as variables of the environment."""
        names = ("broker", "topic", "output", "name", "events", "folder")
        return {f"BENCH_{name.upper()}": str(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Mark:
    """So many records were done when the clock stood at ``wall`` and this process had used ``cpu`` (seconds)."""

    records: int
    wall: float
    cpu: float


class Progress:
    """Writes a mark with the first record, with every twentieth of all, and with the end."""

    def __init__(self, task: Task) -> None:
        self._file = task.folder / "progress"
        self._step = max(1, task.events // 20)
        self._next = 1
        self._all = task.events
        self.records = 0

    def add(self, records: int = 1) -> bool:
        """Count records; say whether these were the last ones."""
        self.records += records
        if self.records >= self._next and self.records < self._all:
            self.mark()
            self._next = self.records - self.records % self._step + self._step
        return self.records >= self._all

    def mark(self) -> None:
        """Write down where we are."""
        with self._file.open("a") as file:
            file.write(f"{self.records} {time.monotonic()} {time.process_time()}\n")


def marks(folder: Path) -> list[Mark]:
    """Return what a program has told so far; the first mark is its first record, the last may be its end."""
    file = folder / "progress"
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    told = [line.split() for line in lines if line.endswith("\n")]
    return [Mark(int(records), float(wall), float(cpu)) for records, wall, cpu in told]
