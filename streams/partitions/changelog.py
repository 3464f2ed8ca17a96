"""Reading the changelog: what was committed for a partition group since this worker last read it."""

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from state.timeline.stored_version import StoredVersionError
from streams.connection import client_arguments
from streams.partitions.first_opening import counted_before
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.placement import misplaced_customers
from streams.partitions.position import POSITION_KEY, START, decode_position
from streams.partitions.restore_progress import RestoreProgress
from streams.partitions.topic_changes import (
    beyond_end,
    change_of,
    changelog_remade,
    ids_of,
    is_remade,
    remade,
    truncated,
)
from streams.settings import Settings
from streams.topic_metadata import TopicMetadata, topic_metadata
from streams.topics import Topics, topics_of

# Records taken over at a time, between which the pages of the worker are served: some tens of milliseconds.
_CHUNK = 1000
# Four times the default: fewer requests, and a long changelog is read a tenth faster.
_FETCH_BYTES = 4 * 1024 * 1024
# A broker that has just started may not know all topics for a moment.
_LOOKS = 3
_LOOK_AGAIN_SECONDS = 1.0


class MarkerMissingError(Exception):
    """A changelog with records but without a position marker: what is counted in it is unknown."""


@dataclass(frozen=True, slots=True)
class Logs:
    """What Kafka has now: the topics, where the logs begin and end, and why partitions were counted before."""

    topics: Mapping[str, TopicMetadata]
    begins: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]
    earlier: Mapping[int, str] = field(default_factory=dict)


async def read_changelogs(settings: Settings, groups: Sequence[PartitionGroup]) -> dict[int, dict[str, int]]:
    """Bring groups up to date, and return for each partition the offset after the last record of its inputs.

    Call it only after fencing, or another worker may still commit after the read. It may be cancelled at any time:
    ``read_to`` always matches what is in memory. A group that a person must decide about has a ``reason`` afterwards;
    one whose changelog another version wrote is read up to there, and is ``unreadable``.
    Raises ``MarkerMissingError``, ``KafkaError``, ``TimeoutError``.
    """
    topics = topics_of(settings)
    present = await _present(settings, topics)
    if not set(_needed(topics)) <= set(present):
        for group in groups:
            group.lost, reason = {}, change_of(topics, settings.partitions, group.partition, group.position, present)
            group.status.reason = (
                reason or f"no such topic: {topics.transitions}; make it with: lifestage topics create"
            )
        return {}
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    await consumer.start()
    try:
        logs = {TopicPartition(topics.changelog, group.partition): group for group in groups}
        inputs = [TopicPartition(topic, group.partition) for topic in topics.inputs for group in groups]
        told = [TopicPartition(topics.transitions, group.partition) for group in groups]
        # All are assigned first and asked for at once: for each topic that is not assigned, the client would take a
        # second.
        consumer.assign([*logs, *inputs, *told])
        consumer.pause(*inputs, *told)
        begins = await consumer.beginning_offsets([*logs, *inputs])
        ends = await consumer.end_offsets([*logs, *inputs, *told])
        firsts = {
            log: begins[log] if settings.embedded else max(begins[log], group.read_to) for log, group in logs.items()
        }
        for log, first in firsts.items():
            # An explicit seek: seek_to_beginning() right after assign() can end at the end of the log instead.
            consumer.seek(log, first)
        progress = RestoreProgress(
            {log.partition: (first, ends[log]) for log, first in firsts.items()},
            {group.partition: group.status for group in groups},
            time.monotonic(),
        )
        try:
            with _collector_disabled():
                await _read(consumer, logs, ends, progress, settings.availability_timeout)
        finally:
            progress.ended()
        for log, group in logs.items():
            if group.position is None and group.read_to and not group.unreadable:
                raise MarkerMissingError(
                    f"{log.topic}[{log.partition}] holds records but no position: it was written by something else"
                )
        unmarked = {
            group.partition: {topic: begins[TopicPartition(topic, group.partition)] for topic in topics.inputs}
            for group in groups
            if group.position is None and not group.unreadable
        }
        earlier = await counted_before(settings, unmarked) if unmarked else {}
        for group in groups:
            # Its writer is fenced: whatever is told before this is in the changelog that was just read.
            group.status.transitions_end = ends[TopicPartition(topics.transitions, group.partition)]
            _take_position(group, topics, settings.partitions, Logs(present, begins, ends, earlier))
            if not group.status.reason:
                group.status.reason = await misplaced_customers(group, settings)
        return {
            group.partition: {topic: ends[TopicPartition(topic, group.partition)] for topic in topics.inputs}
            for group in groups
        }
    finally:
        await consumer.stop()


