"""The programs of the policy benchmark, each run once on a load: lifestage's worker, and the policy written by hand."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.comparison import Run, WrongOutputError, measured, memory_of, watch
from bench.installation import Installation, until
from bench.peers import java
from bench.peers.flink import environment as flink
from bench.peers.task import Mark, Task
from bench.population import lives
from bench.report import Say
from bench.told import Told, told
from schemas.instant import to_text
from streams.embedded.child_process import running
from streams.sources.source import SourceEvent
from streams.topics import topics_of

_PATIENCE = 600.0
_LOOK_SECONDS = 0.1
_ENDING_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Past:
    """The events from which the customers come who are there in the beginning: a file of them, sorted by instant.

    Those who are copied have lived through it until ``instant`` (ms since 1970).
    """

    file: Path
    instant: int

    @classmethod
    def written(cls, file: Path, originals: int, instant: int) -> "Past":
        """Write what so many originals did before ``instant``."""
        events = (it.value for it in lives(originals, instant) if it.instant < instant)
        file.write_bytes(b"".join(b"%s\n" % value for value in events))
        return cls(file, instant)


@dataclass(frozen=True, slots=True)
class Load:
    """Events that lie in the inputs of an installation, and so many ``customers`` in its changelog."""

    place: Installation
    events: Sequence[SourceEvent]
    customers: int

    @property
    def last(self) -> int:
        """The instant of the last event, in ms since 1970."""
        return self.events[-1].instant

    @property
    def end(self) -> str:
        """The instant of the last event, as messages have it."""
        return to_text(self.last)


def lifestage(load: Load) -> tuple[Run, Told]:
    """Run the worker as it ships. Raises ``ServerError``."""
    looks: list[Mark] = []
    memory = 0.0
    with load.place.worker() as worker:
        process = psutil.Process(worker.process.pid)
        is_open = False

        def is_done() -> bool:
            nonlocal memory, is_open
            mark = worker.mark()
            if not is_open:
                del looks[:-1]  # the last look before it works is the first that counts
            is_open = is_open or worker.is_ready()
            looks.append(Mark(mark.events, mark.wall, mark.cpu))
            memory = max(memory, memory_of(process))
            return mark.events >= len(load.events)

        def is_decided() -> bool:
            health = worker.health()
            groups: Mapping[str, Mapping[str, str | None]] = health.get("partitions", {})
            come = [it for it in groups.values() if (it["upto"] or "") > load.end]
            return health.get("lag_records") == 0 and len(come) == load.place.settings.partitions

        until(is_done, [worker], _PATIENCE, "working the events off", every=_LOOK_SECONDS)
        until(is_decided, [worker], _ENDING_SECONDS, "deciding what was due")
        found = asyncio.run(told(load.place.settings, load.end))
    return replace(measured(looks, memory), events=len(load.events)), found


@dataclass(frozen=True, slots=True)
class ByHand:
    """A program in which the policy is written by hand.

    ``copy`` makes the command that copies so many customers of a past, ``work`` the one that decides a load;
    ``variables`` come besides those of the task.
    """

    title: str
    copy: Callable[[Past, int], Sequence[str]]
    work: Callable[[Load], Sequence[str]]
    variables: Callable[[], Mapping[str, str]] = dict

    def run(self, past: Past, load: Load, place: Installation, say: Say) -> tuple[Run, Told]:
        """Make its customers and run it on a load; ``place`` is its own. Raises ``WrongOutputError``."""
        outputs = topics_of(place.settings)
        task = Task(
            place.settings.broker,
            ",".join(topics_of(load.place.settings).inputs),
            outputs.transitions,
            place.settings.app_id,
            len(load.events),
            place.folder,
        )
        log = place.folder / "log"
        environment = {**os.environ, "BENCH_REJECTS": outputs.rejects, **self.variables()}
        copying = replace(task, events=load.customers).variables()
        with running(self.copy(past, load.customers), log=log, environment={**environment, **copying}) as child:
            self._check(child, log, _PATIENCE)
        with running(self.work(load), log=log, environment={**environment, **task.variables()}) as child:
            reached, memory = watch(child.pid, task, log, say)
            self._check(child, log, _ENDING_SECONDS)  # it decides what was due, and commits
        return measured(reached, memory), asyncio.run(told(place.settings, load.end))

    def _check(self, child: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        if status != 0:
            raise WrongOutputError(f"{self.title} did not end well, see {log}:\n{log.read_text()[-2000:]}")


KAFKA_STREAMS = ByHand(
    "Kafka Streams, in memory",
    lambda past, customers: java.command("policy.Main", "copy", str(past.file), str(past.instant - 1), str(customers)),
    lambda _load: java.command("policy.Main", "run", "memory"),
)
PYFLINK = ByHand(
    "PyFlink",
    lambda past, customers: flink.command("copy", str(past.file), str(past.instant - 1), str(customers)),
    lambda load: flink.command("run", str(load.last)),
    flink.variables,
)
