"""The move to topics with another number of partitions: customers as they are, and the records not counted yet."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.codec import has_zstd

from agents.batch import Position
from agents.forgotten_marks import is_mark
from schemas import instant
from schemas.forget_request import REQUEST_KEY, read_request
from schemas.reject import RejectedError
from streams.connection import client_arguments
from streams.partitioner import UNKNOWN, key_partition
from streams.partitions import topic_changes
from streams.partitions.changelog import read_changelogs
from streams.partitions.first_opening import counted_before
from streams.partitions.group_members import check_ended
from streams.partitions.log_reader import log_reader
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import POSITION_KEY, START, encode_position
from streams.partitions.skip_lost import NoCustomers
from streams.partitions.transaction import GroupTransaction
from streams.partitions.uncounted import UncountedLog, in_order
from streams.policies.reading import read_records
from streams.settings import Settings
from streams.topic_configuration import MAX_RECORD
from streams.topic_metadata import TopicMetadata, topic_metadata
from streams.topic_reader import TopicUnreadableError
from streams.topics import Topics, TopicsError, create, topics_of

_CHUNK = 1000
# A record that is older than what is decided elsewhere could be late where it is counted then.
_BEHIND_MS = 60_000

Sent = tuple[str, int, bytes | None, bytes | None, int | None]
"""Topic, partition, key, value, and time in ms."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How much was moved."""

    customers: int
    records: int