@contextmanager
def _collector_disabled() -> Iterator[None]:
    # Records are short-lived and snapshots stay: searching them for cycles costs an eighth of the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _read(
    consumer: AIOKafkaConsumer,
    logs: Mapping[TopicPartition, PartitionGroup],
    ends: Mapping[TopicPartition, int],
    progress: RestoreProgress,
    timeout: float,
) -> None:
    last_records = time.monotonic()
    for group in logs.values():
        group.unreadable = ""
    # The log always ends with a transaction marker, which is no record; the client's position passes it all the same.
    while left := [
        log for log, group in logs.items() if not group.unreadable and await consumer.position(log) < ends[log]
    ]:
        fetched = await consumer.getmany(*left, timeout_ms=300, max_records=_CHUNK)
        for log, records in fetched.items():
            group = logs[log]
            _apply(group, records)
            group.status.progress = time.monotonic()
            progress.reached(log.partition, group.read_to, group.status.progress)
        # While the client has records, it waits for nothing: without this, nobody else would have a turn.
        await asyncio.sleep(0)
        if fetched:
            last_records = time.monotonic()
        elif time.monotonic() - last_records > timeout:
            raise TimeoutError(f"the changelog brought nothing for {timeout:.0f} s")


def _apply(group: PartitionGroup, records: Sequence[ConsumerRecord]) -> None:
    restore = group.state.restore
    try:
        for record in records:
            if record.key == POSITION_KEY:
                group.position = decode_position(record.value)
            else:
                restore(record.key, record.value)
    except StoredVersionError as error:
        # What follows may be of any form. When the group is opened again, this record is read again.
        group.unreadable = str(error)
        group.read_to = record.offset
    except msgspec.DecodeError as error:
        group.unreadable = (
            f"the position marker at offset {record.offset} of {record.topic}[{record.partition}] does not decode "
            f"({error}): something else has written to this topic; bring it back from a copy, or begin anew with "
            "another LIFESTAGE_APP_ID, which publishes everything again (docs/upgrading.md)"
        )
        group.read_to = record.offset
    else:
        group.read_to = records[-1].offset + 1


def _needed(topics: Topics) -> tuple[str, ...]:
    return *topics.inputs, topics.changelog, topics.transitions


async def _present(settings: Settings, topics: Topics) -> Mapping[str, TopicMetadata]:
    needed = _needed(topics)
    async with topic_metadata(settings, needed) as reader:
        for _ in range(_LOOKS):
            present = await reader.read()
            if len(present) == len(needed):
                break
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return present


def _take_position(group: PartitionGroup, topics: Topics, partitions: int, logs: Logs) -> None:
    if group.unreadable:
        group.status.reason, group.lost = group.unreadable, {}
        return
    before = group.position or START
    end = logs.ends[TopicPartition(topics.changelog, group.partition)]
    group.lost, group.topic_ids, group.changelog_end = {}, ids_of(topics, logs.topics), end
    group.status.upto = max(group.status.upto, before.upto)
    group.status.reason = change_of(topics, partitions, group.partition, group.position, logs.topics)
    if not group.status.reason and not group.topic_ids and group.read_to > end:
        group.status.reason = changelog_remade(topics.changelog)
    group.status.reason = group.status.reason or logs.earlier.get(group.partition, "")
    if group.status.reason:
        return
    first = {topic: logs.begins[TopicPartition(topic, group.partition)] for topic in topics.inputs}
    # What was written before ids were, or for the first time, belongs to the topics that are there.
    ids = {**group.topic_ids, **before.topic_ids}
    group.position = replace(before, positions={**first, **before.positions}, topic_ids=ids, partitions=partitions)
    for topic in topics.inputs:
        at, end = group.position.positions[topic], logs.ends[TopicPartition(topic, group.partition)]
        if is_remade(group.position, topic, logs.topics):
            group.lost[topic] = first[topic]
            group.status.reason = remade(topic, group.partition)
        elif at < first[topic]:
            group.lost[topic] = first[topic]
            group.status.reason = truncated(topic, group.partition, at, first[topic])
        elif at > end:
            # Of the same topic, the broker has lost the last records; where there are no ids, it is another topic.
            group.lost[topic] = end if topic in group.topic_ids else first[topic]
            group.status.reason = beyond_end(topic, group.partition, at, end)
