"""The first opening of a partition: whether it was counted before all the same, and how everything starts over."""

from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from agents.batch import Position
from streams.connection import administration
from streams.partitions import topic_changes
from streams.partitions.log_reader import log_reader
from streams.partitions.position import POSITION_KEY, decode_position, encode_position
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings
from streams.topic_metadata import topic_metadata
from streams.topics import TopicsError, topics_of

# The last record of a batch is its marker; what was aborted after it may lie in between.
_TAIL = 16


async def counted_before(settings: Settings, begins: Mapping[int, Mapping[str, int]]) -> dict[int, str]:
    """Return why partitions without a position were counted before, for those of which that can be seen.

    It is seen by markers of another number of partitions, by transitions, and by offsets of the group beyond the
    beginning of an input; ``begins`` has these beginnings, by partition and topic. Raises ``KafkaError``.
    """
    topics = topics_of(settings)
    found: dict[int, str] = {}
    told = [TopicPartition(topics.transitions, partition) for partition in begins]
    async with log_reader(settings, [*_changelog(settings), *told]) as consumer:
        markers = await _last_markers(consumer, _changelog(settings))
        others = {it.partitions for it in markers.values() if it is not None} - {0, settings.partitions}
        if others:
            return dict.fromkeys(begins, topic_changes.counted_with(min(others), settings.partitions))
        for place in told:
            if await _holds_records(consumer, place):
                found[place.partition] = topic_changes.counted_before(
                    topics.changelog, place.partition, f"{topics.transitions} has transitions of its customers"
                )
    for place, offset in (await _group_offsets(settings)).items():
        begin = begins.get(place.partition, {}).get(place.topic)
        if begin is not None and offset > begin and place.partition not in found:
            found[place.partition] = topic_changes.counted_before(
                topics.changelog, place.partition, f"group {settings.app_id} has read {place.topic} to {offset}"
            )
    return found


async def start_over(settings: Settings) -> list[int]:
    """Give every partition without a position one at the beginning of the inputs, and return these partitions.

    Raises ``TopicsError`` if the changelog holds something that does not belong there, and ``KafkaError``.
    """
    topics = topics_of(settings)
    async with topic_metadata(settings, topics.all) as reader:
        present = await reader.read()
    begun = []
    async with log_reader(settings, _changelog(settings)) as consumer:
        markers = await _last_markers(consumer, _changelog(settings))
        for place in _changelog(settings):
            if place.partition in markers:
                continue
            if await _holds_records(consumer, place):
                raise TopicsError(
                    f"{place.topic}[{place.partition}] holds records but no position: it was written by something else"
                )
            begun.append(place.partition)
    for marker in markers.values():
        if topic_changes.is_remade(marker, topics.changelog, present):
            raise TopicsError(
                f"{topics.changelog} holds what workers wrote after it was made again: stop them, delete it, and give "
                "this command again"
            )
    position = Position({}, 0, {}, topic_changes.ids_of(topics, present), settings.partitions, settings.partitioner)
    for partition in begun:
        transaction = GroupTransaction(settings, partition)
        try:
            await transaction.fence()
            await transaction.begin()
            await transaction.send_changes({}, encode_position(position))
            await transaction.acknowledged()
            await transaction.commit()
        finally:
            await transaction.discard()
    return begun


def _changelog(settings: Settings) -> list[TopicPartition]:
    changelog = topics_of(settings).changelog
    return [TopicPartition(changelog, partition) for partition in range(settings.partitions)]


async def _last_markers(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> Mapping[int, Position]:
    """Return the last position of every partition of the changelog that has one, reading no more of it than its end."""
    begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    markers: dict[int, Position] = {}
    tail, left = _TAIL, [place for place in places if ends[place] > begins[place]]
    while left:
        for place in left:
            for record in await _read(consumer, place, max(begins[place], ends[place] - tail), ends[place]):
                if record.key == POSITION_KEY:
                    markers[place.partition] = decode_position(record.value)
        left = [it for it in left if it.partition not in markers and ends[it] - tail > begins[it]]
        tail *= _TAIL
    return markers


async def _holds_records(consumer: AIOKafkaConsumer, place: TopicPartition) -> bool:
    """Say whether a log has, or had, a record; what was aborted is none."""
    begin, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
    return begin > 0 or bool(await _read(consumer, place, begin, end, most=1))


async def _read(
    consumer: AIOKafkaConsumer, place: TopicPartition, offset: int, end: int, most: int | None = None
) -> list[ConsumerRecord]:
    """Return the records of a log from one offset to another, or the first ``most`` of them."""
    records: list[ConsumerRecord] = []
    consumer.seek(place, offset)
    consumer.resume(place)
    while await consumer.position(place) < end and (most is None or len(records) < most):
        for fetched in (await consumer.getmany(place, timeout_ms=300, max_records=most)).values():
            records += fetched
    consumer.pause(place)
    return records


async def _group_offsets(settings: Settings) -> Mapping[TopicPartition, int]:
    # On the embedded broker there are none, and it does not answer while the group is joining.
    if settings.embedded:
        return {}
    async with administration(settings) as admin:
        try:
            offsets = await admin.list_consumer_group_offsets(settings.app_id)
        except GroupCoordinatorNotAvailableError:
            # A broker that has never had a group is still creating the topic of offsets.
            return {}
    return {place: it.offset for place, it in offsets.items()}
