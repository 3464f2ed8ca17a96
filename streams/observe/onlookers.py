"""The onlookers: all who watch a worker at work, mirror, metrics and pages, and decide nothing."""

import time
from collections import Counter
from collections.abc import Mapping, MutableMapping

import faust

from agents.batch import Marker
from agents.mirror import Mirror, MirrorStatus
from agents.tracker import Tracker
from state.rules.rulebook import Rulebook
from streams.observe.metrics import Metrics, Standing
from streams.observe.pages import add_pages
from streams.partitions.hooks import Committed, Hooks
from streams.partitions.status import WorkerStatus
from streams.settings import Settings, SettingsError
from streams.sinks.committed_customers import GroupCustomers
from streams.sinks.redis import RedisMirror


class Onlookers:
    """Give ``tracker``, ``hooks`` and ``status`` to ``topology.build``, and the app that it makes to ``join``.

    Raises ``SettingsError`` for a Redis URL that cannot be used.
    """

    def __init__(self, settings: Settings, rules: Rulebook) -> None:
        self.status = WorkerStatus()
        self.hooks = Hooks(self._committed, self._opened, self._closed)
        self._rules = rules
        self._trackers: dict[int, Tracker] = {}
        self._customers: dict[int, GroupCustomers] = {}
        self._redis = _redis(settings)
        self._mirror = None if self._redis is None else Mirror(self._redis, rules, time.monotonic)
        self._standing = Standing(self.status, self._stages, self._mirror_status, rules.version)
        self._metrics = Metrics(self._standing, live=settings.clock == "wall")

    def tracker(self, partition: int, snapshots: MutableMapping[bytes, bytes]) -> Tracker:
        """Make the tracker of a partition, and remember it: the transport's ``TrackerFactory``."""
        self._trackers[partition] = Tracker(self._rules, partition, snapshots)
        return self._trackers[partition]

    def join(self, app: faust.App) -> None:
        """Add the pages, and the task that writes the mirror."""
        add_pages(app, self._metrics, self._standing)
        if self._mirror is not None:
            app.task(self._write_mirror)

    async def _write_mirror(self) -> None:
        assert self._mirror is not None
        assert self._redis is not None
        try:
            await self._mirror.run()
        finally:
            await self._redis.close()

    def _committed(self, committed: Committed) -> None:
        self._metrics.committed(committed.batch, committed.outcome, committed.seconds, time.time_ns() // 1_000_000)
        partition = committed.batch.partition
        if self._mirror is not None and partition in self._customers:
            self._customers[partition].marker = committed.position
            self._mirror.enqueue(partition, committed.outcome)

    def _opened(self, partition: int, position: Marker, snapshots: Mapping[bytes, bytes]) -> None:
        customers = GroupCustomers(position, self._trackers[partition], snapshots)
        self._customers[partition] = customers
        if self._mirror is not None:
            self._mirror.open(partition, customers)

    def _closed(self, partition: int) -> None:
        self._customers.pop(partition, None)
        self._trackers.pop(partition, None)
        if self._mirror is not None:
            self._mirror.close(partition)

    def _stages(self) -> Mapping[str, int]:
        stages: Counter[str] = Counter()
        for tracker in self._trackers.values():
            stages.update(tracker.stages)
        return stages

    def _mirror_status(self) -> MirrorStatus | None:
        return None if self._mirror is None else self._mirror.status


def _redis(settings: Settings) -> RedisMirror | None:
    if not settings.redis_url:
        return None
    try:
        return RedisMirror(settings)
    except ValueError as error:
        raise SettingsError(
            f"LIFESTAGE_REDIS_URL cannot be used: {error}; set it to redis://host:port/number"
        ) from None
