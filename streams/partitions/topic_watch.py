"""The watch over the topics: stops the groups whose topics have changed, and lets them go on when that is over."""

import time
from collections.abc import Mapping

from streams.partitions.assignment import Assignment
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.topic_changes import beyond_end, change_of, changelog_remade, is_remade, remade
from streams.settings import Settings
from streams.topic_metadata import TopicMetadata
from streams.topics import topics_of, wrong_cleanup

_CLEANUP_SECONDS = 60.0


class TopicWatch:
    """Compares what the groups were counted in with what Kafka has now."""

    def __init__(self, settings: Settings, assignment: Assignment) -> None:
        self._settings = settings
        self._assignment = assignment
        self._topics = topics_of(settings)
        self._found: dict[int, str] = {}
        self._cleanup = ""
        self._cleanup_asked = time.monotonic()

    async def look_at_cleanup(self) -> None:
        """Ask once a minute how the topics are cleaned up; raises ``KafkaError``."""
        if time.monotonic() - self._cleanup_asked >= _CLEANUP_SECONDS:
            self._cleanup = await wrong_cleanup(self._settings)
            self._cleanup_asked = time.monotonic()

    def judge(
        self, group: PartitionGroup, present: Mapping[str, TopicMetadata], ends: Mapping[str, int]
    ) -> frozenset[str]:
        """Stop or open a group as its topics demand; return the inputs of which nothing is counted that they hold.

        ``ends`` are the ends of the logs of this partition, by topic.
        """
        others = frozenset(it.topic for it in group.buffers if self._is_other(group, it.topic, present, ends))
        if group.status.state == "opening":
            return others
        changelog_end = ends.get(self._topics.changelog, 0)
        before = self._found.get(group.partition, "")
        found, is_certain = self._look(group, present, ends)
        self._found[group.partition] = found
        if group.status.state == "stopped":
            if found and found != group.status.reason:
                group.status.reason = found
            elif (before and not found) or changelog_end > group.changelog_end:
                # What was wrong is right again, or a person gave a command, which writes a marker.
                self._assignment.try_again(group)
        elif found and (is_certain or before):
            # A broker that has just started may not know a topic or its end: that must be seen twice.
            group.changelog_end = changelog_end
            self._assignment.stop_group(group, found)
        return others

    def _look(
        self, group: PartitionGroup, present: Mapping[str, TopicMetadata], ends: Mapping[str, int]
    ) -> tuple[str, bool]:
        topics, position, partition = self._topics, group.position, group.partition
        if found := change_of(topics, self._settings.partitions, partition, position, present):
            return found, {*topics.inputs, topics.changelog} <= set(present)
        if position is None:
            return self._cleanup, True
        for topic in topics.inputs:
            if is_remade(position, topic, present):
                return remade(topic, partition), True
        for topic in topics.inputs:
            if topic in ends and position.positions.get(topic, 0) > ends[topic]:
                return beyond_end(topic, partition, position.positions[topic], ends[topic]), False
        if not group.topic_ids and group.read_to > ends.get(topics.changelog, group.read_to):
            return changelog_remade(topics.changelog), False
        return self._cleanup, True

    def _is_other(
        self, group: PartitionGroup, topic: str, present: Mapping[str, TopicMetadata], ends: Mapping[str, int]
    ) -> bool:
        position = group.position
        return position is not None and (
            is_remade(position, topic, present) or position.positions.get(topic, 0) > ends.get(topic, 0)
        )
