"""The world of one case of the crash matrix: a log, the workers that come and go, and the faults to come."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from streams.partitions import changelog
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import POSITION_KEY, decode_position
from streams.settings import Settings
from streams.topic_metadata import TopicMetadata
from streams.topics import topics_of
from tests.chaos.matrix.faults import Fault
from tests.chaos.matrix.log import ModelLog
from tests.chaos.matrix.transaction import CrashedError, ModelTransaction
from tests.chaos.matrix.worker import ModelWorker
from tests.support.counting import POISON

_RECORDS = 5
_LIMIT_SECONDS = 900.0


@dataclass(frozen=True)
class Restored:
    key: bytes | None
    value: bytes | None
    offset: int


class World:
    """Counts how often each place is passed; a fault waits for its turn, the next one waits for that."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.settings = Settings(batch_records=3, batch_timeout=5.0, partitions=1, clock="stream")
        topics = topics_of(self.settings)
        self.log = ModelLog({name: self._values(number) for number, name in enumerate(topics.inputs)})
        self._ends = {name: len(values) for name, values in self.log.inputs.items()}
        self._waiting = list(faults)
        self._passed: Counter[tuple[str, str]] = Counter()
        self._alive: set[str] = set()
        self._instances = 0

    async def play(self) -> None:
        """Let workers follow each other until everything is processed."""
        async with asyncio.timeout(_LIMIT_SECONDS):
            while not self.finished():
                instance = self._born()
                running = asyncio.create_task(ModelWorker(self, instance).run())
                while instance in self._alive and not running.done():
                    await asyncio.sleep(0.05)
                self._alive.discard(instance)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    async def take_over(self, batches: int | None) -> None:
        """Let another worker own the partition and process some batches; then it is gone without a word."""
        instance = self._born()
        task = asyncio.create_task(ModelWorker(self, instance).run(batches))
        await asyncio.wait({task})
        self._alive.discard(instance)

    def due(self, instance: str, step: str, when: str) -> Fault | None:
        """Return the fault that is to happen here and now, if any."""
        self.must_live(instance)
        if not self._waiting:
            return None
        fault = self._waiting[0]
        if (fault.step, fault.when) != (step, when):
            return None
        self._passed[step, when] += 1
        if self._passed[step, when] < fault.nth:
            return None
        self._passed.clear()
        return self._waiting.pop(0)

    def crash(self, instance: str) -> None:
        """End a worker: its running tasks raise ``CrashedError``."""
        self._alive.discard(instance)
        raise CrashedError(instance)

    def must_live(self, instance: str) -> None:
        """Stop whatever is left of a worker that is gone."""
        if instance not in self._alive:
            raise CrashedError(instance)

    @property
    def met(self) -> bool:
        """Whether all faults happened."""
        return not self._waiting

    def finished(self) -> bool:
        """Whether the committed position is at the end of the input."""
        if self.log.open:
            return False
        marks = [value for _, (key, value) in self.log.visible("changes") if key == POSITION_KEY and value]
        return bool(marks) and dict(decode_position(marks[-1]).positions) == self._ends

    def transaction(self, settings: Settings, _partition: int) -> ModelTransaction:
        """Take the place of ``GroupTransaction``."""
        return ModelTransaction(self, settings.instance)

    async def read_changelogs(self, settings: Settings, groups: Sequence[PartitionGroup]) -> dict[int, dict[str, int]]:
        """Take the place of ``streams.partitions.changelog.read_changelogs``, with the real steps inside."""
        fault = self.due(settings.instance, "read", "before") or self.due(settings.instance, "read", "after")
        if fault is not None and fault.kind == "crash":
            self.crash(settings.instance)
        if fault is not None and fault.kind == "error":
            raise ConnectionError("the changelog cannot be read")
        if fault is not None:
            await self.take_over(1)
        await asyncio.sleep(0)
        topics = topics_of(settings)
        (group,) = groups
        records = [Restored(key, value, at) for at, (key, value) in self.log.visible("changes", group.read_to)]
        if records:
            changelog._apply(group, records)
        begins = {TopicPartition(name, 0): 0 for name in topics.inputs}
        ends = {TopicPartition(name, 0): self._ends[name] for name in topics.inputs}
        ends[TopicPartition(topics.changelog, 0)] = group.read_to
        present = {name: TopicMetadata(name.encode(), 1) for name in topics.all}
        changelog._take_position(group, topics, 1, changelog.Logs(present, begins, ends))
        return {0: self._ends}

    def problems(self) -> list[str]:
        """What was lost, repeated, out of order or counted wrongly; nothing where all is well."""
        found = []
        given = [value for values in self.log.inputs.values() for value in values]
        for topic, wanted in (
            ("transitions", [value for value in given if value != POISON]),
            ("account_events", [value for value in given if value != POISON]),
            ("rejects", [value for value in given if value == POISON]),
        ):
            seen = [value for _, (_, value) in self.log.visible(topic) if value is not None]
            lost, repeated = Counter(wanted) - Counter(seen), Counter(seen) - Counter(wanted)
            found += [f"{topic}: lost {value!r}" for value in lost] + [
                f"{topic}: twice {value!r}" for value in repeated
            ]
        held = {key: value for _, (key, value) in self.log.visible("changes") if key != POSITION_KEY}
        counted = Counter(
            b"c%d" % (offset % 2)
            for values in self.log.inputs.values()
            for offset, value in enumerate(values)
            if value != POISON
        )
        if held != {key: b"%d" % number for key, number in counted.items()}:
            found.append(f"the customers are {held}, they should be {dict(counted)}")
        return found

    def _born(self) -> str:
        self._instances += 1
        instance = f"worker-{self._instances}"
        self._alive.add(instance)
        return instance

    def _values(self, topic: int) -> list[bytes]:
        return [POISON if offset == topic else b"%d-%d" % (topic, offset) for offset in range(_RECORDS)]
