"""An installation of lifestage for one measurement: its topics and workers on an Apache Kafka of its own."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.report import LeftOutError
from bench.worker import MeasuredWorker
from streams.embedded.child_process import ServerError, stop
from streams.settings import Settings
from streams.topics import create
from tests.support.servers import apache_kafka, apache_kafka_missing
from tests.support.workers import WORKER

PARTITIONS = 4


@dataclass
class Installation:
    """Topics that nobody else uses, and the workers started on them."""

    settings: Settings
    folder: Path
    workers: list[MeasuredWorker] = field(default_factory=list)

    @contextmanager
    def worker(
        self, before: Sequence[str] = (), variables: Mapping[str, str] | None = None
    ) -> Iterator[MeasuredWorker]:
        """Run one more worker for the length of the block; ``before`` is put before its command (a profiler, say)."""
        command = [*before, *WORKER, "--loglevel", "INFO"]
        name = f"bench-{len(self.workers)}"
        worker = MeasuredWorker.start(self.settings, self.folder, name, command, variables)
        self.workers.append(worker)
        try:
            yield worker
        finally:
            stop(worker.process)

    def stored(self, topics: Sequence[str]) -> int:
        """Return the bytes of these topics on the broker's disk, with all that batches and transactions add."""
        logs = (log for topic in topics for log in self.folder.parent.glob(f"kafka/*/data/{topic}-[0-9]*/*.log"))
        return sum(log.stat().st_size for log in logs)


@contextmanager
def kafka() -> Iterator[Callable[..., Installation]]:
    """Run Apache Kafka for the length of the block, and give what makes a fresh installation on it.

    That takes a policy, and the number of partitions.

    Raises ``LeftOutError`` where Apache Kafka cannot run.
    """
    missing = apache_kafka_missing()
    if missing is not None:
        raise LeftOutError(missing)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lifestage-bench-")))
        server = stack.enter_context(apache_kafka(folder / "kafka"))
        made: list[Installation] = []

        def installation(policy: Path | None = None, partitions: int = PARTITIONS) -> Installation:
            name = f"bench-{len(made)}-{time.monotonic_ns()}"
            place = folder / name
            place.mkdir()
            settings = replace(
                Settings(),
                broker=server.bootstrap,
                redis_url="",
                app_id=name,
                topic_prefix=f"{name}-",
                partitions=partitions,
                policy=policy,
                data=place,
            )
            asyncio.run(create(settings))
            made.append(Installation(settings, place))
            return made[-1]

        yield installation


def until(
    reached: Callable[[], bool], workers: Sequence[MeasuredWorker], seconds: float, what: str, every: float = 0.05
) -> None:
    """Wait until ``reached()`` holds. Raises ``ServerError`` when a worker ends, or time runs out."""
    deadline = time.monotonic() + seconds
    while not reached():
        for worker in workers:
            if worker.process.poll() is not None:
                raise ServerError(f"a worker ended: {worker.log.read_text()[-2000:]}")
        if time.monotonic() > deadline:
            raise ServerError(f"{what} took more than {seconds:.0f} s: {workers[0].log.read_text()[-2000:]}")
        time.sleep(every)
