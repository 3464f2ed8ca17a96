"""Misplaced records: counted by topic, and a warning when the first of a topic comes."""

import logging

from prometheus_client import CollectorRegistry, Counter

from agents.batch import Position
from agents.observer import Committed, Customers
from streams.partitioner import IN_LIBRDKAFKA
from streams.settings import Settings
from streams.topics import topics_of

logger = logging.getLogger(__name__)


class MisplacedRecords:
    """An observer of the events in a partition into which the partitioner does not put their key.

    Their customers have their other events elsewhere, and would be there twice if these counted.
    """

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self._partitioner = settings.partitioner
        self._told: set[str] = set()
        self._counter = Counter(
            "lifestage_misplaced_records",
            "Events rejected because they lie in another partition than their key belongs into.",
            ["topic"],
            registry=registry,
        )
        for topic in topics_of(settings).inputs:  # from 0 on, or the first ones would be no increase
            self._counter.labels(topic)

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Do nothing: nothing is counted by opening."""

    def closed(self, partition: int) -> None:
        """Do nothing, as for ``opened``."""

    def committed(self, committed: Committed) -> None:
        """Count the misplaced records of a committed batch."""
        for topic, count in committed.outcome.misplaced.items():
            self._counter.labels(topic).inc(count)
            if topic not in self._told:
                self._told.add(topic)
                self._warn(topic, committed.batch.partition)

    def _warn(self, topic: str, partition: int) -> None:
        ours = self._partitioner
        other = "crc32" if ours == "murmur2" else "murmur2"
        logger.warning(
            "%s: records lie in another partition than %s puts their keys (the first in partition %d), so a producer "
            "has another partitioner: they are rejected as misplaced. Set it there (librdkafka: partitioner=%s; Java's "
            "is murmur2), then: lifestage rejects --reason misplaced --resend. If all producers have %s, set "
            "LIFESTAGE_PARTITIONER=%s on workers and servers instead",
            topic,
            ours,
            partition,
            IN_LIBRDKAFKA[ours],
            other,
            other,
            extra={"partition": partition},
        )