class _Snapshots(NoCustomers):
    """A group state that keeps the bytes of every customer."""

    def __init__(self) -> None:
        self.held: dict[bytes, bytes] = {}

    def keys(self) -> Iterable[bytes]:
        """Return all customers."""
        return self.held.keys()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog."""
        if value is None:
            self.held.pop(key, None)
        else:
            self.held[key] = value


@dataclass(slots=True)
class _Before:
    """What the old topics hold: snapshots, where each input is counted to, and up to which instant."""

    snapshots: dict[bytes, bytes] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    upto: int = 0
    policies: dict[int, int] = field(default_factory=dict)
    """By the number of a policy in force in some partitions, since when it is so in the last of them."""


async def repartition(before: Settings, after: Settings) -> Moved:
    """Move everything from the topics of ``before`` to those of ``after``, which are made here and must be empty.

    All workers must have ended, and no producer may write to the old inputs any more. The new partitions have their
    positions only when all is there: what a broken-off move leaves cannot be taken for all of it. The old topics are
    left as they are. Raises ``TopicsError``, ``KafkaError``.
    """
    old, new = topics_of(before), topics_of(after)
    _check(before, after, old, new)
    place_of = _places(after)
    await check_ended(before)
    async with topic_metadata(before, old.all) as reader:
        present = await reader.read()
    held = await _read_before(before, old, present)
    published = await _published(before)
    logs = [TopicPartition(name, it) for name in old.inputs for it in range(present[name].partitions)]
    async with log_reader(before, logs) as consumer:
        left = await _uncounted(consumer, logs, held)
        await create(after)
        async with topic_metadata(after, new.all) as reader:
            made = await reader.read()
        await _check_empty(after, new)
        async with _writing(after) as write:
            snapshots = [
                (new.changelog, partition, key, value, None)
                for key, value in held.snapshots.items()
                for partition in (range(after.partitions) if is_mark(key) else [place_of(key, 0)])
            ]
            for first in range(0, len(snapshots), _CHUNK):
                await write(snapshots[first : first + _CHUNK])
            records = 0
            for source, target in zip(old.inputs, new.inputs, strict=True):
                chunk: list[Sent] = []
                async for record in in_order([it for it in left if it.place.topic == source]):
                    partition = place_of(_customer_of(record), record.partition)
                    chunk.append((target, partition, record.key, record.value, record.timestamp))
                    if len(chunk) == _CHUNK:
                        await write(chunk)
                        records, chunk = records + len(chunk), []
                await write(chunk)
                records += len(chunk)
            # Under the same numbers, which the markers and the customers go by.
            policies = [(new.policies, 0, it.key, it.value, it.timestamp) for it in published]
            ids = topic_changes.ids_of(new, made)
            number, since = next(iter(held.policies.items()), (0, 0))
            marker = encode_position(
                Position({}, held.upto, {}, ids, after.partitions, after.partitioner, number, since)
            )
            # All of them in one transaction.
            await write(policies + [(new.changelog, it, POSITION_KEY, marker, None) for it in range(after.partitions)])
    return Moved(sum(not is_mark(key) for key in held.snapshots), records)


def _customer_of(record: ConsumerRecord) -> bytes | None:
    """Return the key of the customer whom a record is about: requests to forget have a key of their own."""
    if record.key == REQUEST_KEY:
        with suppress(RejectedError):
            return read_request(record.value).customer.encode()
    key: bytes | None = record.key
    return key


def _check(before: Settings, after: Settings, old: Topics, new: Topics) -> None:
    if before.embedded:
        raise TopicsError("the embedded broker is for trying: begin anew there, in another folder")
    if before.sources or before.accounts or before.subject == "account":
        raise TopicsError(
            "topics of another shape and accounts cannot be moved: begin anew with another LIFESTAGE_TOPIC_PREFIX and "
            "LIFESTAGE_APP_ID, and send the events again"
        )
    if shared := set(old.all) & set(new.all):
        raise TopicsError(f"{', '.join(sorted(shared))} would be old and new: name another prefix and another app id")


async def _read_before(settings: Settings, topics: Topics, present: Mapping[str, TopicMetadata]) -> _Before:
    held = _Before()
    for partition in range(settings.partitions):
        state = _Snapshots()
        group = PartitionGroup(partition, settings, state)
        transaction = GroupTransaction(settings, partition)
        try:
            # What an old worker left open is aborted.
            await transaction.fence()
            await read_changelogs(settings, [group])
        finally:
            await transaction.discard()
        if group.status.reason and not _is_raised(topics, settings, present):
            raise TopicsError(group.status.reason)
        if group.position is None and (earlier := await counted_before(settings, {partition: {}})):
            raise TopicsError(earlier[partition])
        position = group.position or START
        for name in (*topics.inputs, topics.changelog):
            if topic_changes.is_remade(position, name, present):
                raise TopicsError(topic_changes.remade(name, partition))
        # Of whom a mark is cannot be told, so that a move before this one has put it into every partition.
        if twice := [key for key in state.held if key in held.snapshots and not is_mark(key)]:
            raise TopicsError(
                f"{len(twice)} customers are in more than one partition: the producers have sent their events by "
                "different partitioners, and nobody can tell which half is right"
            )
        held.snapshots |= state.held
        held.positions |= {TopicPartition(topic, partition): at for topic, at in position.positions.items()}
        held.upto = max(held.upto, position.upto)
        if group.position is not None:
            held.policies[position.policy] = max(held.policies.get(position.policy, 0), position.policy_at)
    if len(held.policies) > 1:
        raise TopicsError(
            f"policies {' and '.join(map(str, sorted(held.policies)))} are in force, each in some partitions: start "
            "the workers until `lifestage policy published` shows all of them at the last one, and then stop them"
        )
    return held


async def _published(settings: Settings) -> list[ConsumerRecord]:
    try:
        return [*(await read_records(settings)).values()]
    except TopicUnreadableError as error:
        raise TopicsError(str(error)) from None


def _is_raised(topics: Topics, settings: Settings, present: Mapping[str, TopicMetadata]) -> bool:
    """Say whether there are more partitions than before: that is what the move is for."""
    names = (*topics.inputs, topics.changelog)
    return set(names) <= set(present) and any(present[name].partitions > settings.partitions for name in names)


def _places(settings: Settings) -> Callable[[bytes | None, int], int]:
    """Return what finds the partition of a key as the producers do; a record without a key stays near its own."""
    partition_of = key_partition(settings.partitioner, settings.partitions)
    if partition_of is None:
        raise TopicsError(UNKNOWN)

    def place_of(key: bytes | None, partition: int) -> int:
        return partition % settings.partitions if key is None else partition_of(key)

    return place_of


async def _uncounted(consumer: AIOKafkaConsumer, logs: Sequence[TopicPartition], held: _Before) -> list[UncountedLog]:
    """Return what no position covers; raises ``TopicsError`` if some of it is gone, or would be late elsewhere."""
    begins, ends = await consumer.beginning_offsets(logs), await consumer.end_offsets(logs)
    left = []
    for place in logs:
        at = held.positions.get(place, begins[place])
        if at < begins[place]:
            raise TopicsError(topic_changes.truncated(place.topic, place.partition, at, begins[place]))
        consumer.seek(place, min(at, ends[place]))
        rest = UncountedLog(consumer, place, ends[place])
        first = await rest.next(keep=True)
        if first is not None and first.timestamp < held.upto - _BEHIND_MS:
            raise TopicsError(
                f"{place.topic}[{place.partition}] has records from {instant.to_text(first.timestamp)} that are not "
                f"counted, while others are decided up to {instant.to_text(held.upto)}: let workers count them first"
            )
        left.append(rest)
    return left


async def _check_empty(settings: Settings, topics: Topics) -> None:
    places = [
        TopicPartition(name, it) for name in (*topics.inputs, topics.changelog) for it in range(settings.partitions)
    ]
    places.append(TopicPartition(topics.policies, 0))
    async with log_reader(settings, places) as consumer:
        ends = await consumer.end_offsets(places)
    if full := sorted({place.topic for place, end in ends.items() if end}):
        raise TopicsError(
            f"{', '.join(full)} must be new: name another prefix and another app id, or delete the topics of a move "
            "that was broken off"
        )


@asynccontextmanager
async def _writing(settings: Settings) -> AsyncIterator[Callable[[Sequence[Sent]], Awaitable[None]]]:
    """Connect a writer that commits what it is given, as one transaction."""
    producer = AIOKafkaProducer(
        **client_arguments(settings),
        transactional_id=f"{settings.app_id}-repartition",
        max_request_size=MAX_RECORD,
        compression_type="zstd" if has_zstd() else "gzip",
    )

    async def write(records: Sequence[Sent]) -> None:
        if not records:
            return
        async with producer.transaction():
            sent = [
                await producer.send(topic, value, key, partition, timestamp_ms=time)
                for topic, partition, key, value, time in records
            ]
            # The client would commit although one has failed.
            await asyncio.gather(*sent)

    await producer.start()
    try:
        yield write
    finally:
        await producer.stop()
