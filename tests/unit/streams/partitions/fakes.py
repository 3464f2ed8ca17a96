"""A log of one worker's partitions in the place of Kafka: transactions and changelogs that a test can make fail."""

import asyncio
from collections.abc import Mapping, Sequence

from agents.batch import Position
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import decode_position
from streams.settings import Settings
from streams.topics import topics_of


class FakeLog:
    """Takes the place of ``GroupTransaction`` and ``read_changelogs``, and records what is asked of them.

    The next call of a step in ``failures`` raises the first of its errors; a step in ``hanging`` never returns.
    """

    def __init__(self) -> None:
        self.steps: list[tuple[str, int]] = []
        self.failures: dict[str, list[Exception]] = {}
        self.hanging: set[str] = set()
        self.stopped: dict[int, str] = {}
        """Reasons by partition for which a group that is opened is stopped."""
        self.unreadable = ""
        self.lost: dict[str, int] = {}
        self.topic_ids: dict[str, bytes] = {}
        self.position = Position({}, 0)
        self.committed: Position | None = None

    def transaction(self, _settings: Settings, partition: int) -> "FakeTransaction":
        """Take the place of ``GroupTransaction``."""
        return FakeTransaction(self, partition)

    async def read_changelogs(self, settings: Settings, groups: Sequence[PartitionGroup]) -> dict[int, dict[str, int]]:
        """Take the place of ``read_changelogs``."""
        for group in groups:
            await self.step("read", group.partition)
            group.position = self.position
            group.lost, group.topic_ids = dict(self.lost), dict(self.topic_ids)
            group.unreadable = self.unreadable
            group.status.reason = self.stopped.get(group.partition, "") or self.unreadable
        return {group.partition: dict.fromkeys(topics_of(settings).inputs, 0) for group in groups}

    async def step(self, name: str, partition: int) -> None:
        """Record a step, and fail or hang there if the test wants it."""
        self.steps.append((name, partition))
        if name in self.hanging:
            await asyncio.Event().wait()
        if self.failures.get(name):
            raise self.failures[name].pop(0)

    def count(self, name: str) -> int:
        """Return how often a step was taken."""
        return sum(1 for step, _ in self.steps if step == name)


class FakeTransaction:
    """One producer; ``discard`` is recorded and changes nothing."""

    def __init__(self, log: FakeLog, partition: int) -> None:
        self._log = log
        self._partition = partition
        self._marker = b""
        self.changelog_end = 7
        self.transitions_end = 0

    async def fence(self) -> None:
        await self._log.step("fence", self._partition)

    async def begin(self) -> None:
        await self._log.step("begin", self._partition)

    async def send_changes(self, changes: Mapping[bytes, bytes], marker: bytes) -> None:
        await self._log.step("send_changes", self._partition)
        assert changes == {}
        self._marker = marker

    async def acknowledged(self) -> None:
        await self._log.step("acknowledged", self._partition)

    async def commit(self) -> None:
        await self._log.step("commit", self._partition)
        self._log.committed = decode_position(self._marker)

    async def discard(self) -> None:
        await self._log.step("discard", self._partition)
